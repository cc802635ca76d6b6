// Server-to-server calls with X-Api-Key: sendMessage, getConversation, getStatus, and who may call what.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Json, Rest } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { cmid, flood, type User, World, world } from '../lib/world.js';

describe('API keys', { skip: unshared('the admin socket of its server') }, () => {
  const w = world(new World({ own: true }));
  let key: Rest;
  let secret = '';
  let keyId = '';

  async function makeKey(scope: string): Promise<{ id: string; secret: string }> {
    const run = await w.admin(['key', 'create', '--name', 'test', '--scope', scope]);
    assert.equal(run.code, 0, run.err);
    const found = /^(\S+) (\S+)\n$/.exec(run.out);
    assert.ok(found, `one line "id secret", got ${run.out}`);
    return { id: found[1]!, secret: found[2]! };
  }
  const withKey = (value: string): Rest => new Rest(w.url, undefined, { 'X-Api-Key': value });

  before(async () => {
    const made = await makeKey('messages:write,messages:read,status:read');
    secret = made.secret;
    keyId = made.id;
    key = withKey(secret);
  });

  test('sendMessage', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    const body = { sender_id: a.id, receiver_id: b.id, text: 'from a server' };
    const made = await key.ok('POST', '/v1/messages', body, 201);
    assert.deepEqual([made.conv, made.seq, made.dup], [a.direct(b), 1, false]);
    assert.equal(made.message_id, `${a.direct(b)}:1`);
    const event = await cb.event('entry');
    assert.deepEqual([event.from, event.text], [a.id, 'from a server']);
    const second = await key.ok('POST', '/v1/messages', body, 201);
    assert.equal(second.seq, 2, 'without a cmid each call is a message of its own');
    const third = { ...body, cmid: cmid() };
    const first = await key.ok('POST', '/v1/messages', third, 201);
    assert.deepEqual(await key.ok('POST', '/v1/messages', third, 200), { ...first, dup: true });
    await key.err('POST', '/v1/messages', { ...third, text: 'other' }, 'conflict');
  });

  test('sendMessage: what is refused', async () => {
    const [a, b] = await w.users(2);
    const no = (body: Json, code: string | string[], message?: RegExp): Promise<Json> =>
      key.err('POST', '/v1/messages', body, code, message);
    await no({ receiver_id: b.id, text: 'x' }, 'bad_request', /sender_id/);
    await no({ sender_id: a.id, text: 'x' }, 'bad_request', /receiver_id/);
    await no({ sender_id: a.id, receiver_id: b.id }, 'bad_request', /text/);
    await no({ sender_id: a.id, receiver_id: b.id, text: '' }, 'bad_request', /text/);
    await no({ sender_id: a.id, receiver_id: '1', text: 'x' }, 'not_found');
    await no({ sender_id: '1', receiver_id: b.id, text: 'x' }, 'not_found');
    await no({ sender_id: a.id, receiver_id: a.id, text: 'x' }, 'bad_request');
    await no({ sender_id: a.id, receiver_id: b.id, text: 'x'.repeat(8001) }, 'too_large');
    await b.op('block', { user: a.id });
    await no({ sender_id: a.id, receiver_id: b.id, text: 'x' }, 'blocked');
  });

  test('getConversation', async () => {
    const [a, b] = await w.users(2);
    const answers = await flood(await a.connect(), { to: b.id }, 60);
    const path = `/v1/conversation?user1_id=${b.id}&user2_id=${a.id}`;
    const page = await key.ok('GET', path);
    assert.equal(page.messages.length, 50);
    assert.equal(page.messages[0].seq, 60);
    assert.equal(page.messages[0].text, 'm 60');
    assert.equal(page.messages[0].message_id, `${a.direct(b)}:60`);
    assert.equal(page.more, true);
    assert.equal(page.next_cursor, String(answers[10].ts));
    const older = await key.ok('GET', `${path}&before_timestamp=${page.next_cursor}&count=7`);
    assert.deepEqual(
      older.messages.map((m: Json) => m.seq),
      [10, 9, 8, 7, 6, 5, 4],
    );
    const swapped = await key.ok('GET', `/v1/conversation?user1_id=${a.id}&user2_id=${b.id}&count=1`);
    assert.equal(swapped.messages[0].seq, 60);
    await key.err('GET', `${path}&count=0`, undefined, 'bad_request', /count/);
    await key.err('GET', `${path}&count=201`, undefined, 'bad_request', /count/);
    await key.err('GET', `${path}&before_timestamp=x`, undefined, 'bad_request', /before_timestamp/);
    await key.err('GET', `/v1/conversation?user1_id=${a.id}`, undefined, 'bad_request', /user2_id/);
    await key.err('GET', `/v1/conversation?user1_id=${a.id}&user2_id=1`, undefined, 'not_found');
  });

  test('getStatus of anyone', async () => {
    const [a, b] = await w.users(2);
    await a.connect();
    await a.op('me.set', { show_last_seen: false });
    const rows = await key.ok('GET', `/v1/status?user_ids=${b.id},${a.id},1`);
    assert.deepEqual(
      rows.map((r: Json) => [r.user_id, r.status]),
      [
        [b.id, 'OFFLINE'],
        [a.id, 'ONLINE'],
        ['1', 'OFFLINE'],
      ],
    );
  });

  test('a wrong key is 401', async () => {
    for (const wrong of ['x', `${secret}x`, secret.slice(0, -1), 'A'.repeat(43)]) {
      await withKey(wrong).err('GET', '/v1/status?user_ids=1', undefined, 'unauthorized');
      await withKey(wrong).err('GET', '/v1/me', undefined, ['unauthorized', 'forbidden']);
    }
  });

  test('a key without the scope is 403', async () => {
    const [a, b] = await w.users(2);
    const reader = withKey((await makeKey('messages:read')).secret);
    const body = { sender_id: a.id, receiver_id: b.id, text: 'x' };
    await reader.err('POST', '/v1/messages', body, 'forbidden');
    await reader.err('GET', `/v1/status?user_ids=${a.id}`, undefined, 'forbidden');
    await reader.ok('GET', `/v1/conversation?user1_id=${a.id}&user2_id=${b.id}`);
    const writer = withKey((await makeKey('messages:write')).secret);
    await writer.ok('POST', '/v1/messages', body, 201);
    await writer.err('GET', `/v1/conversation?user1_id=${a.id}&user2_id=${b.id}`, undefined, 'forbidden');
  });

  test('a key on any other path is 403', async () => {
    const [a] = await w.users(2);
    for (const [method, path] of [
      ['GET', '/v1/me'],
      ['GET', '/v1/conversations'],
      ['GET', `/v1/users/${a.id}`],
      ['GET', '/v1/devices'],
      ['GET', '/v1/poll'],
      ['POST', '/v1/op'],
      ['POST', '/v1/groups'],
      ['POST', '/v1/logout'],
    ] as const) {
      await key.err(method, path, method === 'POST' ? { op: 'ping', id: 1 } : undefined, 'forbidden');
    }
  });

  test('key and token together are 400', async () => {
    const a = await w.user();
    const both = new Rest(w.url, a.token, { 'X-Api-Key': secret });
    await both.err('GET', `/v1/status?user_ids=${a.id}`, undefined, 'bad_request');
    await both.err('POST', '/v1/messages', { to: a.id, cmid: 'x', text: 'x' }, 'bad_request');
  });

  test('a token does not open what is for keys', async () => {
    const [a, b] = (await w.users(2)) as [User, User];
    const path = `/v1/conversation?user1_id=${a.id}&user2_id=${b.id}`;
    const answer = await a.rest.call('GET', path);
    assert.ok(answer.status === 401 || answer.status === 403, `${answer.status}`);
    const bad = await a.rest.call('POST', '/v1/messages', {
      sender_id: b.id,
      receiver_id: a.id,
      text: 'forged',
    });
    assert.equal(bad.status, 400);
    await w.rest.err('GET', path, undefined, 'unauthorized');
  });

  test('keys are listed without their secret, and revoked', async () => {
    const list = await w.admin(['key', 'list']);
    assert.equal(list.code, 0, list.err);
    assert.ok(list.out.includes(keyId));
    assert.ok(!list.out.includes(secret));
    const gone = await makeKey('status:read');
    await withKey(gone.secret).ok('GET', '/v1/status?user_ids=1');
    const run = await w.admin(['key', 'revoke', gone.id]);
    assert.equal(run.code, 0, run.err);
    await withKey(gone.secret).err('GET', '/v1/status?user_ids=1', undefined, 'unauthorized');
    const again = await w.admin(['key', 'revoke', 'nosuch']);
    assert.notEqual(again.code, 0);
    const bad = await w.admin(['key', 'create', '--name', 'x', '--scope', 'everything']);
    assert.notEqual(bad.code, 0);
  });
});
