// Presence, watch and typing: who is told what about whom, and the delay before "offline".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { cmid, eventually, makeGroup, type User, World, wait, world } from '../lib/world.js';

const DELAY = 600;

describe('presence', { skip: unshared('its own delay of presence') }, () => {
  const w = world(new World({ own: true, options: [`presence.offline_delay_ms=${DELAY}`] }));

  async function see(c: Client, u: User): Promise<Json> {
    const { users } = await c.ok('presence', { users: [u.id] });
    assert.equal(users.length, 1);
    assert.equal(users[0].id, u.id);
    return users[0];
  }
  /** Two users who share a conversation with an entry. */
  async function friends(): Promise<[User, User]> {
    const [a, b] = await w.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'hi' });
    return [a, b];
  }
  const becomes = (c: Client, u: User, status: string): Promise<unknown> =>
    eventually(async () => (await see(c, u)).status === status, `${status}`);

  test('online is now, offline is when it ended', async () => {
    const [a, b] = await friends();
    const ca = await a.connect();
    const before = await see(ca, b);
    assert.equal(before.status, 'offline');
    const cb = await b.connect();
    const on = await see(ca, b);
    assert.equal(on.status, 'online');
    assert.ok(Math.abs(on.last_seen - Date.now()) < 60_000, 'one online: now');
    const ended = Date.now();
    await cb.close();
    assert.equal((await see(ca, b)).status, 'online', 'online until the delay is over');
    await becomes(ca, b, 'offline');
    const off = await see(ca, b);
    assert.ok(Math.abs(off.last_seen - ended) < 5000, 'last_seen is when it left');
  });

  test('answers in the order asked; the unknown and the unseen are offline, 0', async () => {
    const [a, b] = await friends();
    const [stranger, x] = await w.users(2);
    await Promise.all([b.connect(), stranger.connect(), x.connect()]);
    await x.op('send', { to: a.id, cmid: cmid(), text: 'hi' });
    const ca = await a.connect();
    const ids = [stranger.id, x.id, '1', b.id, '9223372036854775807'];
    const { users } = await ca.ok('presence', { users: ids });
    assert.deepEqual(
      users.map((u: Json) => u.id),
      ids,
    );
    assert.deepEqual(
      users.map((u: Json) => u.status),
      ['offline', 'online', 'offline', 'online', 'offline'],
    );
    for (const i of [0, 2, 4]) assert.equal(users[i].last_seen, 0);
    assert.deepEqual((await ca.ok('presence', { users: [] })).users, []);
  });

  test('at most 500', async () => {
    const a = await w.user();
    const c = await a.connect();
    const ids = Array.from({ length: 501 }, (_, i) => String(i + 1));
    await c.err('presence', { users: ids }, 'bad_request', /users/);
    await c.err('watch', { users: ids }, 'bad_request', /users/);
    assert.equal((await c.ok('presence', { users: ids.slice(1) })).users.length, 500);
    assert.equal((await c.ok('watch', { users: ids.slice(1) })).users.length, 500);
    await c.err('presence', {}, 'bad_request', /users/);
    await c.err('watch', {}, 'bad_request', /users/);
  });

  test('seen by one who is among the contacts', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    assert.equal((await see(ca, b)).status, 'offline', 'strangers');
    await ca.ok('contact.add', { user: b.id });
    assert.equal((await see(ca, b)).status, 'offline', "one's own list gives nothing");
    assert.equal((await see(cb, a)).status, 'online', 'but lets the other see');
    await cb.ok('contact.add', { user: a.id });
    assert.equal((await see(ca, b)).status, 'online');
    await cb.ok('contact.remove', { user: a.id });
    await becomes(ca, b, 'offline');
    assert.equal((await see(ca, b)).last_seen, 0);
  });

  test('seen by one who shares a conversation with an entry', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb, cx] = [await a.connect(), await b.connect(), await x.connect()];
    await ca.ok('history', { conv: a.direct(b) });
    assert.equal((await see(ca, b)).status, 'offline', 'without an entry there is nothing to share');
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'x' });
    await becomes(ca, b, 'online');
    await becomes(cb, a, 'online');
    await makeGroup(cx, [a]);
    await becomes(ca, x, 'online');
    await becomes(cx, a, 'online');
    assert.equal((await see(cx, b)).status, 'offline');
  });

  test('not seen by one who is blocked', async () => {
    const [a, b] = await friends();
    const [ca, cb] = [await a.connect(), await b.connect()];
    assert.equal((await see(ca, b)).status, 'online');
    await cb.ok('block', { user: a.id });
    await becomes(ca, b, 'offline');
    assert.equal((await see(ca, b)).last_seen, 0);
    assert.equal((await see(cb, a)).status, 'online', 'the blocker still sees');
    await cb.ok('unblock', { user: a.id });
    await becomes(ca, b, 'online');
  });

  test('not seen with show_last_seen off', async () => {
    const [a, b] = await friends();
    const [ca, cb] = [await a.connect(), await b.connect()];
    assert.equal((await see(ca, b)).status, 'online');
    await cb.ok('me.set', { show_last_seen: false });
    await becomes(ca, b, 'offline');
    assert.equal((await see(ca, b)).last_seen, 0);
    const rest = await a.rest.ok('GET', `/v1/status?user_ids=${b.id}`);
    assert.deepEqual(rest, [{ user_id: b.id, status: 'OFFLINE', last_seen: 0 }]);
    await cb.ok('me.set', { show_last_seen: true });
    await becomes(ca, b, 'online');
  });

  test('watch answers like presence, then tells changes', async () => {
    const [a, b] = await friends();
    const ca = await a.connect();
    const first = await ca.ok('watch', { users: [b.id] });
    assert.equal(first.users[0].id, b.id);
    assert.equal(first.users[0].status, 'offline');
    const cb = await b.connect();
    const on = await ca.event('presence', (e) => e.user === b.id);
    assert.equal(on.status, 'online');
    assert.ok(Math.abs(on.last_seen - Date.now()) < 60_000);
    await cb.close();
    const off = await ca.event('presence', (e) => e.user === b.id);
    assert.equal(off.status, 'offline');
    assert.ok(Math.abs(off.last_seen - Date.now()) < 60_000);
    assert.equal(ca.unseen('presence').length, 0);
  });

  test('back within the delay is no change at all', async () => {
    const [a, b] = await friends();
    const ca = await a.connect();
    const cb = await b.connect();
    await ca.ok('watch', { users: [b.id] });
    await cb.close();
    const again = await b.connect();
    await wait(DELAY * 2);
    assert.deepEqual(ca.history('presence'), []);
    await again.close();
    const off = await ca.event('presence');
    assert.equal(off.status, 'offline');
  });

  test('one of two devices gone is no change', async () => {
    const [a, b] = await friends();
    const ca = await a.connect();
    const [one, two] = [await b.connect(), await (await b.login()).connect()];
    await ca.ok('watch', { users: [b.id] });
    await one.close();
    await wait(DELAY * 2);
    assert.deepEqual(ca.history('presence'), []);
    assert.equal((await see(ca, b)).status, 'online');
    await two.close();
    assert.equal((await ca.event('presence')).status, 'offline');
  });

  test('a new list replaces the old one; lists are of one connection', async () => {
    const [a, b] = await friends();
    const x = await w.user();
    await a.op('send', { to: x.id, cmid: cmid(), text: 'hi' });
    const ca = await a.connect();
    const ca2 = await (await a.login()).connect();
    await ca.ok('watch', { users: [b.id] });
    await ca.ok('watch', { users: [x.id] });
    await b.connect();
    await x.connect();
    await ca.event('presence', (e) => e.user === x.id && e.status === 'online');
    assert.deepEqual(
      ca.history('presence', (e) => e.user === b.id),
      [],
    );
    assert.deepEqual(ca2.history('presence'), []);
    await ca.ok('watch', { users: [] });
  });

  test('a stranger who is watched is not told of', async () => {
    const [a, b] = await w.users(2);
    const [x] = await friends();
    await x.op('send', { to: a.id, cmid: cmid(), text: 'hi' });
    const ca = await a.connect();
    const { users } = await ca.ok('watch', { users: [b.id, x.id] });
    assert.deepEqual(
      users.map((u: Json) => u.status),
      ['offline', 'offline'],
    );
    await b.connect();
    await x.connect();
    await ca.event('presence', (e) => e.user === x.id);
    assert.deepEqual(
      ca.history('presence', (e) => e.user === b.id),
      [],
    );
  });

  test('typing reaches the others, and is not stored', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb, cx] = [await a.connect(), await b.connect(), await x.connect()];
    const conv = a.direct(b);
    assert.deepEqual(await ca.ok('typing', { conv, on: true }), {});
    const on = await cb.event('typing');
    assert.deepEqual({ ...on }, { ev: 'typing', conv, user: a.id, on: true });
    await ca.ok('typing', { conv, on: false });
    assert.equal((await cb.event('typing')).on, false);
    const group = await makeGroup(ca, [b, x]);
    await cb.ok('typing', { conv: group, on: true });
    await ca.event('typing', (e) => e.conv === group && e.user === b.id);
    await cx.event('typing', (e) => e.conv === group && e.user === b.id);
    assert.deepEqual(
      cb.history('typing', (e) => e.user === b.id),
      [],
      'not to the one who types',
    );
    assert.equal((await ca.ok('history', { conv })).last_seq, 0);
    await cx.err('typing', { conv, on: true }, 'not_member');
    await ca.err('typing', { conv: group }, 'bad_request', /on/);
    await ca.err('typing', { conv: group, on: 'yes' }, 'bad_request', /on/);
    await ca.err('typing', { on: true }, 'bad_request', /conv/);
  });

  test('typing of one with show_typing off, or across a block, is dropped', async () => {
    const [a, b] = await friends();
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await ca.ok('me.set', { show_typing: false });
    await eventually(async () => {
      cb.forget();
      assert.deepEqual(await ca.ok('typing', { conv, on: true }), {});
      await wait(300);
      return cb.unseen('typing').length === 0;
    }, 'typing is hidden');
    await ca.ok('me.set', { show_typing: true });
    await eventually(async () => {
      cb.forget();
      await ca.ok('typing', { conv, on: true });
      await wait(100);
      return cb.unseen('typing').length > 0;
    }, 'typing is seen again');
    await cb.ok('block', { user: a.id });
    await eventually(async () => {
      cb.forget();
      ca.forget();
      assert.deepEqual(await ca.ok('typing', { conv, on: true }), {});
      assert.deepEqual(await cb.ok('typing', { conv, on: true }), {});
      await wait(300);
      return cb.unseen('typing').length === 0 && ca.unseen('typing').length === 0;
    }, 'typing is dropped across a block');
  });

  test('presence by REST is that of the socket', async () => {
    const [a, b] = await friends();
    const stranger = await w.user();
    await b.connect();
    const rows = await a.rest.ok('GET', `/v1/status?user_ids=${b.id},${stranger.id},1`);
    assert.deepEqual(
      rows.map((r: Json) => [r.user_id, r.status]),
      [
        [b.id, 'ONLINE'],
        [stranger.id, 'OFFLINE'],
        ['1', 'OFFLINE'],
      ],
    );
    assert.ok(Math.abs(rows[0].last_seen - Date.now()) < 60_000);
    assert.equal(rows[1].last_seen, 0);
  });
});

describe('presence, the delay of 5 s', () => {
  const w = world(new World({}));

  test('offline is told 5 s after the fact', async () => {
    const [a, b] = await w.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'hi' });
    const [ca, cb] = [await a.connect(), await b.connect()];
    await ca.ok('watch', { users: [b.id] });
    const ended = Date.now();
    cb.ws.destroy();
    // On a cluster the watcher may be told once more how things were when it began to watch.
    await ca.event('presence', (e) => e.status === 'offline', 15_000);
    assert.ok(Date.now() - ended > 4500, 'not before');
  });
});
