// conv.set: one's own settings of a conversation, told to one's own other devices only.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cmid, makeGroup, syncRow, World, world } from '../lib/world.js';

describe('conv.set', () => {
  const w = world(new World({}));

  test('each setting shows in sync and on the other devices', async () => {
    const [a, b] = await w.users(2);
    const a2 = await a.login();
    const [ca, ca2, cb] = [await a.connect(), await a2.connect(), await b.connect()];
    const conv = a.direct(b);
    await cb.ok('send', { conv, cmid: cmid(), text: 'x' });
    const until = Date.now() + 3_600_000;
    const changes: [string, unknown][] = [
      ['muted_until', until],
      ['archived', true],
      ['pinned', true],
      ['marked_unread', true],
      ['draft', 'half a thou😀ght\n'],
      ['archived', false],
      ['muted_until', 0],
      ['pinned', false],
      ['marked_unread', false],
    ];
    for (const [name, value] of changes) {
      assert.deepEqual(await ca.ok('conv.set', { conv, [name]: value }), {});
      const event = await ca2.event('conv');
      assert.equal(event.conv, conv);
      assert.equal(event[name], value, name);
      const row = await syncRow(ca, conv);
      assert.equal(row[name], value, name);
    }
    const both = { muted_until: until, draft: '' };
    await ca2.ok('conv.set', { conv, ...both });
    const event = await ca.event('conv');
    assert.equal(event.muted_until, until);
    assert.equal(event.draft, '');
    const row = await syncRow(ca, conv);
    assert.equal(row.muted_until, until);
    assert.equal(row.draft || '', '');
    assert.equal(row.marked_unread, false);
    const { seq } = await cb.ok('send', { conv, cmid: cmid(), text: 'sentinel' });
    await ca.event('entry', (e) => e.seq === seq);
    assert.deepEqual(cb.history('conv'), [], 'the other side is not told');
    assert.equal(ca.history('conv').length, 1, 'the asking connection is not told its own');
    const other = await syncRow(cb, conv);
    assert.deepEqual([other.muted_until, other.archived, other.pinned], [0, false, false]);
  });

  test('what is refused', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = await makeGroup(c, [b]);
    await c.err('conv.set', { conv }, 'bad_request');
    await c.err('conv.set', { conv, pinned: null }, 'bad_request');
    await c.err('conv.set', { pinned: true }, 'bad_request', /conv/);
    for (const name of ['archived', 'pinned', 'marked_unread']) {
      for (const value of [1, 'true', []]) {
        await c.err('conv.set', { conv, [name]: value }, 'bad_request', new RegExp(name));
      }
    }
    for (const value of ['1', true, -1, 1.5]) {
      await c.err('conv.set', { conv, muted_until: value }, 'bad_request', /muted_until/);
    }
    await c.err('conv.set', { conv, draft: 5 }, 'bad_request', /draft/);
    await c.err('conv.set', { conv, pinned: true, draft: 5 }, 'bad_request', /draft/);
    assert.equal((await syncRow(c, conv)).pinned, false, 'nothing of a refused request is done');
    await c.err('conv.set', { conv: `g.${'0'.repeat(32)}`, pinned: true }, 'not_member');
    await c.err('conv.set', { conv: 'd.2.1', pinned: true }, 'not_found');
  });

  test('settings stay through new entries and over reconnects', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const conv = await makeGroup(ca, [b]);
    await ca.ok('conv.set', { conv, archived: true, draft: 'd' });
    await b.op('send', { conv, cmid: cmid(), text: 'x' });
    await ca.close();
    const row = await syncRow(await a.connect(), conv);
    assert.deepEqual([row.archived, row.draft], [true, 'd']);
  });
});
