// Random mutants of good frames: the server answers or closes by the book, and stays well.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { STATUS } from '../lib/http.js';
import { cmid, type User, World, world } from '../lib/world.js';

/** A small generator of numbers, so that a seed gives the same run again. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const VALUES: string[] = [
  '0',
  '-1',
  '1.5',
  '1e9',
  '9007199254740993',
  '18446744073709551616',
  '"x"',
  '""',
  'null',
  'true',
  '[]',
  '{}',
  '["1"]',
  '[null]',
  '"\\ud800"',
  '"\\u0000"',
  '{"a":1}',
  '"g.00000000000000000000000000000000"',
  '"d.1.2"',
  '"9223372036854775807"',
  '[[[[[[[[]]]]]]]]',
  '"\\n"',
  '-9223372036854775808',
  '1e400',
  '"😀"',
];

function frames(a: User, b: User): Json[] {
  const conv = a.direct(b);
  return [
    { op: 'send', to: b.id, cmid: 'c', text: 'x', reply_to: 1, client_ts: 5 },
    { op: 'send', conv, cmid: 'd', text: 'y' },
    { op: 'edit', conv, seq: 1, cmid: 'e', text: 'z' },
    { op: 'delete', conv, seq: 1, cmid: 'f' },
    { op: 'react', conv, seq: 1, emoji: 'x', on: true, cmid: 'g' },
    { op: 'history', conv, before_seq: 5, limit: 10 },
    { op: 'history', conv, around_seq: 5 },
    { op: 'sync', have: { [conv]: 1 }, limit: 5 },
    { op: 'sync', since: 'x', cursor: 'y' },
    { op: 'ack', delivered: { [conv]: 1 }, read: { [conv]: 1 } },
    { op: 'presence', users: [b.id] },
    { op: 'watch', users: [b.id, a.id] },
    { op: 'typing', conv, on: true },
    { op: 'group.create', name: 'g', members: [b.id], history: 'joined', cmid: 'h' },
    { op: 'group.add', conv, users: [b.id], cmid: 'i' },
    { op: 'group.remove', conv, users: [b.id], cmid: 'j' },
    { op: 'group.leave', conv, cmid: 'k' },
    { op: 'group.rename', conv, name: 'n', cmid: 'l' },
    { op: 'group.role', conv, user: b.id, role: 'admin', cmid: 'm' },
    { op: 'members', conv, cursor: 'x', limit: 5 },
    { op: 'conv.set', conv, muted_until: 1, archived: true, pinned: true, marked_unread: true, draft: 'd' },
    { op: 'contact.add', user: b.id },
    { op: 'contact.remove', user: b.id },
    { op: 'unblock', user: b.id },
    { op: 'contacts' },
    { op: 'me.set', display_name: 'n', about: 'a', show_read: true },
    { op: 'push.register', kind: 'webpush', subscription: { endpoint: 'https://x.example', keys: {} } },
    { op: 'push.unregister', push_id: 'x' },
    { op: 'push.test', push_id: 'x' },
    { op: 'ping' },
  ];
}

describe('mutants', () => {
  const w = world(new World({}));
  const seed = Number(process.env.PARLEY_TEST_SEED ?? Date.now() % 1_000_000);

  test(`members replaced, dropped and added (PARLEY_TEST_SEED=${seed})`, async () => {
    const next = random(seed);
    const [a, b] = await w.users(2);
    const c = await a.connect();
    await c.ok('send', { to: b.id, cmid: cmid(), text: 'one' });
    const all = frames(a, b);
    for (let i = 0; i < 1500; i++) {
      const frame = all[next(all.length)];
      const parts = Object.entries(frame).map(([k, v]) => [k, JSON.stringify(v)]);
      for (let n = next(3); n >= 0; n--) {
        const at = next(parts.length);
        const part = parts[at]!;
        const value = VALUES[next(VALUES.length)]!;
        const what = next(4);
        if (what === 0 && part[0] !== 'op') part[1] = value;
        else if (what === 1 && part[0] !== 'op') parts.splice(at, 1);
        else if (what === 2 && !parts.some((p) => p[0] === `x${n}`)) parts.push([`x${n}`, value]);
        else if (part[0] !== 'op') part[1] = VALUES[next(VALUES.length)]!;
      }
      const id = 10_000 + i;
      parts.splice(next(parts.length + 1), 0, ['id', String(id)]);
      const text = `{${parts.map(([k, v]) => `"${k}":${v}`).join(',')}}`;
      const answer = await c.rawRequest(id, text);
      if (answer.error) assert.ok(STATUS[answer.error.code], `${text}: ${JSON.stringify(answer)}`);
      else assert.ok(answer.ok, text);
      assert.notEqual(answer.error?.code, 'internal', `${text}: ${JSON.stringify(answer)}`);
    }
    await c.ok('ping');
  });

  test(`bytes flipped, cut, doubled (PARLEY_TEST_SEED=${seed})`, async () => {
    const next = random(seed + 1);
    const [a, b] = await w.users(2);
    const all = frames(a, b).map((f, i) => JSON.stringify({ ...f, id: i + 1 }));
    let c = await a.connect();
    c.ws.onText = () => undefined;
    for (let i = 0; i < 400; i++) {
      let bytes = Buffer.from(all[next(all.length)]!);
      for (let n = next(4); n >= 0; n--) {
        const at = next(bytes.length);
        const what = next(4);
        if (what === 0) bytes[at] = next(256);
        else if (what === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + next(8))]);
        else if (what === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(next(at + 1))]);
        else bytes[at] = bytes[at]! ^ (1 << next(8));
        if (bytes.length === 0) bytes = Buffer.from(' ');
      }
      c.ws.text(bytes);
      const sent = c.ws.pongs.length;
      c.ws.frame({ opcode: 9, payload: 'p' });
      await Promise.race([c.ws.closed, c.ws.until(() => c.ws.pongs.length > sent, 'a pong')]).catch(() => 0);
      if (c.ws.ended) {
        const { code } = await c.ws.closed;
        assert.ok([4400, 1007].includes(code), `close ${code} for ${bytes.toString('latin1')}`);
        c = await a.connect();
        c.ws.onText = () => undefined;
      }
    }
    const last = await (await a.login()).connect();
    await last.ok('ping');
  });
});
