// ack and marks: never back, cut, all or nothing, read hidden, large groups told in sum.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { cmid, flood, makeGroup, syncRow, type User, World, world } from '../lib/world.js';

describe('acks and marks', () => {
  const w = world(new World({}));

  async function talk(count = 5): Promise<{ a: User; b: User; ca: Client; cb: Client; conv: string }> {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await flood(ca, { to: b.id }, count);
    return { a, b, ca, cb, conv: a.direct(b) };
  }
  async function marksOf(c: Client, conv: string, user: User): Promise<[number, number]> {
    const { members } = await c.ok('members', { conv });
    const row = members.find((m: Json) => m.user === user.id);
    return [row.delivered, row.read];
  }

  test('a mark reaches the other side and the own other connections, not the asking one', async () => {
    const { b, ca, cb, conv } = await talk();
    const cb2 = await (await b.login()).connect();
    assert.deepEqual(await cb.ok('ack', { delivered: { [conv]: 3 } }), {});
    for (const c of [ca, cb2]) {
      const mark = await c.event('mark', (e) => e.delivered === 3);
      assert.equal(mark.conv, conv);
      assert.equal(mark.user, b.id);
      assert.equal(mark.read, 0);
    }
    await cb2.ok('ack', { read: { [conv]: 4 } });
    const mark = await ca.event('mark', (e) => e.read === 4);
    assert.equal(mark.delivered, 4, 'read raises delivered');
    await cb.event('mark', (e) => e.read === 4);
    assert.deepEqual(
      cb.history('mark', (e) => e.delivered === 3),
      [],
    );
    assert.deepEqual(await marksOf(ca, conv, b), [4, 4]);
  });

  test('marks move by ack alone: writing does not move them', async () => {
    const { a, b, ca, cb, conv } = await talk();
    await cb.ok('send', { conv, cmid: cmid(), text: 'x' });
    await cb.ok('history', { conv });
    assert.deepEqual(await marksOf(ca, conv, a), [0, 0]);
    assert.deepEqual(await marksOf(ca, conv, b), [0, 0]);
  });

  test('marks never go back', async () => {
    const { b, ca, cb, conv } = await talk();
    await cb.ok('ack', { delivered: { [conv]: 4 }, read: { [conv]: 2 } });
    await ca.event('mark', (e) => e.delivered === 4 && e.read === 2);
    await cb.ok('ack', { delivered: { [conv]: 1 }, read: { [conv]: 1 } });
    assert.deepEqual(await marksOf(ca, conv, b), [4, 2]);
    await cb.ok('ack', { read: { [conv]: 3 } });
    await ca.event('mark', (e) => e.read === 3);
    assert.deepEqual(await marksOf(cb, conv, b), [4, 3]);
    for (const e of ca.history('mark')) assert.ok(e.delivered >= e.read && e.delivered === 4);
  });

  test('higher values are cut to the last seq', async () => {
    const { b, ca, cb, conv } = await talk(3);
    await cb.ok('ack', { delivered: { [conv]: 999 } });
    await ca.event('mark', (e) => e.delivered === 3);
    await cb.ok('ack', { read: { [conv]: Number.MAX_SAFE_INTEGER } });
    assert.deepEqual(await marksOf(ca, conv, b), [3, 3]);
    await ca.ok('send', { conv, cmid: cmid(), text: 'x' });
    assert.deepEqual(await marksOf(ca, conv, b), [3, 3], 'the cut value was stored, not the asked one');
  });

  test('a direct conversation without entries can be acked', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    assert.deepEqual(await ca.ok('ack', { delivered: { [a.direct(b)]: 5 } }), {});
    await (await b.connect()).ok('send', { to: a.id, cmid: cmid(), text: 'x' });
    assert.deepEqual(await marksOf(ca, a.direct(b), a), [0, 0]);
  });

  test('one conversation one is not in: nothing of the request is done', async () => {
    const { b, ca, cb, conv } = await talk();
    const [x, y] = await w.users(2);
    const group = await makeGroup(cb, []);
    for (const foreign of [`g.${'0'.repeat(32)}`, x.direct(y)]) {
      await cb.err('ack', { delivered: { [conv]: 3, [foreign]: 1 } }, 'not_member');
      await cb.err('ack', { delivered: { [foreign]: 1 }, read: { [conv]: 3 } }, 'not_member');
      await cb.err('ack', { read: { [group]: 1, [foreign]: 1 }, delivered: { [conv]: 2 } }, 'not_member');
    }
    await cb.err('ack', { delivered: { [conv]: 3, 'd.2.1': 1 } }, ['not_member', 'not_found']);
    assert.deepEqual(await marksOf(ca, conv, b), [0, 0]);
    assert.deepEqual(await marksOf(cb, group, b), [0, 0]);
  });

  test('who has left a group acks it no more', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [b]);
    await cb.ok('ack', { read: { [conv]: 1 } });
    await cb.ok('group.leave', { conv, cmid: cmid() });
    await cb.err('ack', { read: { [conv]: 2 } }, 'not_member');
  });

  test('many conversations in one ack', async () => {
    const [b, ...others] = await w.users(13);
    const cb = await b!.connect();
    const delivered: Record<string, number> = {};
    for (const o of others) {
      const c = await o.connect();
      await flood(c, { to: b!.id }, 2);
      delivered[o.direct(b!)] = 2;
    }
    await cb.ok('ack', { delivered, read: { [others[0]!.direct(b!)]: 1 } });
    const { conversations } = await cb.ok('sync');
    for (const row of conversations) {
      assert.equal(row.delivered, 2);
      assert.equal(row.read, row.conv === others[0]!.direct(b!) ? 1 : 0);
    }
  });

  test('many acks at once: the newest value comes, never an older after it', async () => {
    const { ca, cb, conv } = await talk(200);
    await Promise.all(Array.from({ length: 200 }, (_, i) => cb.ok('ack', { delivered: { [conv]: i + 1 } })));
    await ca.event('mark', (e) => e.delivered === 200);
    let last = 0;
    for (const e of ca.history('mark')) {
      assert.ok(e.delivered > last, 'a mark event tells something new');
      last = e.delivered;
    }
  });

  test('an ack is answered once durable: what was acked shows at once', async () => {
    const { b, ca, cb, conv } = await talk(20);
    for (let i = 1; i <= 20; i++) {
      await cb.ok('ack', { delivered: { [conv]: i } });
      assert.equal((await marksOf(ca, conv, b))[0], i);
    }
  });

  test('show_read off: others see delivered only, read stays at its last shown value', async () => {
    const { a, b, ca, cb, conv } = await talk();
    const cb2 = await (await b.login()).connect();
    await cb.ok('ack', { read: { [conv]: 2 } });
    await ca.event('mark', (e) => e.read === 2);
    await cb.ok('me.set', { show_read: false });
    await cb.ok('ack', { read: { [conv]: 4 } });
    const mark = await ca.event('mark', (e) => e.delivered === 4);
    assert.equal(mark.read, 2);
    await cb2.event('mark', (e) => e.read === 4);
    assert.deepEqual(await marksOf(ca, conv, b), [4, 2]);
    assert.deepEqual((await syncRow(ca, conv)).others, { delivered: 4, read: 2 });
    const own = await syncRow(cb, conv);
    assert.deepEqual([own.delivered, own.read, own.unread], [4, 4, 1]);
    const rest = await a.rest.ok('GET', `/v1/conversations/${conv}`);
    assert.deepEqual((rest.conversation ?? rest).others, { delivered: 4, read: 2 });
    assert.ok(ca.history('mark').every((e) => e.read <= 2));
    await cb.ok('me.set', { show_read: true });
    await cb.ok('ack', { read: { [conv]: 5 } });
    await ca.event('mark', (e) => e.read === 5);
  });

  test('show_read off holds in groups', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await cb.ok('me.set', { show_read: false });
    const conv = await makeGroup(ca, [b]);
    await flood(ca, { conv }, 3);
    await cb.ok('ack', { read: { [conv]: 4 } });
    const mark = await ca.event('mark', (e) => e.conv === conv && e.delivered === 4);
    assert.equal(mark.read, 0);
    assert.deepEqual(await marksOf(ca, conv, b), [4, 0]);
  });

  test('a member who joins starts at joined_seq - 1', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cx] = [await a.connect(), await x.connect()];
    const conv = await makeGroup(ca, [b]);
    await flood(ca, { conv }, 4);
    const { seq } = await ca.ok('group.add', { conv, users: [x.id], cmid: cmid() });
    assert.equal(seq, 6);
    const { members } = await cx.ok('members', { conv });
    const row = members.find((m: Json) => m.user === x.id);
    assert.deepEqual([row.joined_seq, row.delivered, row.read], [6, 5, 5]);
    assert.equal((await syncRow(cx, conv)).unread, 0);
    const [first] = members.filter((m: Json) => m.user === b.id);
    assert.deepEqual([first.joined_seq, first.delivered, first.read], [1, 0, 0]);
  });

  test('one who comes back starts at the greater of the former mark and joined_seq - 1', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [b]);
    await flood(ca, { conv }, 2);
    await cb.ok('ack', { read: { [conv]: 2 } });
    await ca.ok('group.remove', { conv, users: [b.id], cmid: cmid() });
    const { seq } = await ca.ok('group.add', { conv, users: [b.id], cmid: cmid() });
    assert.deepEqual(await marksOf(ca, conv, b), [seq - 1, seq - 1]);
  });

  test('a group of 50 still tells each mark', async () => {
    const [a, ...others] = await w.users(50);
    const ca = await a!.connect();
    const conv = await makeGroup(ca, others);
    const cb = await others[0]!.connect();
    await cb.ok('ack', { delivered: { [conv]: 1 } });
    const mark = await ca.event('mark', (e) => e.conv === conv);
    assert.equal(mark.user, others[0]!.id);
    assert.equal(mark.delivered, 1);
  });

  test('a group of over 50: others are told in sum', async () => {
    const [a, ...others] = await w.users(51);
    const ca = await a!.connect();
    const conv = await makeGroup(ca, others, { name: 'Large' });
    await flood(ca, { conv }, 3);
    const cb2 = await (await others[0]!.login()).connect();
    const clients = await Promise.all(others.map((o) => o.connect()));
    await clients[0]!.ok('ack', { read: { [conv]: 4 } });
    const own = await cb2.event('mark', (e) => e.conv === conv && e.user !== undefined);
    assert.deepEqual([own.user, own.delivered, own.read], [others[0]!.id, 4, 4]);
    await Promise.all(clients.slice(1).map((c) => c.ok('ack', { delivered: { [conv]: 4 } })));
    const sum = await ca.event('mark', (e) => e.conv === conv && e.others?.delivered === 4);
    assert.equal(sum.others.read, 0);
    assert.equal(sum.user, undefined);
    await Promise.all(clients.slice(1).map((c) => c.ok('ack', { read: { [conv]: 3 } })));
    await ca.event('mark', (e) => e.conv === conv && e.others?.read === 3);
    for (const e of ca.history('mark')) assert.equal(e.user, undefined, 'no single marks of others');
    assert.deepEqual((await syncRow(ca, conv)).others, { delivered: 4, read: 3 });
  });

  test('a group of over 50: one who hides read counts with what was shown', async () => {
    const [a, ...others] = await w.users(51);
    const ca = await a!.connect();
    const conv = await makeGroup(ca, others);
    await flood(ca, { conv }, 3);
    const clients = await Promise.all(others.map((o) => o.connect()));
    await clients[0]!.ok('me.set', { show_read: false });
    await Promise.all(clients.map((c) => c.ok('ack', { read: { [conv]: 4 } })));
    await ca.event('mark', (e) => e.conv === conv && e.others?.delivered === 4);
    assert.deepEqual((await syncRow(ca, conv)).others, { delivered: 4, read: 0 });
    assert.ok(ca.history('mark').every((e) => e.others.read === 0));
    const viewer = await syncRow(clients[0]!, conv);
    assert.equal(viewer.read, 4);
  });

  test('a group of over 50: at most one sum a second', async () => {
    const [a, ...others] = await w.users(51);
    const ca = await a!.connect();
    const conv = await makeGroup(ca, others);
    await flood(ca, { conv }, 100);
    const clients = await Promise.all(others.map((o) => o.connect()));
    const started = Date.now();
    for (let seq = 1; Date.now() - started < 2500; seq++) {
      await Promise.all(clients.map((c) => c.ok('ack', { delivered: { [conv]: Math.min(seq, 101) } })));
    }
    const seconds = (Date.now() - started) / 1000;
    const sums = ca.history('mark', (e) => e.conv === conv);
    assert.ok(sums.length >= 1 && sums.length <= seconds + 2, `${sums.length} in ${seconds} s`);
  });

  test('both parties of many conversations get their marks', async () => {
    const [a, ...others] = await w.users(10);
    const ca = await a!.connect();
    const clients = await Promise.all(others.map((o) => o.connect()));
    await Promise.all(
      clients.map(async (c, i) => {
        const conv = others[i]!.direct(a!);
        await flood(ca, { conv }, 10);
        for (let seq = 1; seq <= 10; seq++) await c.ok('ack', { read: { [conv]: seq } });
      }),
    );
    for (const o of others) await ca.event('mark', (e) => e.user === o.id && e.read === 10);
  });
});
