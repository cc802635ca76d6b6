// Contacts and blocks: the lists, and what a block refuses and leaves alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cmid, makeGroup, syncRow, World, world } from '../lib/world.js';

describe('contacts and blocks', () => {
  const w = world(new World({}));

  test('contacts: add, list, remove', async () => {
    const [a, b, x] = await w.users(3);
    const c = await a.connect();
    assert.deepEqual(await c.ok('contacts'), { contacts: [], blocked: [] });
    assert.deepEqual(await c.ok('contact.add', { user: b.id }), {});
    assert.deepEqual(await c.ok('contact.add', { user: x.id }), {});
    assert.deepEqual(await c.ok('contact.add', { user: b.id }), {}, 'again is fine');
    const two = await c.ok('contacts');
    assert.deepEqual([...two.contacts].sort(), [b.id, x.id].sort());
    assert.deepEqual(await c.ok('contact.remove', { user: b.id }), {});
    assert.deepEqual(await c.ok('contact.remove', { user: b.id }), {});
    assert.deepEqual(await c.ok('contacts'), { contacts: [x.id], blocked: [] });
    const cb = await b.connect();
    assert.deepEqual(await cb.ok('contacts'), { contacts: [], blocked: [] }, 'each has a list of their own');
  });

  test('blocks: add, list, remove', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    assert.deepEqual(await c.ok('block', { user: b.id }), {});
    assert.deepEqual(await c.ok('block', { user: b.id }), {});
    assert.deepEqual(await c.ok('contacts'), { contacts: [], blocked: [b.id] });
    await c.ok('contact.add', { user: b.id });
    assert.deepEqual(await c.ok('contacts'), { contacts: [b.id], blocked: [b.id] });
    assert.deepEqual(await c.ok('unblock', { user: b.id }), {});
    assert.deepEqual(await c.ok('unblock', { user: b.id }), {});
    assert.deepEqual((await c.ok('contacts')).blocked, []);
  });

  test('what is refused', async () => {
    const a = await w.user();
    const c = await a.connect();
    for (const op of ['contact.add', 'contact.remove', 'block', 'unblock']) {
      await c.err(op, {}, 'bad_request', /user/);
      await c.err(op, { user: 5 }, 'bad_request', /user/);
      await c.err(op, { user: null }, 'bad_request', /user/);
    }
    await c.err('contact.add', { user: '1' }, 'not_found');
    await c.err('block', { user: '1' }, 'not_found');
  });

  test('a block refuses send, edit and react in both directions', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    const mine = { conv, cmid: cmid(), text: 'by a' };
    const sent = await ca.ok('send', mine);
    await cb.ok('send', { conv, cmid: cmid(), text: 'by b' });
    await cb.ok('block', { user: a.id });
    for (const [c, own] of [
      [ca, 1],
      [cb, 2],
    ] as const) {
      const other = own === 1 ? b.id : a.id;
      await c.err('send', { conv, cmid: cmid(), text: 'x' }, 'blocked');
      await c.err('send', { to: other, cmid: cmid(), text: 'x' }, 'blocked');
      await c.err('edit', { conv, seq: own, cmid: cmid(), text: 'x' }, 'blocked');
      await c.err('react', { conv, seq: 1, emoji: 'x', on: true, cmid: cmid() }, 'blocked');
    }
    await a.rest.err('POST', '/v1/messages', { to: b.id, cmid: cmid(), text: 'x' }, 'blocked');
    assert.deepEqual(await ca.ok('send', mine), { ...sent, dup: true }, 'an accepted cmid stays accepted');
    const del = await ca.ok('delete', { conv, seq: 1, cmid: cmid() });
    assert.equal(del.seq, 3, 'a delete is not refused');
    await cb.ok('ack', { read: { [conv]: 3 } });
    await ca.event('mark', (e) => e.conv === conv && e.read === 3);
    assert.equal((await ca.ok('history', { conv })).last_seq, 3);
    assert.equal((await syncRow(cb, conv)).last_seq, 3);
  });

  test('groups go on', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = await makeGroup(ca, [b]);
    await cb.ok('block', { user: a.id });
    const { seq } = await ca.ok('send', { conv, cmid: cmid(), text: 'x' });
    const event = await cb.event('entry', (e) => e.seq === seq);
    assert.equal(event.text, 'x');
    await cb.ok('react', { conv, seq, emoji: 'x', on: true, cmid: cmid() });
    await ca.ok('typing', { conv, on: true });
    await cb.event('typing', (e) => e.conv === conv);
  });

  test('both may block; both must unblock', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await ca.ok('block', { user: b.id });
    await cb.ok('block', { user: a.id });
    await ca.ok('unblock', { user: b.id });
    await ca.err('send', { to: b.id, cmid: cmid(), text: 'x' }, 'blocked');
    await cb.err('send', { to: a.id, cmid: cmid(), text: 'x' }, 'blocked');
    await cb.ok('unblock', { user: a.id });
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'x' });
    await cb.ok('send', { to: a.id, cmid: cmid(), text: 'x' });
  });

  test('no send that begins after the answer to block is accepted', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = await w.users(2);
      const [ca, cb] = [await a.connect(), await b.connect()];
      const args = { to: b.id, text: 'race' };
      const early = Array.from({ length: 20 }, () => ca.request('send', { ...args, cmid: cmid() }));
      await cb.ok('block', { user: a.id });
      const late = Array.from({ length: 20 }, () => ca.request('send', { ...args, cmid: cmid() }));
      for (const frame of await Promise.all(late)) assert.equal(frame.error?.code, 'blocked');
      let accepted = true;
      for (const frame of await Promise.all(early)) {
        if (!frame.ok) accepted = false;
        else assert.ok(accepted, 'once blocked it stays blocked');
      }
    }
  });

  test('a block is of one pair', async () => {
    const [a, b, x] = await w.users(3);
    const ca = await a.connect();
    await b.op('block', { user: a.id });
    await ca.ok('send', { to: x.id, cmid: cmid(), text: 'x' });
    await (await x.connect()).ok('send', { to: b.id, cmid: cmid(), text: 'x' });
  });
});
