// history: every cursor, limits, the frame around a seq, more and next_cursor, pages of 1 MiB at most.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { cmid, directConv, flood, type User, World, world } from '../lib/world.js';

function seqs(page: Json): number[] {
  return page.entries.map((e: Json) => e.seq);
}
function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

describe('history', () => {
  const w = world(new World({}));
  let a: User;
  let b: User;
  let conv: string;
  let ts: number[];

  before(async () => {
    [a, b] = await w.users(2);
    const c = await a.connect();
    const answers = await flood(c, { to: b.id }, 120);
    conv = answers[0].conv;
    ts = [0, ...answers.map((x) => x.ts)];
    c.ws.destroy();
  });
  const ask = async (args: Json, c?: Client): Promise<Json> =>
    (c ?? (await b.connect())).ok('history', { conv, ...args });

  /** Checks a page of the 120 entries against what the protocol says of it. */
  function check(page: Json, from: number, to: number, more: boolean): void {
    assert.deepEqual(seqs(page), range(from, to));
    assert.equal(page.more, more, 'more');
    assert.equal(page.first_seq, 1);
    assert.equal(page.last_seq, 120);
    const older = from <= to && from > 1;
    if (older) assert.equal(page.next_cursor, String(ts[from]), 'next_cursor');
    else assert.ok(!page.next_cursor, 'nothing older, no next_cursor');
  }

  test('without a cursor: the newest 50', async () => {
    check(await ask({}), 71, 120, true);
    check(await ask({ limit: 1 }), 120, 120, true);
    check(await ask({ limit: 200 }), 1, 120, false);
    check(await ask({ limit: 120 }), 1, 120, false);
    check(await ask({ limit: 119 }), 2, 120, true);
  });

  test('before_seq', async () => {
    const c = await b.connect();
    check(await ask({ before_seq: 71 }, c), 21, 70, true);
    check(await ask({ before_seq: 51 }, c), 1, 50, false);
    check(await ask({ before_seq: 2, limit: 5 }, c), 1, 1, false);
    check(await ask({ before_seq: 1 }, c), 1, 0, false);
    check(await ask({ before_seq: 0 }, c), 1, 0, false);
    check(await ask({ before_seq: 121, limit: 3 }, c), 118, 120, true);
    check(await ask({ before_seq: 9_000_000_000_000_000, limit: 3 }, c), 118, 120, true);
  });

  test('after_seq', async () => {
    const c = await b.connect();
    check(await ask({ after_seq: 0 }, c), 1, 50, true);
    check(await ask({ after_seq: 50 }, c), 51, 100, true);
    check(await ask({ after_seq: 70 }, c), 71, 120, false);
    check(await ask({ after_seq: 118, limit: 1 }, c), 119, 119, true);
    check(await ask({ after_seq: 119, limit: 1 }, c), 120, 120, false);
    check(await ask({ after_seq: 120 }, c), 1, 0, false);
    check(await ask({ after_seq: 100_000 }, c), 1, 0, false);
  });

  test('before_ts: a ts is as exact as a seq', async () => {
    const c = await b.connect();
    check(await ask({ before_ts: ts[71] }, c), 21, 70, true);
    check(await ask({ before_ts: ts[71]! + 1, limit: 1 }, c), 71, 71, true);
    check(await ask({ before_ts: ts[1] }, c), 1, 0, false);
    check(await ask({ before_ts: ts[1]! + 1 }, c), 1, 1, false);
    check(await ask({ before_ts: 0 }, c), 1, 0, false);
    check(await ask({ before_ts: Number.MAX_SAFE_INTEGER, limit: 2 }, c), 119, 120, true);
  });

  test('around_seq: the entry, half the limit older, the rest newer, filled up at the ends', async () => {
    const c = await b.connect();
    check(await ask({ around_seq: 60, limit: 11 }, c), 55, 65, true);
    check(await ask({ around_seq: 60, limit: 10 }, c), 55, 64, true);
    check(await ask({ around_seq: 60, limit: 1 }, c), 60, 60, true);
    check(await ask({ around_seq: 60, limit: 2 }, c), 59, 60, true);
    check(await ask({ around_seq: 1, limit: 10 }, c), 1, 10, false);
    check(await ask({ around_seq: 3, limit: 10 }, c), 1, 10, false);
    check(await ask({ around_seq: 120, limit: 10 }, c), 111, 120, true);
    check(await ask({ around_seq: 118, limit: 10 }, c), 111, 120, true);
    check(await ask({ around_seq: 0, limit: 10 }, c), 1, 10, false);
    check(await ask({ around_seq: 99_999, limit: 10 }, c), 111, 120, true);
    check(await ask({ around_seq: 60, limit: 200 }, c), 1, 120, false);
    check(await ask({ around_seq: 60 }, c), 35, 84, true);
  });

  test('walks by every cursor give each entry once', async () => {
    const c = await b.connect();
    const down: number[] = [];
    let args: Json = {};
    for (;;) {
      const page = await ask({ ...args, limit: 7 }, c);
      down.unshift(...seqs(page));
      assert.equal(page.more, page.entries[0].seq > 1);
      if (!page.more) break;
      args = { before_seq: page.entries[0].seq };
    }
    assert.deepEqual(down, range(1, 120));
    const byTime: number[] = [];
    args = {};
    for (;;) {
      const page = await ask({ ...args, limit: 11 }, c);
      byTime.unshift(...seqs(page));
      if (!page.next_cursor) break;
      args = { before_ts: Number(page.next_cursor) };
    }
    assert.deepEqual(byTime, range(1, 120));
    const up: number[] = [];
    for (let more = true; more; ) {
      const page = await ask({ after_seq: up.length, limit: 13 }, c);
      up.push(...seqs(page));
      more = page.more;
    }
    assert.deepEqual(up, range(1, 120));
  });

  test('an entry in history is what its event was', async () => {
    const [x, y] = await w.users(2);
    const [cx, cy] = [await x.connect(), await y.connect()];
    await cx.ok('send', { to: y.id, cmid: cmid(), text: 'one', client_ts: 42 });
    await cx.ok('send', { to: y.id, cmid: cmid(), text: 'two', reply_to: 1 });
    const page = await cy.ok('history', { conv: x.direct(y) });
    for (const entry of page.entries) {
      const { ev, conv: where, ...event } = await cy.event('entry', (e) => e.seq === entry.seq);
      const { conv: also, ...stored } = entry;
      assert.equal(ev, 'entry');
      assert.ok(also === undefined || also === where);
      assert.deepEqual(stored, event);
    }
    assert.equal(page.entries[0].client_ts, 42);
    assert.equal(page.entries[1].reply_to, 1);
  });

  test("the writer's own devices see their cmids, others none", async () => {
    const own = await (await a.login()).connect();
    const page = await ask({ limit: 5 }, own);
    for (const e of page.entries) assert.match(e.cmid, /^[0-9a-f]{24}$/);
    const other = await ask({ limit: 5 });
    for (const e of other.entries) assert.ok(!('cmid' in e));
  });

  test('nothing written yet', async () => {
    const [x, y] = await w.users(2);
    const c = await x.connect();
    for (const args of [{}, { before_seq: 5 }, { after_seq: 0 }, { around_seq: 3 }, { before_ts: 1 }]) {
      const page = await c.ok('history', { conv: x.direct(y), ...args });
      assert.deepEqual(page.entries, []);
      assert.equal(page.first_seq, 1);
      assert.equal(page.last_seq, 0);
      assert.equal(page.more, false);
      assert.ok(!page.next_cursor);
    }
  });

  test('what is refused', async () => {
    const [x, y] = await w.users(2);
    const c = await x.connect();
    const refuse = (args: Json, code: string | string[], m?: RegExp): Promise<Json> =>
      c.err('history', args, code, m);
    await refuse({}, 'bad_request', /conv/);
    await refuse({ conv: '' }, 'bad_request', /conv/);
    await refuse({ conv }, 'not_member');
    await refuse({ conv: directConv(a.id, y.id) }, 'not_member');
    await refuse({ conv: `g.${'a'.repeat(32)}` }, 'not_member');
    await refuse({ conv: 'd.2.1' }, 'not_found');
    await refuse({ conv: x.direct(y), before_seq: 5, after_seq: 1 }, 'bad_request');
    await refuse({ conv: x.direct(y), before_seq: 5, before_ts: 1 }, 'bad_request');
    await refuse({ conv: x.direct(y), around_seq: 5, after_seq: 0 }, 'bad_request');
  });

  test('a page stays below 1 MiB, is as full as it can be, and says so', async () => {
    const [x, y] = await w.users(2);
    const c = await x.connect();
    const where = x.direct(y);
    const big = '😀'.repeat(8000);
    for (let i = 0; i < 45; i++) await c.ok('send', { to: y.id, cmid: cmid(), text: big });
    const cy = await y.connect();
    const newest = await cy.ok('history', { conv: where, limit: 200 });
    assert.equal(newest.more, true);
    assert.equal(newest.entries.at(-1).seq, 45);
    assert.ok(newest.entries.length >= 31 && newest.entries.length <= 32, `${newest.entries.length}`);
    assert.equal(newest.next_cursor, String(newest.entries[0].ts));
    const rest = await cy.ok('history', { conv: where, limit: 200, before_seq: newest.entries[0].seq });
    assert.deepEqual([...seqs(rest), ...seqs(newest)], range(1, 45));
    assert.equal(rest.more, false);
    const up = await cy.ok('history', { conv: where, limit: 200, after_seq: 0 });
    assert.equal(up.entries[0].seq, 1);
    assert.equal(up.more, true);
    const up2 = await cy.ok('history', { conv: where, limit: 200, after_seq: up.entries.at(-1).seq });
    assert.deepEqual([...seqs(up), ...seqs(up2)], range(1, 45));
    const around = await cy.ok('history', { conv: where, limit: 200, around_seq: 22 });
    assert.ok(seqs(around).includes(22), 'around keeps the entry asked for');
    const got = seqs(around);
    assert.deepEqual(got, range(got[0]!, got.at(-1)!));
    assert.equal(around.more, got[0]! > 1);
  });

  test('texts that grow when escaped do not pass 1 MiB either', async () => {
    const [x, y] = await w.users(2);
    const c = await x.connect();
    const text = '\u0001'.repeat(8000);
    for (let i = 0; i < 30; i++) await c.ok('send', { to: y.id, cmid: cmid(), text });
    const cy = await y.connect();
    let got: number[] = [];
    for (let more = true, args: Json = {}; more; ) {
      const page = await cy.ok('history', { conv: x.direct(y), limit: 200, ...args });
      got = [...seqs(page), ...got];
      more = page.more;
      args = { before_seq: got[0] };
      for (const e of page.entries) assert.equal(e.text, text);
    }
    assert.deepEqual(got, range(1, 30));
  });
});
