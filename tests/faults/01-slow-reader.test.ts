// Clients that stop reading: closed with 4408, nobody else delayed, memory bounded.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { residentBytes } from '../lib/proc.js';
import { cmid, makeGroup, World, world } from '../lib/world.js';

const MB = 1024 * 1024;

describe('slow readers', () => {
  const w = world(new World({ own: true }));

  test('4408, and the others get everything', async () => {
    const [a, b, ...slow] = await w.users(12);
    const [ca, cb] = [await a!.connect(), await b!.connect()];
    const conv = await makeGroup(ca, [b!, ...slow]);
    const lazy = await Promise.all(slow.map((u) => u.connect()));
    for (const c of lazy) c.ws.socket.pause();
    const before = residentBytes(w.server!.pid);
    const started = Date.now();
    const text = 'x'.repeat(8000);
    const total = 3000;
    for (let i = 0; i < total; i += 50) {
      await Promise.all(Array.from({ length: 50 }, () => ca.ok('send', { conv, cmid: cmid(), text })));
    }
    await cb.ws.until(() => cb.history('entry').length >= total + 1, 'every entry', 30_000);
    const grown = residentBytes(w.server!.pid) - before;
    assert.ok(grown < 160 * MB, `${Math.round(grown / MB)} MB more for ten readers of 24 MB each`);
    for (const c of lazy) {
      c.ws.socket.resume();
      const closed = await c.expectClose([4408, 1006], 20_000);
      if (closed.code === 1006) {
        assert.ok(Date.now() - started > 5000, 'the close frame has 5 s to leave');
      }
      assert.ok(c.ws.bytesIn < total * 8000, 'not everything was kept for it');
    }
    const back = await slow[0]!.connect();
    const page = await back.ok('history', { conv, limit: 1 });
    assert.equal(page.last_seq, total + 1, 'it reconnects and syncs');
  });

  test('one that reads again in time gets 4408 as its last word', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    cb.ws.socket.pause();
    const text = '😀'.repeat(8000);
    const stop = Date.now() + 4000;
    for (let i = 0; i < 20 && Date.now() < stop; i++) {
      await Promise.all(Array.from({ length: 30 }, () => ca.ok('send', { to: b.id, cmid: cmid(), text })));
    }
    cb.ws.socket.resume();
    await cb.expectClose([4408, 1006], 20_000);
    const events = cb.history('entry').map((e) => e.seq);
    assert.deepEqual(
      events,
      events.map((_, i) => i + 1),
      'what it got is without holes',
    );
  });

  test('one that asks for pages and reads none is bounded too', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const text = '😀'.repeat(8000);
    for (let i = 0; i < 32; i++) await ca.ok('send', { to: b.id, cmid: cmid(), text });
    const cb = await b.connect();
    cb.ws.socket.pause();
    const before = residentBytes(w.server!.pid);
    const ask = (id: number): string => JSON.stringify({ op: 'history', id, conv: a.direct(b), limit: 200 });
    cb.ws.onText = () => undefined;
    for (let id = 1; id <= 400; id++) cb.ws.text(ask(id));
    for (let i = 0; i < 50; i++) await ca.ok('send', { to: b.id, cmid: cmid(), text: 'chat goes on' });
    const grown = residentBytes(w.server!.pid) - before;
    assert.ok(grown < 120 * MB, `${Math.round(grown / MB)} MB more for 400 pages unread`);
    cb.ws.destroy();
    await ca.ok('ping');
  });

  test('poll sessions that nobody polls are bounded', async () => {
    const [a, ...others] = await w.users(11);
    const ca = await a!.connect();
    const pollers = await Promise.all(others.map((u) => u.poll()));
    const conv = await makeGroup(ca, others);
    const before = residentBytes(w.server!.pid);
    const text = 'x'.repeat(8000);
    for (let i = 0; i < 3000; i += 50) {
      await Promise.all(Array.from({ length: 50 }, () => ca.ok('send', { conv, cmid: cmid(), text })));
    }
    const grown = residentBytes(w.server!.pid) - before;
    assert.ok(grown < 160 * MB, `${Math.round(grown / MB)} MB more for ten sessions of 24 MB each`);
    for (const p of pollers) {
      const answer = await p.ask(p.cursor, 1000);
      if (answer.status === 410) continue;
      assert.equal(answer.status, 200);
      const seqs = answer.json.events.filter((e: Json) => e.ev === 'entry').map((e: Json) => e.seq);
      assert.deepEqual(
        seqs,
        seqs.map((_: number, i: number) => seqs[0] + i),
        'without holes',
      );
    }
  });
});
