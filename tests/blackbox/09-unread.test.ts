// Unread: texts of others above the read mark that one may see and that are not deleted, up to 999.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { cmid, flood, makeGroup, syncRow, World, world } from '../lib/world.js';

describe('unread', () => {
  const w = world(new World({}));

  async function unread(c: Client, conv: string): Promise<number> {
    return (await syncRow(c, conv)).unread;
  }

  test('counts texts of others only', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await flood(ca, { conv }, 4);
    await flood(cb, { conv }, 3);
    assert.equal(await unread(cb, conv), 4);
    assert.equal(await unread(ca, conv), 3);
    await ca.ok('edit', { conv, seq: 1, text: 'edited', cmid: cmid() });
    await ca.ok('react', { conv, seq: 5, emoji: 'x', on: true, cmid: cmid() });
    assert.equal(await unread(cb, conv), 4, 'changes do not count');
    const rest = await b.rest.ok('GET', '/v1/conversations');
    assert.equal(rest.conversations[0].unread, 4);
  });

  test('the read mark lowers it, delivered does not', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await flood(ca, { conv }, 5);
    await cb.ok('send', { conv, cmid: cmid(), text: 'own' });
    await flood(ca, { conv }, 5);
    await cb.ok('ack', { delivered: { [conv]: 11 } });
    assert.equal(await unread(cb, conv), 10);
    for (const [read, left] of [
      [1, 9],
      [5, 5],
      [6, 5],
      [7, 4],
      [11, 0],
    ] as const) {
      await cb.ok('ack', { read: { [conv]: read } });
      assert.equal(await unread(cb, conv), left, `read to ${read}`);
    }
  });

  test('deleted texts do not count, above and below the mark', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await flood(ca, { conv }, 6);
    await cb.ok('ack', { read: { [conv]: 2 } });
    await ca.ok('delete', { conv, seq: 1, cmid: cmid() });
    assert.equal(await unread(cb, conv), 4);
    await ca.ok('delete', { conv, seq: 4, cmid: cmid() });
    assert.equal(await unread(cb, conv), 3);
    await cb.ok('ack', { read: { [conv]: 3 } });
    assert.equal(await unread(cb, conv), 2);
    await cb.ok('ack', { read: { [conv]: 8 } });
    assert.equal(await unread(cb, conv), 0);
  });

  test('in a group: what the own time there covers', async () => {
    const [a, b, x] = await w.users(3);
    const [ca, cb, cx] = [await a.connect(), await b.connect(), await x.connect()];
    const conv = await makeGroup(ca, [b]);
    assert.equal(await unread(cb, conv), 0, 'created is no text');
    await flood(ca, { conv }, 3);
    await ca.ok('group.add', { conv, users: [x.id], cmid: cmid() });
    await flood(ca, { conv }, 2);
    assert.equal(await unread(cx, conv), 2);
    assert.equal(await unread(cb, conv), 5);
    await ca.ok('group.remove', { conv, users: [b.id], cmid: cmid() });
    await flood(ca, { conv }, 4);
    assert.equal(await unread(cb, conv), 5, 'nothing after the own removal');
    assert.equal(await unread(cx, conv), 6);
  });

  test('history "joined": nothing before the own entry', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [], { history: 'joined' });
    await flood(ca, { conv }, 3);
    await ca.ok('group.add', { conv, users: [b.id], cmid: cmid() });
    assert.equal(await unread(cb, conv), 0);
    await flood(ca, { conv }, 1);
    assert.equal(await unread(cb, conv), 1);
  });

  test('ends at 999', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    for (let i = 0; i < 5; i++) await flood(ca, { conv }, 201);
    assert.equal(await unread(cb, conv), 999, '1,005 of them');
    await cb.ok('ack', { read: { [conv]: 5 } });
    assert.equal(await unread(cb, conv), 999, '1,000');
    await cb.ok('ack', { read: { [conv]: 6 } });
    assert.equal(await unread(cb, conv), 999, '999');
    await cb.ok('ack', { read: { [conv]: 7 } });
    assert.equal(await unread(cb, conv), 998);
    await ca.ok('delete', { conv, seq: 500, cmid: cmid() });
    assert.equal(await unread(cb, conv), 997);
  });

  test('marked_unread is a setting of its own', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await flood(ca, { conv }, 1);
    await cb.ok('ack', { read: { [conv]: 1 } });
    await cb.ok('conv.set', { conv, marked_unread: true });
    const row: Json = await syncRow(cb, conv);
    assert.equal(row.unread, 0);
    assert.equal(row.marked_unread, true);
  });
});
