// Groups: making, adding, removing, leaving, renaming, roles and rights, what each may see.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { cmid, flood, makeGroup, syncRow, type User, World, world } from '../lib/world.js';

function sorted(...users: User[]): string[] {
  return users.map((u) => u.id).sort();
}

describe('groups', () => {
  const w = world(new World({}));

  async function trio(more: Json = {}): Promise<{
    o: User;
    m: User;
    n: User;
    co: Client;
    cm: Client;
    cn: Client;
    conv: string;
  }> {
    const [o, m, n] = await w.users(3);
    const [co, cm, cn] = [await o.connect(), await m.connect(), await n.connect()];
    const conv = await makeGroup(co, [m, n], more);
    await cm.event('entry', (e) => e.conv === conv && e.seq === 1);
    await cn.event('entry', (e) => e.conv === conv && e.seq === 1);
    return { o, m, n, co, cm, cn, conv };
  }
  const act = (c: Client, op: string, args: Json): Promise<Json> => c.ok(op, { cmid: cmid(), ...args });
  const refuse = (c: Client, op: string, args: Json, code: string | string[]): Promise<Json> =>
    c.err(op, { cmid: cmid(), ...args }, code);
  async function log(c: Client, conv: string): Promise<Json[]> {
    return (await c.ok('history', { conv, limit: 200 })).entries;
  }
  async function roles(c: Client, conv: string): Promise<Record<string, string>> {
    const { members } = await c.ok('members', { conv, limit: 500 });
    return Object.fromEntries(members.map((m: Json) => [m.user, m.role]));
  }

  test('create: answer, first entry, and the event that one is in', async () => {
    const [o, m, n] = await w.users(3);
    const o2 = await o.login();
    const [co, co2, cm] = [await o.connect(), await o2.connect(), await m.connect()];
    const ok = await act(co, 'group.create', { name: 'Tea ☕', members: [m.id, n.id] });
    assert.ok(ok.conv.startsWith('g.') && Buffer.byteLength(ok.conv) <= 64);
    assert.deepEqual([ok.seq, ok.dup], [1, false]);
    assert.ok(Math.abs(ok.ts - Date.now()) < 60_000);
    for (const c of [cm, co2]) {
      const entry = await c.event('entry', (e) => e.conv === ok.conv);
      assert.equal(entry.seq, 1);
      assert.equal(entry.ts, ok.ts);
      assert.equal(entry.kind, 'created');
      assert.equal(entry.text, 'Tea ☕');
      assert.equal(entry.from, o.id);
      assert.deepEqual([...entry.users].sort(), sorted(o, m, n));
      const conv = await c.event('conv', (e) => e.conv === ok.conv);
      assert.equal(conv.kind, 'group');
      assert.equal(conv.name, 'Tea ☕');
      assert.equal(conv.member, true);
      const kinds = c.all.map((r) => r.frame.ev).filter((ev) => ev === 'conv' || ev === 'entry');
      assert.deepEqual(kinds, ['conv', 'entry'], 'conv before its entry');
    }
    assert.deepEqual(await roles(cm, ok.conv), { [o.id]: 'owner', [m.id]: 'member', [n.id]: 'member' });
  });

  test('create: the creator counts among the members, named or not', async () => {
    const [o, m] = await w.users(2);
    const co = await o.connect();
    const ok = await act(co, 'group.create', { name: 'g', members: [o.id, m.id, m.id] });
    assert.deepEqual(await roles(co, ok.conv), { [o.id]: 'owner', [m.id]: 'member' });
    const alone = await act(co, 'group.create', { name: 'alone', members: [] });
    assert.deepEqual(await roles(co, alone.conv), { [o.id]: 'owner' });
  });

  test('create: the cmid is unique per user', async () => {
    const [o, m, n] = await w.users(3);
    const [co, co2, cm] = [await o.connect(), await (await o.login()).connect(), await m.connect()];
    const args = { name: 'g', members: [m.id], cmid: cmid() };
    const first = await co.ok('group.create', args);
    assert.deepEqual(await co2.ok('group.create', args), { ...first, dup: true });
    await co.err('group.create', { ...args, name: 'h' }, 'conflict');
    await co.err('group.create', { ...args, members: [n.id] }, 'conflict');
    await co.err('group.create', { ...args, history: 'joined' }, 'conflict');
    const other = await cm.ok('group.create', { ...args, members: [o.id] });
    assert.notEqual(other.conv, first.conv);
    assert.equal(other.dup, false);
    assert.equal((await log(co, first.conv)).length, 1);
  });

  test('create: what is refused', async () => {
    const [o, m] = await w.users(2);
    const c = await o.connect();
    const no = (args: Json, code: string | string[], message?: RegExp): Promise<Json> =>
      c.err('group.create', { name: 'g', members: [m.id], cmid: cmid(), ...args }, code, message);
    await no({ name: '' }, 'bad_request', /name/);
    await no({ name: undefined }, 'bad_request', /name/);
    await no({ name: 'x'.repeat(65) }, 'bad_request', /name/);
    await no({ members: undefined }, 'bad_request', /members/);
    await no({ members: [m.id, '1'] }, 'not_found');
    await no({ cmid: undefined }, 'bad_request', /cmid/);
    await no({ cmid: '' }, 'bad_request', /cmid/);
    await no({ history: 'some' }, 'bad_request', /history/);
    await no({ history: 5 }, 'bad_request', /history/);
    await c.ok('group.create', { name: '😀'.repeat(64), members: [m.id], cmid: cmid(), history: 'all' });
  });

  test('members: rows and pages', async () => {
    const [o, ...others] = await w.users(8);
    const co = await o!.connect();
    const conv = await makeGroup(co, others);
    const whole = await co.ok('members', { conv });
    assert.equal(whole.members.length, 8);
    assert.ok(!whole.cursor);
    for (const m of whole.members) {
      const user = [o!, ...others].find((u) => u.id === m.user)!;
      assert.equal(m.name, user.name);
      assert.equal(typeof m.display_name, 'string');
      assert.deepEqual([m.joined_seq, m.delivered, m.read], [1, 0, 0]);
    }
    const got: string[] = [];
    let page = await co.ok('members', { conv, limit: 3 });
    for (;;) {
      assert.ok(page.members.length <= 3);
      got.push(...page.members.map((m: Json) => m.user));
      if (!page.cursor) break;
      page = await co.ok('members', { conv, limit: 3, cursor: page.cursor });
    }
    assert.deepEqual([...got].sort(), sorted(o!, ...others));
    await co.err('members', { conv, limit: 0 }, 'bad_request', /limit/);
    await co.err('members', { conv, limit: 501 }, 'bad_request', /limit/);
    await co.err('members', { conv, cursor: 'nonsense' }, 'bad_request', /cursor/);
    await co.err('members', {}, 'bad_request', /conv/);
    const stranger = await (await w.user()).connect();
    await stranger.err('members', { conv }, 'not_member');
    const direct = await co.ok('members', { conv: (await sendTo(co, others[0]!)).conv });
    assert.deepEqual(direct.members.map((m: Json) => m.user).sort(), sorted(o!, others[0]!));
  });
  const sendTo = (c: Client, u: User): Promise<Json> => act(c, 'send', { to: u.id, text: 'x' });

  test('add: entry, events, and the log for the one added', async () => {
    const { o, m, n, co, cm, conv } = await trio();
    await act(co, 'send', { conv, text: 'before' });
    const [x, y] = await w.users(2);
    const cx = await x.connect();
    const ok = await act(co, 'group.add', { conv, users: [x.id, y.id, m.id, x.id] });
    assert.deepEqual([ok.conv, ok.seq, ok.dup], [conv, 3, false]);
    const entry = await cx.event('entry', (e) => e.conv === conv);
    assert.equal(entry.kind, 'member_added');
    assert.equal(entry.seq, 3);
    assert.equal(entry.from, o.id);
    assert.deepEqual([...entry.users].sort(), sorted(x, y), 'those whom it changed');
    const order = cx.all.map((r) => r.frame.ev).filter((ev) => ev === 'conv' || ev === 'entry');
    assert.deepEqual(order, ['conv', 'entry']);
    const is = await cx.event('conv');
    assert.deepEqual([is.conv, is.kind, is.member], [conv, 'group', true]);
    await cm.event('entry', (e) => e.seq === 3);
    assert.equal((await log(cx, conv)).length, 3, 'one added sees everything before');
    assert.equal((await log(cx, conv))[1].text, 'before');
    await act(cx, 'send', { conv, text: 'hello all' });
    assert.equal((await syncRow(co, conv)).member_count, 5);
    assert.ok(n);
  });

  test('add and remove: nobody to change writes nothing and leaves the cmid free', async () => {
    const { m, co, conv } = await trio();
    const x = await w.user();
    const id = cmid();
    for (const users of [[], [m.id], [m.id, m.id]]) {
      const ok = await co.ok('group.add', { conv, users, cmid: id });
      assert.deepEqual([ok.conv, ok.seq, ok.dup], [conv, 1, false]);
    }
    for (const users of [[], [x.id]]) {
      const ok = await co.ok('group.remove', { conv, users, cmid: id });
      assert.deepEqual([ok.seq, ok.dup], [1, false]);
    }
    const role = await co.ok('group.role', { conv, user: m.id, role: 'member', cmid: id });
    assert.deepEqual([role.seq, role.dup], [1, false]);
    const sent = await co.ok('send', { conv, text: 'the cmid is free', cmid: id });
    assert.deepEqual([sent.seq, sent.dup], [2, false]);
  });

  test('add and remove: an unknown user, and nothing is done', async () => {
    const { m, co, conv } = await trio();
    const x = await w.user();
    await refuse(co, 'group.add', { conv, users: [x.id, '1'] }, 'not_found');
    await refuse(co, 'group.remove', { conv, users: [m.id, '1'] }, 'not_found');
    await co.err('group.add', { conv, cmid: cmid() }, 'bad_request', /users/);
    await co.err('group.remove', { conv, users: m.id, cmid: cmid() }, 'bad_request', /users/);
    assert.equal(Object.keys(await roles(co, conv)).length, 3);
  });

  test('add, remove, rename, role: repeated and in conflict', async () => {
    const { m, co, conv } = await trio();
    const [x, y] = await w.users(2);
    const add = { conv, users: [x.id], cmid: cmid() };
    const added = await co.ok('group.add', add);
    const remove = { conv, users: [m.id], cmid: cmid() };
    const removed = await co.ok('group.remove', remove);
    const rename = { conv, name: 'N', cmid: cmid() };
    const renamed = await co.ok('group.rename', rename);
    const role = { conv, user: x.id, role: 'admin', cmid: cmid() };
    const given = await co.ok('group.role', role);
    assert.deepEqual([added.seq, removed.seq, renamed.seq, given.seq], [2, 3, 4, 5]);
    assert.deepEqual(await co.ok('group.add', add), { ...added, dup: true });
    assert.deepEqual(await co.ok('group.remove', remove), { ...removed, dup: true });
    assert.deepEqual(await co.ok('group.rename', rename), { ...renamed, dup: true });
    assert.deepEqual(await co.ok('group.role', role), { ...given, dup: true });
    await co.err('group.add', { ...add, users: [y.id] }, 'conflict');
    await co.err('group.remove', { ...remove, users: [y.id] }, 'conflict');
    await co.err('group.rename', { ...rename, name: 'M' }, 'conflict');
    await co.err('group.role', { ...role, role: 'owner' }, 'conflict');
    await co.err('send', { conv, text: 'N', cmid: rename.cmid }, 'conflict');
    assert.equal((await log(co, conv)).length, 5);
  });

  test('remove: entry to all and to the one removed, then member:false', async () => {
    const { o, m, n, co, cm, cn, conv } = await trio();
    const before = await act(cm, 'send', { conv, text: 'mine' });
    const ok = await act(co, 'group.remove', { conv, users: [m.id] });
    for (const c of [cm, cn]) {
      const entry = await c.event('entry', (e) => e.seq === ok.seq);
      assert.equal(entry.kind, 'member_removed');
      assert.deepEqual(entry.users, [m.id]);
      assert.equal(entry.from, o.id);
    }
    const out = await cm.event('conv', (e) => e.member === false);
    assert.equal(out.conv, conv);
    const order = cm.all.map((r) => r.frame);
    const entryAt = order.findIndex((f) => f.ev === 'entry' && f.seq === ok.seq);
    const outAt = order.findIndex((f) => f.ev === 'conv' && f.member === false);
    assert.ok(entryAt < outAt, 'member:false after the entry');
    await act(co, 'send', { conv, text: 'secret' });
    await cn.event('entry', (e) => e.text === 'secret');
    const page = await cm.ok('history', { conv });
    assert.equal(page.last_seq, ok.seq);
    assert.equal(page.entries.at(-1).seq, ok.seq);
    assert.deepEqual((await cm.ok('history', { conv, after_seq: ok.seq })).entries, []);
    for (const op of ['send', 'edit', 'delete', 'react', 'group.rename', 'group.leave'] as const) {
      const args = { conv, seq: before.seq, text: 'x', emoji: 'x', on: true, name: 'x' };
      await refuse(cm, op, args, 'not_member');
    }
    await refuse(cm, 'group.add', { conv, users: [m.id] }, 'not_member');
    await refuse(cm, 'group.role', { conv, user: m.id, role: 'owner' }, 'not_member');
    await cm.err('typing', { conv, on: true }, 'not_member');
    const again = await co.ok('send', { conv, text: 'sentinel', cmid: cmid() });
    await cn.event('entry', (e) => e.seq === again.seq);
    assert.equal(cm.history('entry', (e) => e.seq > ok.seq).length, 0, 'nothing after the removal');
    assert.deepEqual(await roles(co, conv), { [o.id]: 'owner', [n.id]: 'member' });
  });

  test('one removed still gets the old answer for an old cmid', async () => {
    const { m, co, cm, conv } = await trio();
    const args = { conv, text: 'accepted', cmid: cmid() };
    const first = await cm.ok('send', args);
    await act(co, 'group.remove', { conv, users: [m.id] });
    assert.deepEqual(await cm.ok('send', args), { ...first, dup: true });
    await cm.err('send', { ...args, text: 'changed' }, 'conflict');
  });

  test('rights of a member', async () => {
    const { o, m, n, cm, co, conv } = await trio();
    const x = await w.user();
    await refuse(cm, 'group.add', { conv, users: [x.id] }, 'forbidden');
    await refuse(cm, 'group.remove', { conv, users: [n.id] }, 'forbidden');
    await refuse(cm, 'group.remove', { conv, users: [o.id] }, 'forbidden');
    await refuse(cm, 'group.rename', { conv, name: 'x' }, 'forbidden');
    await refuse(cm, 'group.role', { conv, user: n.id, role: 'admin' }, 'forbidden');
    await refuse(cm, 'group.role', { conv, user: m.id, role: 'owner' }, 'forbidden');
    assert.equal((await log(co, conv)).length, 1);
  });

  test('rights of an admin', async () => {
    const { o, m, n, co, cm, conv } = await trio();
    const x = await w.user();
    await act(co, 'group.role', { conv, user: m.id, role: 'admin' });
    await act(cm, 'group.add', { conv, users: [x.id] });
    await act(cm, 'group.rename', { conv, name: 'by admin' });
    await act(cm, 'group.remove', { conv, users: [n.id] });
    await refuse(cm, 'group.remove', { conv, users: [o.id] }, 'forbidden');
    await refuse(cm, 'group.role', { conv, user: o.id, role: 'member' }, 'forbidden');
    await refuse(cm, 'group.role', { conv, user: x.id, role: 'admin' }, 'forbidden');
    await act(co, 'group.role', { conv, user: x.id, role: 'admin' });
    await act(cm, 'group.remove', { conv, users: [x.id] });
    assert.deepEqual(await roles(co, conv), { [o.id]: 'owner', [m.id]: 'admin' });
  });

  test('a mixed list with an owner in it: nothing is done by an admin', async () => {
    const { o, m, n, co, cm, conv } = await trio();
    await act(co, 'group.role', { conv, user: m.id, role: 'admin' });
    await refuse(cm, 'group.remove', { conv, users: [n.id, o.id] }, 'forbidden');
    assert.equal(Object.keys(await roles(co, conv)).length, 3);
  });

  test('roles: given by an owner, entries of their own, never without an owner', async () => {
    const { o, m, n, co, cm, cn, conv } = await trio();
    const ok = await act(co, 'group.role', { conv, user: m.id, role: 'admin' });
    const entry = await cn.event('entry', (e) => e.seq === ok.seq);
    assert.equal(entry.kind, 'role_changed');
    assert.deepEqual(entry.users, [m.id]);
    assert.equal(entry.role, 'admin');
    assert.equal(entry.from, o.id);
    await refuse(co, 'group.role', { conv, user: o.id, role: 'member' }, 'conflict');
    await refuse(co, 'group.role', { conv, user: o.id, role: 'admin' }, 'conflict');
    await act(co, 'group.role', { conv, user: n.id, role: 'owner' });
    await act(co, 'group.role', { conv, user: o.id, role: 'member' });
    await refuse(co, 'group.role', { conv, user: o.id, role: 'owner' }, 'forbidden');
    assert.deepEqual(await roles(cm, conv), { [o.id]: 'member', [m.id]: 'admin', [n.id]: 'owner' });
    const x = await w.user();
    await refuse(cn, 'group.role', { conv, user: x.id, role: 'admin' }, 'not_found');
    await refuse(cn, 'group.role', { conv, user: '1', role: 'admin' }, 'not_found');
    await cn.err('group.role', { conv, user: m.id, role: 'king', cmid: cmid() }, 'bad_request', /role/);
    await cn.err('group.role', { conv, user: m.id, cmid: cmid() }, 'bad_request', /role/);
    await cn.err('group.role', { conv, role: 'admin', cmid: cmid() }, 'bad_request', /user/);
  });

  test('an owner may take the role of another owner', async () => {
    const { o, m, co, cm, conv } = await trio();
    await act(co, 'group.role', { conv, user: m.id, role: 'owner' });
    await act(cm, 'group.role', { conv, user: o.id, role: 'member' });
    assert.equal((await roles(cm, conv))[o.id], 'member');
  });

  test('leave', async () => {
    const { m, co, cm, cn, conv } = await trio();
    const ok = await act(cm, 'group.leave', { conv });
    for (const c of [co, cn]) {
      const entry = await c.event('entry', (e) => e.seq === ok.seq);
      assert.equal(entry.kind, 'member_left');
      assert.equal(entry.from, m.id);
    }
    await refuse(cm, 'send', { conv, text: 'x' }, 'not_member');
    assert.equal((await cm.ok('history', { conv })).last_seq, ok.seq);
    assert.equal((await syncRow(cm, conv)).member, false);
  });

  test('leave, repeated: the same answer', async () => {
    const { cm, conv } = await trio();
    const args = { conv, cmid: cmid() };
    const ok = await cm.ok('group.leave', args);
    assert.deepEqual(await cm.ok('group.leave', args), { ...ok, dup: true });
    await refuse(cm, 'group.leave', { conv }, 'not_member');
  });

  test('removing oneself is leaving', async () => {
    const { m, co, cm, conv } = await trio();
    const ok = await act(cm, 'group.remove', { conv, users: [m.id] });
    const entry = await co.event('entry', (e) => e.seq === ok.seq);
    assert.equal(entry.kind, 'member_left');
    assert.equal(entry.from, m.id);
    assert.equal((await syncRow(cm, conv)).member, false);
  });

  test('a last owner who leaves hands over to the longest-standing admin', async () => {
    const { o, m, n, co, cm, cn, conv } = await trio();
    const [x, y] = await w.users(2);
    await act(co, 'group.add', { conv, users: [x.id] });
    await act(co, 'group.add', { conv, users: [y.id] });
    await act(co, 'group.role', { conv, user: y.id, role: 'admin' });
    await act(co, 'group.role', { conv, user: x.id, role: 'admin' });
    const ok = await act(co, 'group.leave', { conv });
    const entries = (await log(cm, conv)).slice(-2);
    assert.deepEqual(
      entries.map((e) => e.kind),
      ['role_changed', 'member_left'],
    );
    assert.deepEqual(entries[0].users, [x.id], 'x has been in for longer than y');
    assert.equal(entries[0].role, 'owner');
    assert.equal(entries[0].cmid, undefined);
    assert.equal(entries[1].from, o.id);
    assert.equal(entries[1].seq, ok.seq);
    for (const e of entries) await cn.event('entry', (got) => got.seq === e.seq);
    assert.equal((await roles(cm, conv))[x.id], 'owner');
    assert.ok(m && n);
  });

  test('without an admin, to the longest-standing member', async () => {
    const [o, m, n] = await w.users(3);
    const [co, cm] = [await o.connect(), await m.connect()];
    const conv = await makeGroup(co, [m]);
    await act(co, 'group.add', { conv, users: [n.id] });
    await act(co, 'group.leave', { conv });
    assert.deepEqual(await roles(cm, conv), { [m.id]: 'owner', [n.id]: 'member' });
    const own = await log(co, conv);
    assert.equal(own.at(-1)!.kind, 'member_left');
  });

  test('with another owner nothing is handed over; the last of all just leaves', async () => {
    const { m, n, co, cm, cn, conv } = await trio();
    await act(co, 'group.role', { conv, user: m.id, role: 'owner' });
    await act(co, 'group.leave', { conv });
    assert.deepEqual(
      (await log(cm, conv)).map((e) => e.kind),
      ['created', 'role_changed', 'member_left'],
    );
    await act(cn, 'group.leave', { conv });
    const last = await act(cm, 'group.leave', { conv });
    const entries = await log(cm, conv);
    assert.equal(entries.at(-1)!.seq, last.seq);
    assert.equal(entries.at(-1)!.kind, 'member_left');
    assert.equal(entries.length, 5);
    assert.ok(n);
  });

  test('rename', async () => {
    const { co, cm, conv } = await trio();
    const ok = await act(co, 'group.rename', { conv, name: 'Newer' });
    const entry = await cm.event('entry', (e) => e.seq === ok.seq);
    assert.equal(entry.kind, 'renamed');
    assert.equal(entry.text, 'Newer');
    assert.equal((await syncRow(cm, conv)).name, 'Newer');
    await co.err('group.rename', { conv, name: '', cmid: cmid() }, 'bad_request', /name/);
    await co.err('group.rename', { conv, name: 'x'.repeat(65), cmid: cmid() }, 'bad_request', /name/);
    await co.err('group.rename', { conv, cmid: cmid() }, 'bad_request', /name/);
  });

  test('one who comes back sees everything again', async () => {
    const { m, co, cm, conv } = await trio();
    await act(co, 'group.remove', { conv, users: [m.id] });
    await act(co, 'send', { conv, text: 'missed' });
    const back = await act(co, 'group.add', { conv, users: [m.id] });
    await cm.event('conv', (e) => e.member === true && e.conv === conv);
    await cm.event('entry', (e) => e.seq === back.seq);
    const entries = await log(cm, conv);
    assert.equal(entries.length, 4);
    assert.ok(entries.some((e) => e.text === 'missed'));
    const row = await syncRow(cm, conv);
    assert.deepEqual([row.member, row.last_seq, row.unread], [true, 4, 0]);
    await act(cm, 'send', { conv, text: 'back' });
  });

  test('history "joined": from the own member_added entry on', async () => {
    const { co, cm, conv } = await trio({ history: 'joined' });
    const old = await act(cm, 'send', { conv, text: 'old secret' });
    const x = await w.user();
    const cx = await x.connect();
    const { seq } = await act(co, 'group.add', { conv, users: [x.id] });
    await act(co, 'send', { conv, text: 'new' });
    for (const args of [{}, { after_seq: 0 }, { around_seq: 1 }, { before_seq: 99 }]) {
      const page = await cx.ok('history', { conv, ...args });
      assert.deepEqual(
        page.entries.map((e: Json) => e.seq),
        [seq, seq + 1],
      );
      assert.equal(page.first_seq, seq);
      assert.equal(page.last_seq, seq + 1);
      assert.equal(page.more, false);
      assert.ok(!page.next_cursor);
    }
    assert.deepEqual((await cx.ok('history', { conv, before_seq: seq })).entries, []);
    assert.deepEqual((await cx.ok('history', { conv, before_ts: old.ts + 1 })).entries, []);
    await refuse(cx, 'react', { conv, seq: old.seq, emoji: 'x', on: true }, 'not_found');
    await refuse(cx, 'edit', { conv, seq: old.seq, text: 'x' }, 'not_found');
    await refuse(cx, 'send', { conv, text: 'x', reply_to: old.seq }, 'bad_request');
    assert.equal((await log(cm, conv)).length, 4, 'those of the beginning see all');
    const rest = await x.rest.call('GET', `/v1/conversations/${conv}/messages`);
    assert.doesNotMatch(rest.text, /old secret/);
  });

  test('strangers: not_member, whether the group exists or not', async () => {
    const { conv } = await trio();
    const x = await w.user();
    const cx = await x.connect();
    for (const id of [conv, `g.${'0'.repeat(32)}`]) {
      const codes: string[] = [];
      for (const [op, args] of [
        ['history', {}],
        ['members', {}],
        ['send', { text: 'x' }],
        ['edit', { seq: 1, text: 'x' }],
        ['delete', { seq: 1 }],
        ['react', { seq: 1, emoji: 'x', on: true }],
        ['typing', { on: true }],
        ['conv.set', { pinned: true }],
        ['ack', { read: { [id]: 1 } }],
        ['group.add', { users: [x.id] }],
        ['group.remove', { users: [x.id] }],
        ['group.leave', {}],
        ['group.rename', { name: 'x' }],
        ['group.role', { user: x.id, role: 'owner' }],
      ] as [string, Json][]) {
        const frame = await cx.request(op, { conv: id, cmid: cmid(), ...args });
        codes.push(`${op} ${frame.error?.code}`);
      }
      for (const line of codes) assert.match(line, / not_member$/);
    }
  });

  test('the cmid of group.create is used up in the group, too', async () => {
    const [o, m] = await w.users(2);
    const co = await o.connect();
    const args = { name: 'g', members: [m.id], cmid: cmid() };
    const { conv } = await co.ok('group.create', args);
    await co.err('send', { conv, text: 'x', cmid: args.cmid }, 'conflict');
    await co.err('group.rename', { conv, name: 'g', cmid: args.cmid }, 'conflict');
    assert.equal((await co.ok('group.create', args)).dup, true);
    const direct = await co.ok('send', { to: m.id, text: 'x', cmid: args.cmid });
    assert.deepEqual([direct.seq, direct.dup], [1, false]);
  });

  test('many changes at once leave one consistent log', async () => {
    const { o, m, co, cm, conv } = await trio();
    const pool = await w.users(10);
    await act(co, 'group.role', { conv, user: m.id, role: 'admin' });
    const jobs: Promise<Json>[] = [];
    for (const u of pool) {
      jobs.push(act(co, 'group.add', { conv, users: [u.id] }));
      jobs.push(act(cm, 'group.add', { conv, users: [u.id] }));
    }
    await Promise.all(jobs);
    const entries = await log(co, conv);
    const added = entries.filter((e) => e.kind === 'member_added').flatMap((e) => e.users);
    assert.deepEqual(added.sort(), pool.map((u) => u.id).sort(), 'each was added once');
    assert.deepEqual(
      entries.map((e) => e.seq),
      entries.map((_, i) => i + 1),
    );
    assert.equal(Object.keys(await roles(co, conv)).length, 13);
    assert.ok(o);
  });
});

describe('group_full', { skip: unshared('its own limit of members') }, () => {
  const w = world(new World({ own: true, options: ['limits.group_members=4'] }));

  test('a group has limits.group_members at most, the creator counted', async () => {
    const users = await w.users(6);
    const [o, ...others] = users as [User, ...User[]];
    const co = await o.connect();
    assert.equal(co.session.limits.group_members, 4);
    const ids = others.map((u) => u.id);
    const create = (members: string[]): Json => ({ name: 'g', members, cmid: cmid() });
    await co.err('group.create', create(ids.slice(0, 4)), 'group_full');
    const { conv } = await co.ok('group.create', create(ids.slice(0, 2)));
    await co.err('group.add', { conv, users: ids.slice(2, 4), cmid: cmid() }, 'group_full');
    const frame = await co.ok('members', { conv });
    assert.equal(frame.members.length, 3, 'nothing was done');
    const add = { conv, users: [ids[2], ids[0]], cmid: cmid() };
    const added = await co.ok('group.add', add);
    assert.deepEqual(await co.ok('group.add', add), { ...added, dup: true }, 'a retry in a full group');
    await co.err('group.add', { conv, users: [ids[3]], cmid: cmid() }, 'group_full');
    await o.rest.err('POST', '/v1/groups', create(ids), 'group_full');
    await co.ok('group.remove', { conv, users: [ids[0]], cmid: cmid() });
    await co.ok('group.add', { conv, users: [ids[3]], cmid: cmid() });
    await flood(co, { conv }, 2);
  });
});
