// edit, delete and react: new entries that point at old ones, and what may no longer be seen.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { cmid, makeGroup, syncRow, type User, World, world } from '../lib/world.js';

describe('edit, delete, react', () => {
  const w = world(new World({}));

  /** Two users with connections and a conversation that holds one text of each. */
  async function talk(): Promise<{ a: User; b: User; ca: Client; cb: Client; conv: string }> {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const { conv } = await ca.ok('send', { to: b.id, cmid: cmid(), text: 'by a' });
    await cb.ok('send', { conv, cmid: cmid(), text: 'by b' });
    await cb.event('entry', (e) => e.seq === 1);
    await ca.event('entry', (e) => e.seq === 2);
    return { a, b, ca, cb, conv };
  }
  async function entries(c: Client, conv: string): Promise<Json[]> {
    return (await c.ok('history', { conv, after_seq: 0, limit: 200 })).entries;
  }

  test('an edit is an entry, and history shows the newest text', async () => {
    const { a, ca, cb, conv } = await talk();
    const id = cmid();
    const ok = await ca.ok('edit', { conv, seq: 1, cmid: id, text: 'better' });
    assert.deepEqual([ok.conv, ok.seq, ok.dup], [conv, 3, false]);
    const event = await cb.event('entry', (e) => e.seq === 3);
    assert.equal(event.kind, 'edited');
    assert.equal(event.target, 1);
    assert.equal(event.text, 'better');
    assert.equal(event.from, a.id);
    assert.equal(event.ts, ok.ts);
    const second = await ca.ok('edit', { conv, seq: 1, cmid: cmid(), text: 'best' });
    for (const c of [ca, cb]) {
      const log = await entries(c, conv);
      assert.equal(log.length, 4);
      assert.equal(log[0].text, 'best');
      assert.equal(log[0].kind, 'text');
      assert.equal(log[0].edited_seq, second.seq);
      assert.ok(!log[0].deleted_seq);
      assert.deepEqual([log[2].kind, log[2].target], ['edited', 1]);
      assert.deepEqual([log[3].kind, log[3].target, log[3].text], ['edited', 1, 'best']);
      assert.ok(!log[1].edited_seq);
    }
    const repeat = await ca.ok('edit', { conv, seq: 1, cmid: id, text: 'better' });
    assert.deepEqual([repeat.seq, repeat.dup], [3, true]);
  });

  test('edit: what is refused', async () => {
    const { ca, conv, b } = await talk();
    const edit = (args: Json, code: string | string[], message?: RegExp): Promise<Json> =>
      ca.err('edit', { conv, seq: 1, cmid: cmid(), text: 'x', ...args }, code, message);
    await edit({ seq: 2 }, 'forbidden');
    await edit({ seq: 99 }, 'not_found');
    await edit({ seq: 0 }, 'bad_request', /seq/);
    await edit({ seq: -1 }, 'bad_request', /seq/);
    await edit({ seq: '1' }, 'bad_request', /seq/);
    await edit({ seq: undefined }, 'bad_request', /seq/);
    await edit({ text: '' }, 'bad_request', /text/);
    await edit({ text: undefined }, 'bad_request', /text/);
    await edit({ text: 'x'.repeat(8001) }, 'too_large');
    await edit({ cmid: undefined }, 'bad_request', /cmid/);
    await edit({ cmid: '' }, 'bad_request', /cmid/);
    await edit({ conv: undefined }, 'bad_request', /conv/);
    await edit({ conv: undefined, to: b.id }, 'bad_request', /conv/);
    await edit({ conv: `g.${'0'.repeat(32)}` }, 'not_member');
    await ca.ok('react', { conv, seq: 1, emoji: '👍', on: true, cmid: cmid() });
    await edit({ seq: 3 }, 'bad_request');
    assert.equal((await entries(ca, conv))[0].text, 'by a');
  });

  test('a delete takes the text away, also that of the edits', async () => {
    const { a, ca, cb, conv } = await talk();
    await ca.ok('edit', { conv, seq: 1, cmid: cmid(), text: 'secret two' });
    await ca.ok('edit', { conv, seq: 1, cmid: cmid(), text: 'secret three' });
    const ok = await ca.ok('delete', { conv, seq: 1, cmid: cmid() });
    assert.equal(ok.seq, 5);
    const event = await cb.event('entry', (e) => e.seq === 5);
    assert.equal(event.kind, 'deleted');
    assert.equal(event.target, 1);
    assert.equal(event.from, a.id);
    for (const c of [ca, cb]) {
      const log = await entries(c, conv);
      assert.equal(log.length, 5, 'no hole');
      assert.equal(log[0].kind, 'text');
      assert.equal(log[0].deleted_seq, 5);
      for (const i of [0, 2, 3]) {
        assert.ok(!log[i].text, `no text of ${JSON.stringify(log[i])}`);
        assert.equal(log[i].deleted_seq, 5);
      }
      assert.equal(log[4].kind, 'deleted');
    }
    const rest = await a.rest.call('GET', `/v1/conversations/${conv}/messages`);
    assert.equal(rest.status, 200);
    assert.doesNotMatch(rest.text, /by a|secret/);
  });

  test('last_entry of a deleted text has no text', async () => {
    const { ca, cb, conv } = await talk();
    await ca.ok('send', { conv, cmid: cmid(), text: 'regretted' });
    await ca.ok('delete', { conv, seq: 3, cmid: cmid() });
    const row = await syncRow(cb, conv);
    assert.equal(row.last_seq, 4);
    assert.doesNotMatch(JSON.stringify(row), /regretted/);
  });

  test('delete: what is refused', async () => {
    const { ca, cb, conv } = await talk();
    const del = (c: Client, args: Json, code: string | string[]): Promise<Json> =>
      c.err('delete', { conv, cmid: cmid(), ...args }, code);
    await del(ca, { seq: 2 }, 'forbidden');
    await del(ca, { seq: 99 }, 'not_found');
    await del(ca, { seq: 0 }, 'bad_request');
    await del(ca, {}, 'bad_request');
    await ca.ok('delete', { conv, seq: 1, cmid: cmid() });
    await del(ca, { seq: 1 }, 'conflict');
    await del(cb, { seq: 1 }, 'forbidden');
    await del(ca, { seq: 3 }, 'bad_request');
    await ca.err('edit', { conv, seq: 1, cmid: cmid(), text: 'x' }, 'conflict');
    await cb.err('edit', { conv, seq: 1, cmid: cmid(), text: 'x' }, 'forbidden');
    await cb.err('react', { conv, seq: 1, cmid: cmid(), emoji: 'x', on: true }, 'conflict');
  });

  test('a retry of an edit after the delete still says accepted', async () => {
    const { ca, conv } = await talk();
    const edit = { conv, seq: 1, cmid: cmid(), text: 'edited' };
    const first = await ca.ok('edit', edit);
    const del = { conv, seq: 1, cmid: cmid() };
    const gone = await ca.ok('delete', del);
    assert.deepEqual(await ca.ok('edit', edit), { ...first, dup: true });
    assert.deepEqual(await ca.ok('delete', del), { ...gone, dup: true });
    await ca.err('edit', { ...edit, text: 'other' }, 'conflict');
    await ca.err('edit', { ...edit, seq: 2 }, 'conflict');
    await ca.err('delete', { ...del, seq: 2 }, 'conflict');
    await ca.err('send', { conv, cmid: del.cmid, text: 'x' }, 'conflict');
  });

  test("a group's owner and admins delete any text, members only their own", async () => {
    const [o, m, n] = await w.users(3);
    const [co, cm, cn] = [await o.connect(), await m.connect(), await n.connect()];
    const conv = await makeGroup(co, [m, n]);
    const byM = await cm.ok('send', { conv, cmid: cmid(), text: 'by m' });
    const byO = await co.ok('send', { conv, cmid: cmid(), text: 'by o' });
    await cn.err('delete', { conv, seq: byM.seq, cmid: cmid() }, 'forbidden');
    await cn.err('delete', { conv, seq: byO.seq, cmid: cmid() }, 'forbidden');
    await co.ok('delete', { conv, seq: byM.seq, cmid: cmid() });
    await co.ok('group.role', { conv, user: n.id, role: 'admin', cmid: cmid() });
    await cn.ok('delete', { conv, seq: byO.seq, cmid: cmid() });
    const byM2 = await cm.ok('send', { conv, cmid: cmid(), text: 'again' });
    await co.err('edit', { conv, seq: byM2.seq, cmid: cmid(), text: 'x' }, 'forbidden');
    await cn.err('delete', { conv, seq: 1, cmid: cmid() }, 'bad_request');
    const log = await entries(cm, conv);
    assert.ok(log[byM.seq - 1].deleted_seq && !log[byM.seq - 1].text);
    assert.ok(log[byO.seq - 1].deleted_seq && !log[byO.seq - 1].text);
  });

  test('reactions are entries, on and off', async () => {
    const { ca, cb, b, conv } = await talk();
    const react = { conv, seq: 1, emoji: '👍', on: true, cmid: cmid() };
    const ok = await cb.ok('react', react);
    assert.equal(ok.seq, 3);
    const event = await ca.event('entry', (e) => e.seq === 3);
    assert.equal(event.kind, 'reaction');
    assert.equal(event.target, 1);
    assert.equal(event.text, '👍');
    assert.equal(event.on, true);
    assert.equal(event.from, b.id);
    await ca.ok('react', { ...react, cmid: cmid() });
    const off = await cb.ok('react', { ...react, on: false, cmid: cmid() });
    const gone = await ca.event('entry', (e) => e.seq === off.seq);
    assert.equal(gone.on, false);
    const log = await entries(ca, conv);
    assert.deepEqual(
      log.slice(2).map((e) => [e.kind, e.target, e.text, e.on]),
      [
        ['reaction', 1, '👍', true],
        ['reaction', 1, '👍', true],
        ['reaction', 1, '👍', false],
      ],
    );
    assert.deepEqual(await cb.ok('react', react), { ...ok, dup: true });
    await cb.err('react', { ...react, emoji: '👎' }, 'conflict');
    await cb.err('react', { ...react, on: false }, 'conflict');
    await cb.err('react', { ...react, seq: 2 }, 'conflict');
  });

  test('react: what is refused', async () => {
    const { ca, conv } = await talk();
    const react = (args: Json, code: string, message?: RegExp): Promise<Json> =>
      ca.err('react', { conv, seq: 1, emoji: 'x', on: true, cmid: cmid(), ...args }, code, message);
    await react({ emoji: '' }, 'bad_request', /emoji/);
    await react({ emoji: 'x'.repeat(33) }, 'bad_request', /emoji/);
    await react({ emoji: '😀'.repeat(9) }, 'bad_request', /emoji/);
    await react({ emoji: undefined }, 'bad_request', /emoji/);
    await react({ on: undefined }, 'bad_request', /on/);
    await react({ seq: 0 }, 'bad_request', /seq/);
    await react({ seq: 3 }, 'not_found');
    await ca.ok('react', { conv, seq: 2, emoji: '😀'.repeat(8), on: true, cmid: cmid() });
    await react({ seq: 3 }, 'bad_request');
  });

  test("the writer's other devices see the cmid of a change", async () => {
    const { a, ca, cb, conv } = await talk();
    const ca2 = await (await a.login()).connect();
    const id = cmid();
    await ca.ok('edit', { conv, seq: 1, cmid: id, text: 'x' });
    const own = await ca2.event('entry', (e) => e.seq === 3);
    assert.equal(own.cmid, id);
    const other = await cb.event('entry', (e) => e.seq === 3);
    assert.equal(other.cmid, undefined);
    const mine = await entries(ca2, conv);
    assert.equal(mine[2].cmid, id);
    const theirs = await entries(cb, conv);
    assert.equal(theirs[2].cmid, undefined);
    assert.equal(theirs[0].cmid, undefined);
    assert.equal(typeof theirs[1].cmid, 'string');
  });
});
