// sync: the list of conversations, what changed since, pages and tokens.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { cmid, eventually, flood, makeGroup, syncRow, type User, World, world } from '../lib/world.js';

function convs(answer: Json): string[] {
  return answer.conversations.map((row: Json) => row.conv);
}

/** A change may come twice: asks with each next token until an answer is as it should be. */
async function until(c: Client, since: string, what: string, look: (page: Json) => boolean): Promise<void> {
  let token = since;
  await eventually(async () => {
    const page = await c.ok('sync', { since: token });
    token = page.sync_token;
    return look(page);
  }, what);
}

describe('sync', () => {
  const w = world(new World({}));

  test('a user with nothing has an empty list and a token', async () => {
    const a = await w.user();
    const c = await a.connect();
    const ok = await c.ok('sync');
    assert.deepEqual(ok.conversations, []);
    assert.ok(!ok.cursor);
    assert.equal(typeof ok.sync_token, 'string');
    const again = await c.ok('sync', { since: ok.sync_token });
    assert.deepEqual(again.conversations, []);
  });

  test('the row of a direct conversation', async () => {
    const a = await w.user({ display_name: 'Ada' });
    const b = await w.user({ display_name: 'Bob' });
    const [ca, cb] = [await a.connect(), await b.connect()];
    await flood(ca, { to: b.id }, 3);
    const conv = a.direct(b);
    await cb.ok('ack', { delivered: { [conv]: 2 }, read: { [conv]: 1 } });
    const row = await syncRow(cb, conv);
    const { last_entry, ...plain } = row;
    assert.equal(plain.draft || '', '');
    delete plain.draft;
    assert.deepEqual(plain, {
      conv,
      kind: 'direct',
      name: 'Ada',
      last_seq: 3,
      unread: 2,
      delivered: 2,
      read: 1,
      others: { delivered: 0, read: 0 },
      member: true,
      member_count: 2,
      muted_until: 0,
      archived: false,
      pinned: false,
      marked_unread: false,
    });
    assert.equal(last_entry.seq, 3);
    assert.equal(last_entry.text, 'm 3');
    assert.equal(last_entry.from, a.id);
    assert.equal(last_entry.kind, 'text');
    assert.equal(last_entry.cmid, undefined);
    const mine = await syncRow(ca, conv);
    assert.equal(mine.name, 'Bob');
    assert.deepEqual(mine.others, { delivered: 2, read: 1 });
    assert.deepEqual([mine.unread, mine.delivered, mine.read], [0, 0, 0], 'marks move by ack alone');
    assert.equal(typeof mine.last_entry.cmid, 'string');
  });

  test('the row of a group', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [b, x], { name: 'Climbers 🧗' });
    await ca.ok('send', { conv, cmid: cmid(), text: 'hi' });
    const row = await syncRow(cb, conv);
    assert.equal(row.kind, 'group');
    assert.equal(row.name, 'Climbers 🧗');
    assert.equal(row.last_seq, 2);
    assert.equal(row.unread, 1);
    assert.equal(row.member, true);
    assert.equal(row.member_count, 3);
    assert.equal(row.last_entry.seq, 2);
  });

  test('a conversation without entries is not listed', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const conv = a.direct(b);
    await ca.ok('history', { conv });
    await ca.ok('typing', { conv, on: true });
    await ca.ok('conv.set', { conv, pinned: true });
    assert.deepEqual((await ca.ok('sync')).conversations, []);
    await ca.ok('send', { conv, cmid: cmid(), text: 'x' });
    assert.deepEqual(convs(await ca.ok('sync')), [conv]);
  });

  test('newest activity first', async () => {
    const [a, ...others] = await w.users(5);
    const c = await a!.connect();
    const order: string[] = [];
    for (const o of others) order.push((await c.ok('send', { to: o.id, cmid: cmid(), text: 'x' })).conv);
    assert.deepEqual(convs(await c.ok('sync')), [...order].reverse());
    await c.ok('send', { conv: order[1], cmid: cmid(), text: 'again' });
    const after = convs(await c.ok('sync'));
    assert.equal(after[0], order[1]);
  });

  test('have: only what differs', async () => {
    const [a, b, x, y] = await w.users(4);
    const c = await a.connect();
    for (const o of [b, x, y]) await flood(c, { to: o.id }, 2);
    const have = { [a.direct(b)]: 2, [a.direct(x)]: 1 };
    const ok = await c.ok('sync', { have });
    assert.deepEqual(new Set(convs(ok)), new Set([a.direct(x), a.direct(y)]));
    const more = await c.ok('sync', { have: { ...have, [a.direct(b)]: 5 } });
    assert.ok(convs(more).includes(a.direct(b)), 'more than there is differs, too');
    const all = { [a.direct(b)]: 2, [a.direct(x)]: 2, [a.direct(y)]: 2 };
    assert.deepEqual((await c.ok('sync', { have: all })).conversations, []);
    assert.equal((await c.ok('sync', { have: {} })).conversations.length, 3);
  });

  test('have may name what one is not in', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    await flood(c, { to: b.id }, 1);
    const have = { [a.direct(b)]: 1, [`g.${'0'.repeat(32)}`]: 7 };
    assert.deepEqual(convs(await c.ok('sync', { have })), []);
  });

  test('pages: limit and cursor, one token for all', async () => {
    const [a, ...others] = await w.users(8);
    const c = await a!.connect();
    for (const o of others) await c.ok('send', { to: o.id, cmid: cmid(), text: 'x' });
    const all = convs(await c.ok('sync'));
    assert.equal(all.length, 7);
    const first = await c.ok('sync', { limit: 3 });
    const second = await c.ok('sync', { limit: 3, cursor: first.cursor });
    const third = await c.ok('sync', { limit: 3, cursor: second.cursor });
    assert.deepEqual([first, second, third].flatMap(convs), all);
    assert.deepEqual(
      [first, second, third].map((p) => p.conversations.length),
      [3, 3, 1],
    );
    assert.equal(second.sync_token, first.sync_token);
    assert.equal(third.sync_token, first.sync_token);
    assert.ok(!third.cursor);
    await until(c, third.sync_token, 'nothing more', (page) => page.conversations.length === 0);
  });

  test('what changes between the pages is on a later page or after the token', async () => {
    const [a, ...others] = await w.users(8);
    const c = await a!.connect();
    for (const o of others) await c.ok('send', { to: o.id, cmid: cmid(), text: 'x' });
    let page = await c.ok('sync', { limit: 2 });
    const token = page.sync_token;
    const seen = new Map<string, number>();
    const take = (p: Json): void => {
      for (const row of p.conversations) {
        seen.set(row.conv, Math.max(seen.get(row.conv) ?? 0, row.last_seq));
      }
    };
    take(page);
    let turn = 0;
    while (page.cursor) {
      const o = others[turn++]!;
      await c.ok('send', { to: o.id, cmid: cmid(), text: 'between' });
      page = await c.ok('sync', { limit: 2, cursor: page.cursor });
      take(page);
    }
    take(await c.ok('sync', { since: token }));
    for (const [i, o] of others.entries()) assert.equal(seen.get(a!.direct(o)), i < turn ? 2 : 1);
  });

  test('unknown cursors and tokens are bad_request', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    await flood(c, { to: b.id }, 1);
    for (const bad of ['', 'x', 'a'.repeat(300), '18446744073709551616', 'é', '../..']) {
      await c.err('sync', { cursor: bad }, 'bad_request', /cursor/);
      await c.err('sync', { since: bad }, 'bad_request', /since/);
    }
  });

  test('since: whatever changed in any way comes', async () => {
    const [a, b, x] = await w.users(3);
    const a2 = await a.login();
    const [ca, cb, cx, ca2] = [await a.connect(), await b.connect(), await x.connect(), await a2.connect()];
    const direct = a.direct(b);
    const quiet = a.direct(x);
    await flood(ca, { conv: direct }, 2);
    await flood(ca, { conv: quiet }, 1);
    const group = await makeGroup(ca, [b, x]);
    let token = (await ca.ok('sync')).sync_token;
    const changed = async (what: string, conv: string, look: (row: Json) => boolean): Promise<void> => {
      const row = await eventually(async () => {
        const ok = await ca.ok('sync', { since: token });
        const found = ok.conversations.find((r: Json) => r.conv === conv && look(r));
        if (found) token = ok.sync_token;
        return found;
      }, what);
      assert.equal(row.conv, conv);
    };
    await cb.ok('send', { conv: direct, cmid: cmid(), text: 'new' });
    await changed('a new entry', direct, (r) => r.last_seq === 3);
    await ca2.ok('ack', { read: { [direct]: 3 } });
    await changed('own marks', direct, (r) => r.read === 3 && r.unread === 0);
    await cb.ok('ack', { delivered: { [direct]: 2 } });
    await changed("the other's mark", direct, (r) => r.others.delivered === 2);
    await ca2.ok('conv.set', { conv: direct, pinned: true });
    await changed('a setting', direct, (r) => r.pinned === true);
    await ca2.ok('conv.set', { conv: direct, draft: 'not yet' });
    await changed('a draft', direct, (r) => r.draft === 'not yet');
    await ca2.ok('group.rename', { conv: group, name: 'New name', cmid: cmid() });
    await changed('a name', group, (r) => r.name === 'New name');
    await cx.ok('group.leave', { conv: group, cmid: cmid() });
    await changed('a member gone', group, (r) => r.member_count === 2);
    await ca2.ok('group.role', { conv: group, user: b.id, role: 'owner', cmid: cmid() });
    await changed('a role', group, (r) => r.last_entry.kind === 'role_changed');
    await cb.ok('group.remove', { conv: group, users: [a.id], cmid: cmid() });
    await changed('being taken out', group, (r) => r.member === false);
    await until(ca, token, 'what did not change does not come', (page) => !convs(page).includes(quiet));
  });

  test('since: every conversation that changed, by pages', async () => {
    const [a, ...others] = await w.users(7);
    const c = await a!.connect();
    for (const o of others) await c.ok('send', { to: o.id, cmid: cmid(), text: 'x' });
    const token = (await c.ok('sync')).sync_token;
    for (const o of others.slice(0, 5)) await c.ok('send', { to: o.id, cmid: cmid(), text: 'y' });
    const got: string[] = [];
    let page = await c.ok('sync', { since: token, limit: 2 });
    got.push(...convs(page));
    while (page.cursor) {
      page = await c.ok('sync', { since: token, limit: 2, cursor: page.cursor });
      got.push(...convs(page));
    }
    const expected = others.slice(0, 5).map((o) => a!.direct(o));
    for (const conv of expected) assert.ok(got.includes(conv));
  });

  test('a token of another user gives nothing of theirs', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await flood(ca, { to: x.id }, 2);
    const { sync_token } = await ca.ok('sync', { limit: 1 });
    const frame = await cb.request('sync', { since: sync_token });
    assert.ok(frame.error?.code === 'bad_request' || frame.ok.conversations.length === 0);
  });

  test('one who is out keeps the row, up to the entry that took them out', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [b, x]);
    await ca.ok('send', { conv, cmid: cmid(), text: 'seen' });
    await ca.ok('group.remove', { conv, users: [b.id], cmid: cmid() });
    await ca.ok('send', { conv, cmid: cmid(), text: 'unseen' });
    await ca.ok('group.rename', { conv, name: 'Unseen name', cmid: cmid() });
    const row = await syncRow(cb, conv);
    assert.equal(row.member, false);
    assert.equal(row.last_seq, 3);
    assert.equal(row.last_entry.seq, 3);
    assert.equal(row.last_entry.kind, 'member_removed');
    assert.doesNotMatch(JSON.stringify(row), /unseen/i);
    const left = await cb.ok('sync', { have: { [conv]: 3 } });
    assert.deepEqual(convs(left), []);
  });

  test('others: the least of the other current members', async () => {
    const users = await w.users(4);
    const clients = await Promise.all(users.map((u) => u.connect()));
    const [ca, cb, cx, cy] = clients as [Client, Client, Client, Client];
    const y = users[3] as User;
    const conv = await makeGroup(ca, users.slice(1));
    await flood(ca, { conv }, 5);
    await cb.ok('ack', { delivered: { [conv]: 6 }, read: { [conv]: 4 } });
    await cx.ok('ack', { delivered: { [conv]: 5 }, read: { [conv]: 5 } });
    await cy.ok('ack', { delivered: { [conv]: 2 } });
    assert.deepEqual((await syncRow(ca, conv)).others, { delivered: 2, read: 0 });
    await ca.ok('ack', { read: { [conv]: 6 } });
    assert.deepEqual((await syncRow(cy, conv)).others, { delivered: 5, read: 4 });
    await ca.ok('group.remove', { conv, users: [y.id], cmid: cmid() });
    assert.deepEqual((await syncRow(ca, conv)).others, { delivered: 5, read: 4 });
  });

  test('the list is there with many conversations, page by page', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const made = await Promise.all(
      Array.from({ length: 130 }, (_, i) =>
        c.ok('group.create', { name: `g${i}`, members: [b.id], cmid: cmid() }),
      ),
    );
    const got: string[] = [];
    let page = await c.ok('sync');
    assert.equal(page.conversations.length, 100, 'the default limit');
    got.push(...convs(page));
    while (page.cursor) {
      page = await c.ok('sync', { cursor: page.cursor });
      got.push(...convs(page));
    }
    assert.equal(got.length, 130);
    assert.deepEqual(new Set(got), new Set(made.map((g) => g.conv)));
    assert.equal((await c.ok('sync', { limit: 500 })).conversations.length, 130);
  });

  test('a page stays below 1 MiB and goes on by its cursor', async () => {
    const [a, ...others] = await w.users(41);
    const text = '😀'.repeat(8000);
    const c = await a!.connect();
    for (const o of others) await c.ok('send', { to: o.id, cmid: cmid(), text });
    const got: string[] = [];
    let page = await c.ok('sync', { limit: 500 });
    assert.ok(page.cursor && page.conversations.length < 40);
    const token = page.sync_token;
    got.push(...convs(page));
    while (page.cursor) {
      page = await c.ok('sync', { limit: 500, cursor: page.cursor });
      assert.equal(page.sync_token, token);
      got.push(...convs(page));
    }
    assert.equal(got.length, 40);
    assert.equal(new Set(got).size, 40);
    const d = await (await a!.login()).connect({ sync: { limit: 500 } });
    assert.ok(d.session.cursor && d.session.conversations.length > 20, 'the same in hello');
  });
});
