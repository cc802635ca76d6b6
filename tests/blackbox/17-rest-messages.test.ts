// The REST twins of the operations: messages, conversations, groups, status.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { cmid, directConv, flood, makeGroup, type User, World, world } from '../lib/world.js';

describe('REST messages', () => {
  const w = world(new World({}));

  test('POST /v1/messages: 201, 200 when a duplicate', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    const body = { to: b.id, cmid: cmid(), text: 'by REST 😀' };
    const made = await a.rest.ok('POST', '/v1/messages', body, 201);
    const conv = directConv(a.id, b.id);
    assert.deepEqual([made.conv, made.seq, made.dup, made.message_id], [conv, 1, false, `${conv}:1`]);
    assert.ok(Math.abs(made.ts - Date.now()) < 60_000);
    const again = await a.rest.ok('POST', '/v1/messages', body, 200);
    assert.deepEqual(again, { ...made, dup: true });
    const byConv = { conv, cmid: cmid(), text: 'two' };
    assert.equal((await a.rest.ok('POST', '/v1/messages', byConv, 201)).seq, 2);
    const event = await cb.event('entry', (e) => e.seq === 1);
    assert.equal(event.text, 'by REST 😀');
  });

  test('POST /v1/messages: what is refused', async () => {
    const [a, b] = await w.users(2);
    const no = (body: Json, code: string | string[], message?: RegExp): Promise<Json> =>
      a.rest.err('POST', '/v1/messages', body, code, message);
    await no({ cmid: 'x', text: 'x' }, 'bad_request', /to|conv/);
    await no({ to: b.id, conv: a.direct(b), cmid: 'x', text: 'x' }, 'bad_request', /to|conv/);
    await no({ to: b.id, cmid: 'x' }, 'bad_request', /text/);
    await no({ to: b.id, text: 'x' }, 'bad_request', /cmid/);
    await no({ to: b.id, cmid: 'x', text: '' }, 'bad_request', /text/);
    await no({ to: b.id, cmid: 'x', text: 'x'.repeat(8001) }, 'too_large');
    await no({ to: '1', cmid: 'x', text: 'x' }, 'not_found');
    await no({ to: a.id, cmid: 'x', text: 'x' }, 'bad_request');
    await no({ conv: `g.${'0'.repeat(32)}`, cmid: 'x', text: 'x' }, 'not_member');
    const body = { to: b.id, cmid: cmid(), text: 'one' };
    await a.rest.ok('POST', '/v1/messages', body, 201);
    await no({ ...body, text: 'two' }, 'conflict');
  });

  test('GET /v1/conversations: the rows of sync, by pages', async () => {
    const [a, ...others] = await w.users(6);
    const c = await a!.connect();
    for (const o of others) await c.ok('send', { to: o.id, cmid: cmid(), text: 'x' });
    const sync = await c.ok('sync');
    const all = await a!.rest.ok('GET', '/v1/conversations');
    assert.deepEqual(all.conversations, sync.conversations);
    assert.ok(!all.cursor);
    const got: Json[] = [];
    let page = await a!.rest.ok('GET', '/v1/conversations?limit=2');
    for (;;) {
      got.push(...page.conversations);
      if (!page.cursor) break;
      const cursor = encodeURIComponent(page.cursor);
      page = await a!.rest.ok('GET', `/v1/conversations?limit=2&cursor=${cursor}`);
    }
    assert.deepEqual(got, sync.conversations);
    for (const bad of ['limit=0', 'limit=501', 'limit=x', 'limit=1.5', 'cursor=nonsense']) {
      await a!.rest.err('GET', `/v1/conversations?${bad}`, undefined, 'bad_request', /limit|cursor/);
    }
  });

  test('GET /v1/conversations/{id}', async () => {
    const [a, b, x] = await w.users(3);
    const c = await a.connect();
    await flood(c, { to: b.id }, 2);
    const conv = a.direct(b);
    const { conversations } = await c.ok('sync');
    const answer = await a.rest.ok('GET', `/v1/conversations/${conv}`);
    assert.deepEqual(answer.conversation ?? answer, conversations[0]);
    await x.rest.err('GET', `/v1/conversations/${conv}`, undefined, 'not_member');
    await x.rest.err('GET', `/v1/conversations/g.${'0'.repeat(32)}`, undefined, 'not_member');
    await x.rest.err('GET', '/v1/conversations/d.2.1', undefined, 'not_found');
  });

  test('GET …/messages: newest first, ascending for after_seq, each with its message_id', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const answers = await flood(c, { to: b.id }, 60);
    const conv = a.direct(b);
    const get = (query: string): Promise<Json> =>
      b.rest.ok('GET', `/v1/conversations/${conv}/messages${query}`);
    const seqs = (page: Json): number[] => page.messages.map((m: Json) => m.seq);
    const down = (from: number, to: number): number[] =>
      Array.from({ length: from - to + 1 }, (_, i) => from - i);
    const newest = await get('');
    assert.deepEqual(seqs(newest), down(60, 11));
    assert.equal(newest.more, true);
    assert.equal(newest.next_cursor, String(answers[10].ts));
    for (const m of newest.messages) assert.equal(m.message_id, `${conv}:${m.seq}`);
    const rest = await get(`?before_ts=${newest.next_cursor}`);
    assert.deepEqual(seqs(rest), down(10, 1));
    assert.equal(rest.more, false);
    assert.ok(!rest.next_cursor);
    assert.deepEqual(seqs(await get('?before_seq=5&limit=2')), [4, 3]);
    const up = await get('?after_seq=50&limit=5');
    assert.deepEqual(seqs(up), [51, 52, 53, 54, 55]);
    assert.equal(up.more, true);
    assert.equal((await get('?after_seq=55')).more, false);
    const { entries } = await (await b.connect()).ok('history', { conv, limit: 1 });
    const { message_id, conv: where, ...plain } = newest.messages[0];
    assert.equal(message_id, `${conv}:60`);
    assert.ok(where === undefined || where === conv);
    const { conv: also, ...entry } = entries[0];
    assert.ok(also === undefined || also === conv);
    assert.deepEqual(plain, entry);
    for (const bad of [
      '?limit=0',
      '?limit=201',
      '?limit=x',
      '?before_seq=x',
      '?after_seq=-1',
      '?before_ts=1e3',
      '?before_seq=1&after_seq=1',
      '?before_ts=99999999999999999999',
    ]) {
      await b.rest.err('GET', `/v1/conversations/${conv}/messages${bad}`, undefined, 'bad_request');
    }
    const x = await w.user();
    await x.rest.err('GET', `/v1/conversations/${conv}/messages`, undefined, 'not_member');
  });

  test('GET …/messages: entries of all kinds', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = await makeGroup(c, [b]);
    await c.ok('send', { conv, cmid: cmid(), text: 'x' });
    await c.ok('react', { conv, seq: 2, emoji: '👍', on: true, cmid: cmid() });
    const page = await b.rest.ok('GET', `/v1/conversations/${conv}/messages`);
    assert.deepEqual(
      page.messages.map((m: Json) => m.kind),
      ['reaction', 'text', 'created'],
    );
    const enc = encodeURIComponent(conv);
    assert.deepEqual((await b.rest.ok('GET', `/v1/conversations/${enc}/messages`)).messages, page.messages);
  });

  test('GET …/messages: a page stays below 1 MiB', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const text = '😀'.repeat(8000);
    for (let i = 0; i < 40; i++) await c.ok('send', { to: b.id, cmid: cmid(), text });
    const conv = a.direct(b);
    const got: number[] = [];
    let query = '?limit=200';
    for (;;) {
      const answer = await b.rest.call('GET', `/v1/conversations/${conv}/messages${query}`);
      assert.ok(answer.bytes.length <= 1024 * 1024, `${answer.bytes.length} bytes`);
      got.push(...answer.json.messages.map((m: Json) => m.seq));
      if (!answer.json.more) break;
      assert.ok(answer.bytes.length > 1024 * 1024 - 40_000, 'as full as it can be');
      query = `?limit=200&before_ts=${answer.json.next_cursor}`;
    }
    assert.deepEqual(
      got,
      Array.from({ length: 40 }, (_, i) => 40 - i),
    );
  });

  test('groups by REST', async () => {
    const [o, m, n] = await w.users(3);
    const cm = await m.connect();
    const body = { name: 'By REST', members: [m.id], cmid: cmid() };
    const made = await o.rest.ok('POST', '/v1/groups', body, 201);
    assert.deepEqual([made.seq, made.dup], [1, false]);
    assert.deepEqual(await o.rest.ok('POST', '/v1/groups', body, 200), { ...made, dup: true });
    await o.rest.err('POST', '/v1/groups', { ...body, name: 'Other' }, 'conflict');
    const group = `/v1/groups/${made.conv}`;
    const shown = await m.rest.ok('GET', group);
    assert.match(JSON.stringify(shown), /By REST/);
    await n.rest.err('GET', group, undefined, 'not_member');
    const add = { users: [n.id], cmid: cmid() };
    const added = await o.rest.call('POST', `${group}/members`, add);
    assert.ok(added.status === 200 || added.status === 201, added.text);
    assert.equal(added.json.seq, 2);
    await cm.event('entry', (e) => e.kind === 'member_added');
    const again = await o.rest.ok('POST', `${group}/members`, add, 200);
    assert.equal(again.dup, true);
    const renamed = await o.rest.ok('PATCH', group, { name: 'Renamed', cmid: cmid() });
    assert.equal(renamed.seq, 3);
    await m.rest.err('PATCH', group, { name: 'No', cmid: cmid() }, 'forbidden');
    const role = await o.rest.ok('PATCH', `${group}/members/${m.id}`, { role: 'admin', cmid: cmid() });
    assert.equal(role.seq, 4);
    const id = cmid();
    const removed = await o.rest.ok('DELETE', `${group}/members/${n.id}?cmid=${id}`);
    assert.deepEqual([removed.seq, removed.dup], [5, false]);
    const repeat = await o.rest.ok('DELETE', `${group}/members/${n.id}?cmid=${id}`);
    assert.deepEqual([repeat.seq, repeat.dup], [5, true]);
    const left = await m.rest.ok('DELETE', `${group}/members/${m.id}`);
    assert.equal(left.seq, 6, 'a cmid is made by the server if absent');
    const { entries } = await (await o.connect()).ok('history', { conv: made.conv });
    assert.deepEqual(
      entries.map((e: Json) => e.kind),
      ['created', 'member_added', 'renamed', 'role_changed', 'member_removed', 'member_left'],
    );
  });

  test('GET /v1/status: the order asked, upper case', async () => {
    const [a, b] = (await w.users(2)) as [User, User];
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    await b.connect();
    const rows = await a.rest.ok('GET', `/v1/status?user_ids=1,${b.id}`);
    assert.deepEqual(rows[0], { user_id: '1', status: 'OFFLINE', last_seen: 0 });
    assert.equal(rows[1].user_id, b.id);
    assert.equal(rows[1].status, 'ONLINE');
    await a.rest.err('GET', '/v1/status', undefined, 'bad_request', /user_ids/);
  });

  test('the OpenAPI page is there', async () => {
    const page = await w.rest.ok('GET', '/v1/openapi.json');
    assert.match(page.openapi, /^3\.1/);
    assert.ok(page.paths['/v1/messages']);
  });
});
