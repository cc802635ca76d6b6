// What was answered survives: accounts, tokens, lists, settings and sync tokens, after SIGTERM and after kill -9.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, checkError, type Json, Rest } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { tempDir } from '../lib/server.js';
import {
  cmid,
  eventually,
  flood,
  makeGroup,
  PASSWORD,
  syncRow,
  type User,
  World,
  wait,
} from '../lib/world.js';

describe('restart', { skip: unshared('a server that it ends and starts again') }, () => {
  /** Runs `first` on a server, ends that by `how`, and runs `second` on the next one on the same data. */
  async function across<T>(
    how: 'stop' | 'kill',
    first: (w: World) => Promise<T>,
    second: (w: World, kept: T) => Promise<void>,
  ): Promise<void> {
    const data = tempDir();
    const one = new World({ own: true, data });
    await one.start();
    const kept = await first(one).finally(() => (how === 'kill' ? one.server!.kill() : one.server!.stop()));
    one.closeAll();
    const two = new World({ own: true, data });
    await two.start();
    try {
      await second(two, kept);
    } finally {
      await two.stop();
    }
  }
  /** The same device on the new server. */
  const on = (w: World, u: User): Rest => new Rest(w.url, u.token);
  const op = async (w: World, u: User, name: string, args: Json = {}): Promise<Json> => {
    const answer = await on(w, u).call('POST', '/v1/op', { op: name, id: 1, ...args });
    return answer.json;
  };

  for (const how of ['stop', 'kill'] as const) {
    test(`everything that was answered is there after ${how}`, () =>
      across(
        how,
        async (w) => {
          const [a, b, x, y] = await w.users(4);
          const [ca, cb] = [await a.connect(), await b.connect()];
          const direct = a.direct(b);
          await flood(ca, { conv: direct }, 10);
          const group = await makeGroup(ca, [b, x], { name: 'Kept', history: 'joined' });
          const quiet = await ca.ok('send', { to: x.id, cmid: cmid(), text: 'quiet' });
          const { sync_token } = await cb.ok('sync');
          await ca.ok('group.role', { conv: group, user: b.id, role: 'admin', cmid: cmid() });
          await ca.ok('group.remove', { conv: group, users: [x.id], cmid: cmid() });
          await ca.ok('group.rename', { conv: group, name: 'Renamed', cmid: cmid() });
          await ca.ok('edit', { conv: direct, seq: 2, cmid: cmid(), text: 'edited' });
          await ca.ok('delete', { conv: direct, seq: 3, cmid: cmid() });
          const pollable = await b.login();
          const poll = await pollable.poll();
          await cb.ok('ack', { delivered: { [direct]: 8 }, read: { [direct]: 5 } });
          await cb.ok('conv.set', { conv: direct, pinned: true, muted_until: 99, draft: 'half' });
          await cb.ok('contact.add', { user: a.id });
          await cb.ok('block', { user: y.id });
          await cb.ok('me.set', { display_name: 'New', about: 'me', show_typing: false });
          const { push_id } = await cb.ok('push.register', { kind: 'fcm', token: 't' });
          const gone = await b.login();
          await b.rest.ok('DELETE', `/v1/devices/${gone.device}`, undefined, 204);
          const out = await a.login();
          await out.rest.ok('POST', '/v1/logout', undefined, 204);
          const last = { conv: direct, cmid: cmid(), text: 'last' };
          const sent = await ca.ok('send', last);
          const { store } = cb.session;
          return {
            a,
            b,
            x,
            y,
            direct,
            group,
            quiet,
            sync_token,
            poll,
            pollable,
            push_id,
            gone,
            out,
            last,
            sent,
            store,
          };
        },
        async (w, k) => {
          const c = await w.client();
          const session = await c.hello(k.b.token, { sync: { since: k.sync_token } });
          assert.equal(session.store, k.store, 'store changes only by a restore');
          assert.equal(session.user.display_name, 'New');
          const rows = new Map<string, Json>(session.conversations.map((r: Json) => [r.conv, r]));
          const row = rows.get(k.direct);
          assert.ok(row && rows.get(k.group), 'since goes on over the restart');
          assert.deepEqual(
            [row.last_seq, row.delivered, row.read, row.pinned, row.muted_until, row.draft],
            [13, 8, 5, true, 99, 'half'],
          );
          assert.equal(row.unread, 6);
          const group = await syncRow(c, k.group);
          assert.deepEqual([group.name, group.member_count], ['Renamed', 2]);
          const { members } = await c.ok('members', { conv: k.group });
          const role = Object.fromEntries(members.map((m: Json) => [m.user, m.role]));
          assert.deepEqual(role, { [k.a.id]: 'owner', [k.b.id]: 'admin' });
          const log = (await c.ok('history', { conv: k.direct })).entries;
          assert.equal(log.length, 13);
          assert.equal(log[1].text, 'edited');
          assert.ok(!log[2].text);
          assert.deepEqual(await c.ok('contacts'), { contacts: [k.a.id], blocked: [k.y.id] });
          const refused = await op(w, k.y, 'send', { to: k.b.id, cmid: cmid(), text: 'x' });
          checkError(refused.error, 'blocked');
          const me = await on(w, k.b).ok('GET', '/v1/me');
          assert.deepEqual([me.about, me.show_typing, me.show_read], ['me', false, true]);
          await on(w, k.b).ok('DELETE', `/v1/push/${encodeURIComponent(k.push_id)}`, undefined, 204);
          for (const dead of [k.gone, k.out]) {
            await on(w, dead).err('GET', '/v1/me', undefined, 'unauthorized');
          }
          await w.rest.ok('POST', '/v1/login', { name: k.a.name, password: PASSWORD });
          await w.rest.err('POST', '/v1/register', { name: k.a.name, password: PASSWORD }, 'name_taken');
          const again = await op(w, k.a, 'send', k.last);
          assert.deepEqual(again.ok, { ...k.sent, dup: true });
          const path = `/v1/poll?cursor=${encodeURIComponent(k.poll.cursor)}&wait_ms=100`;
          await on(w, k.pollable).err('GET', path, undefined, 'gone');
          const next = await op(w, k.a, 'send', { conv: k.direct, cmid: cmid(), text: 'next' });
          assert.equal(next.ok.seq, 14);
          assert.ok(next.ok.ts > k.sent.ts);
          const left = await op(w, k.x, 'history', { conv: k.group });
          assert.equal(left.ok.last_seq, 3);
        },
      ));
  }

  // What was durable and not released at a crash is made good by push jobs, for who is not there and has not had it.
  test('after a crash, and only then, pushes are made up for', async () => {
    const data = tempDir();
    const pushes = async (w: World): Promise<number> => {
      const { text } = await call(w.url, 'GET', '/metrics');
      return Number(/^parley_push_jobs_total\{\w+="queued"\} (\d+)$/m.exec(text)![1]);
    };
    const first = new World({ own: true, data });
    await first.start();
    const [a, b, c] = await first.users(3);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'not seen' });
    const seen = await a.op('send', { to: c.id, cmid: cmid(), text: 'seen' });
    await c.op('ack', { delivered: { [seen.conv]: 1 } });
    assert.equal(await pushes(first), 2);
    await first.server!.kill();
    const second = new World({ own: true, data });
    await second.start();
    await eventually(async () => (await pushes(second)) === 1, 'a push for what was not seen', 15000);
    await second.stop();
    const third = new World({ own: true, data });
    await third.start();
    await wait(7000);
    assert.equal(await pushes(third), 0);
    await third.stop();
  });

  test('a text accepted under a higher limit is known when it is sent again', async () => {
    const data = tempDir();
    const first = new World({ own: true, data });
    await first.start();
    const [a, b] = await first.users(2);
    const long = { to: b.id, cmid: cmid(), text: 'x'.repeat(100) };
    const ok = await a.op('send', long);
    const edit = { conv: ok.conv, seq: ok.seq, cmid: cmid(), text: 'y'.repeat(90) };
    const edited = await a.op('edit', edit);
    await first.server!.stop();
    const second = new World({ own: true, data, options: ['limits.text_bytes=50'] });
    await second.start();
    const connection = await second.client();
    await connection.hello(a.token);
    assert.deepEqual(await connection.ok('send', long), { ...ok, dup: true });
    assert.deepEqual((await op(second, a, 'send', long)).ok, { ...ok, dup: true });
    assert.deepEqual(await connection.ok('edit', edit), { ...edited, dup: true });
    const rest = await on(second, a).ok('POST', '/v1/messages', long, 200);
    assert.deepEqual([rest.seq, rest.dup], [ok.seq, true]);
    const refused = async (args: Json, code: string): Promise<void> => {
      await connection.err('send', args, code);
      checkError((await op(second, a, 'send', args)).error, code);
      checkError((await on(second, a).call('POST', '/v1/messages', args)).json.error, code);
    };
    await refused({ ...long, text: 'z'.repeat(100) }, 'conflict');
    await refused({ ...long, cmid: cmid() }, 'too_large');
    assert.equal((await connection.ok('send', { to: b.id, cmid: cmid(), text: 'short' })).seq, 3);
    second.closeAll();
    await second.stop();
  });

  test('each small write is durable when it is answered', async () => {
    const data = tempDir();
    const first = new World({ own: true, data });
    await first.start();
    const [a, b] = await first.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    let other = await a.login();
    const conv = a.direct(b);
    await first.server!.kill();
    const steps: [string, (w: World) => Promise<unknown>, (w: World) => Promise<unknown>][] = [
      [
        'conv.set',
        (w) => op(w, a, 'conv.set', { conv, archived: true }),
        async (w) => {
          const { ok } = await op(w, a, 'sync');
          assert.equal(ok.conversations[0].archived, true);
        },
      ],
      [
        'ack',
        (w) => op(w, b, 'ack', { read: { [conv]: 1 } }),
        async (w) => {
          const { ok } = await op(w, b, 'sync');
          assert.equal(ok.conversations[0].read, 1);
        },
      ],
      [
        'block',
        (w) => op(w, b, 'block', { user: a.id }),
        async (w) => {
          checkError((await op(w, a, 'send', { conv, cmid: cmid(), text: 'x' })).error, 'blocked');
        },
      ],
      [
        'login',
        async (w) => {
          const got = await w.rest.ok('POST', '/v1/login', { name: a.name, password: PASSWORD });
          other = Object.assign(Object.create(Object.getPrototypeOf(other)), other, got);
        },
        (w) => on(w, other).ok('GET', '/v1/me'),
      ],
      [
        'sign-out',
        (w) => on(w, other).ok('POST', '/v1/logout', undefined, 204),
        (w) => on(w, other).err('GET', '/v1/me', undefined, 'unauthorized'),
      ],
      [
        'me.set',
        (w) => op(w, a, 'me.set', { about: 'kept' }),
        async (w) => {
          assert.equal((await on(w, a).ok('GET', '/v1/me')).about, 'kept');
        },
      ],
    ];
    for (const [what, write, look] of steps) {
      const w = new World({ own: true, data });
      await w.start();
      await write(w);
      await w.server!.kill();
      const next = new World({ own: true, data });
      await next.start();
      await look(next).catch((err) => assert.fail(`${what}: ${err.message}`));
      await next.server!.kill();
    }
  });
});
