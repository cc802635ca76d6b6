// send: numbers, times, cmids, refusals, texts kept byte for byte, and the order of answers and events.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import { checkError, type Json } from '../lib/http.js';
import { cmid, directConv, flood, makeGroup, World, world } from '../lib/world.js';

describe('send', () => {
  const w = world(new World({}));

  test('numbers from 1, computes the conversation, gives rising times', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = directConv(a.id, b.id);
    const first = await ca.ok('send', { to: b.id, cmid: cmid(), text: 'hi' });
    assert.equal(first.conv, conv);
    assert.equal(first.seq, 1);
    assert.equal(first.dup, false);
    assert.ok(Number.isInteger(first.ts) && Math.abs(first.ts - Date.now()) < 60_000);
    const second = await cb.ok('send', { to: a.id, cmid: cmid(), text: 'ho' });
    assert.equal(second.conv, conv);
    assert.equal(second.seq, 2);
    const third = await ca.ok('send', { conv, cmid: cmid(), text: 'again' });
    assert.equal(third.seq, 3);
    assert.ok(first.ts < second.ts && second.ts < third.ts, 'ts strictly increases');
  });

  test('by conv before any entry', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const ok = await ca.ok('send', { conv: a.direct(b), cmid: cmid(), text: 'x' });
    assert.equal(ok.seq, 1);
  });

  test('the entry reaches every device of both, with what it should carry', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const ca2 = await (await a.login()).connect();
    const cb = await b.connect();
    const cb2 = await (await b.login()).connect();
    await cb.ok('send', { to: a.id, cmid: cmid(), text: 'first' });
    const id = cmid();
    const args = { to: b.id, cmid: id, text: 'hello', reply_to: 1, client_ts: 1234567890123 };
    const ok = await ca.ok('send', args);
    for (const c of [ca2, cb, cb2]) {
      const event = await c.event('entry', (e) => e.seq === ok.seq);
      assert.equal(event.conv, ok.conv);
      assert.equal(event.ts, ok.ts);
      assert.equal(event.from, a.id);
      assert.equal(event.kind, 'text');
      assert.equal(event.text, 'hello');
      assert.equal(event.reply_to, 1);
      assert.equal(event.client_ts, 1234567890123);
      if (c === ca2) assert.equal(event.cmid, id, "the writer's own devices see the cmid");
      else assert.ok(!('cmid' in event), 'nobody else does');
    }
    await ca.event('entry', (e) => e.seq === 1);
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'after' });
    await cb.event('entry', (e) => e.seq === 3);
    await cb.ok('send', { to: a.id, cmid: cmid(), text: 'sentinel' });
    await ca.event('entry', (e) => e.seq === 4);
    assert.deepEqual(
      ca.history('entry').map((e) => e.seq),
      [1, 4],
      'not its own two',
    );
  });

  test('an event of a plain text has no members it does not need', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    await (await a.connect()).ok('send', { to: b.id, cmid: cmid(), text: 'x' });
    const event = await cb.event('entry');
    assert.ok(!event.reply_to && !event.target && !event.users && !event.client_ts);
  });

  test('what is wrong is refused', async () => {
    const [a, b, x] = await w.users(3);
    const c = await a.connect();
    const send = (args: Json, code: string | string[], message?: RegExp): Promise<Json> =>
      c.err('send', { cmid: cmid(), text: 'x', ...args }, code, message);
    const conv = a.direct(b);
    await send({}, 'bad_request', /to|conv/);
    await send({ to: b.id, conv }, 'bad_request', /to|conv/);
    await send({ to: a.id }, 'bad_request');
    await send({ to: '1' }, 'not_found');
    await send({ to: '9223372036854775807' }, 'not_found');
    await send({ to: 'abc' }, ['not_found', 'bad_request']);
    await send({ to: '' }, ['not_found', 'bad_request']);
    await send({ to: `0${b.id}` }, ['not_found', 'bad_request']);
    await send({ to: `${b.id} ` }, ['not_found', 'bad_request']);
    await send({ to: '99999999999999999999999999' }, ['not_found', 'bad_request']);
    const [low, high] = BigInt(a.id) < BigInt(b.id) ? [a.id, b.id] : [b.id, a.id];
    await send({ conv: `d.${high}.${low}` }, 'not_found');
    for (const bad of [
      'd.',
      'd.1',
      'd.1.',
      'd..2',
      'd.a.b',
      `d.0${low}.${high}`,
      `d.${low}.${high}.1`,
      `d.${low}.${high} `,
      `d.+${low}.${high}`,
      'd.1.99999999999999999999',
      `d.-1.${high}`,
    ]) {
      await send({ conv: bad }, 'not_found');
    }
    await send({ conv: `d.${a.id}.${a.id}` }, ['not_found', 'bad_request']);
    await send({ conv: directConv(b.id, x.id) }, 'not_member');
    await send({ conv: directConv(a.id, '1') }, 'not_found');
    await send({ conv: `g.${'0'.repeat(32)}` }, 'not_member');
    await send({ conv: 'g.' }, ['not_member', 'not_found']);
    await send({ conv: 'nonsense' }, ['not_member', 'not_found']);
    await send({ conv: 'x'.repeat(65) }, ['not_member', 'not_found', 'bad_request']);
    await send({ conv: '' }, 'bad_request', /conv/);
    await send({ to: b.id, text: '' }, 'bad_request', /text/);
    await send({ to: b.id, cmid: '' }, 'bad_request', /cmid/);
    await send({ to: b.id, cmid: 'x'.repeat(65) }, 'bad_request', /cmid/);
    await send({ to: b.id, cmid: 'é'.repeat(33) }, 'bad_request', /cmid/);
    await send({ to: b.id, text: 'x'.repeat(8001) }, 'too_large');
    await send({ to: b.id, text: '😀'.repeat(8001) }, 'too_large');
    await send({ to: b.id, reply_to: 1 }, 'bad_request', /reply_to/);
    assert.equal((await c.ok('history', { conv })).last_seq, 0);
  });

  test('a text of 8,000 code points and 32,000 bytes is taken', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await ca.ok('send', { to: b.id, cmid: cmid(), text: '😀'.repeat(8000) });
    const event = await cb.event('entry');
    assert.equal(event.text, '😀'.repeat(8000));
  });

  test('text is kept byte for byte', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const texts = [
      '  leading and trailing  ',
      '\r\n\t\v\f\u0001\u001f\u007f',
      'é',
      'e\u0301',
      '👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪',
      '\u202eright to left\u202c',
      '\u200b\ufeff\u2028\u2029\uffff\u{10ffff}',
      '"quotes\\" and </script> & {"json":[1]}',
      '\u0000'.replace('\u0000', ' '),
      'مرحبا שלום 你好 한국어',
    ];
    for (const text of texts) await ca.ok('send', { to: b.id, cmid: cmid(), text });
    const page = await cb.ok('history', { conv: a.direct(b) });
    assert.deepEqual(
      page.entries.map((e: Json) => e.text),
      texts,
    );
    for (const [i, text] of texts.entries()) {
      const event = await cb.event('entry', (e) => e.seq === i + 1);
      assert.equal(event.text, text);
    }
  });

  test('the same cmid again is the same entry', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const other = await a.login();
    const ca2 = await other.connect();
    const cb = await b.connect();
    const args = { to: b.id, cmid: cmid(), text: 'once', client_ts: 1 };
    const first = await ca.ok('send', args);
    const conv = first.conv;
    const expected = { conv, seq: first.seq, ts: first.ts, dup: true };
    assert.deepEqual(await ca.ok('send', args), expected);
    assert.deepEqual(await ca2.ok('send', args), expected, 'from another device');
    assert.deepEqual(await ca.ok('send', { ...args, client_ts: 99 }), expected, 'client_ts is not body');
    const byConv = { conv, cmid: args.cmid, text: 'once' };
    assert.deepEqual(await ca.ok('send', byConv), expected, 'to and conv name the same');
    const rest = await other.rest.ok('POST', '/v1/messages', byConv, 200);
    assert.equal(rest.seq, first.seq);
    assert.equal(rest.dup, true);
    const again = await cb.ok('send', { ...args, to: a.id });
    assert.equal(again.dup, false, 'another user has cmids of their own');
    const page = await ca.ok('history', { conv });
    assert.equal(page.last_seq, 2);
    assert.equal(cb.history('entry').length, 1);
  });

  test('the same cmid in another conversation is another entry', async () => {
    const [a, b, x] = await w.users(3);
    const ca = await a.connect();
    const id = cmid();
    await ca.ok('send', { to: b.id, cmid: id, text: 'x' });
    const other = await ca.ok('send', { to: x.id, cmid: id, text: 'y' });
    assert.equal(other.dup, false);
    assert.equal(other.seq, 1);
  });

  test('cmids are compared byte for byte', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const root = cmid();
    const ids = [
      root,
      root.toUpperCase(),
      `${root} `,
      ` ${root}`,
      `${root}é`,
      `${root}e\u0301`,
      'x',
      '😀',
      'y'.repeat(64),
      'é'.repeat(32),
      '../../x',
      '%',
      '"',
    ];
    for (const [i, id] of ids.entries()) {
      const ok = await ca.ok('send', { to: b.id, cmid: id, text: `t${i}` });
      assert.equal(ok.dup, false, id);
      assert.equal(ok.seq, i + 1);
    }
    for (const [i, id] of ids.entries()) {
      const ok = await ca.ok('send', { to: b.id, cmid: id, text: `t${i}` });
      assert.equal(ok.dup, true);
      assert.equal(ok.seq, i + 1);
    }
  });

  test('the same cmid with another body is a conflict, for ever and without effect', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const conv = a.direct(b);
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'base' });
    const args = { to: b.id, cmid: cmid(), text: 'one' };
    await ca.ok('send', args);
    await ca.err('send', { ...args, text: 'two' }, 'conflict');
    await ca.err('send', { ...args, text: 'one ' }, 'conflict');
    await ca.err('send', { ...args, reply_to: 1 }, 'conflict');
    await ca.err('react', { conv, seq: 1, emoji: 'x', on: true, cmid: args.cmid }, 'conflict');
    await ca.err('edit', { conv, seq: 1, text: 'one', cmid: args.cmid }, 'conflict');
    await ca.err('delete', { conv, seq: 1, cmid: args.cmid }, 'conflict');
    assert.equal((await ca.ok('send', args)).dup, true);
    assert.equal((await ca.ok('history', { conv })).last_seq, 2);
  });

  test('a retry inherits the first answer even when the body is checked later', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const args = { to: b.id, cmid: cmid(), text: 'before the block' };
    const first = await ca.ok('send', args);
    await cb.ok('block', { user: a.id });
    await ca.err('send', { to: b.id, cmid: cmid(), text: 'after' }, 'blocked');
    const again = await ca.ok('send', args);
    assert.equal(again.dup, true);
    assert.equal(again.seq, first.seq);
    await ca.err('send', { ...args, text: 'other' }, 'conflict');
    await ca.err('send', { ...args, text: '' }, 'bad_request');
    await ca.err('send', { ...args, text: 5 }, 'bad_request');
  });

  test('a refused cmid is free: refused now, accepted later', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await cb.ok('block', { user: a.id });
    const args = { to: b.id, cmid: cmid(), text: 'x' };
    await ca.err('send', args, 'blocked');
    await cb.ok('unblock', { user: a.id });
    const ok = await ca.ok('send', args);
    assert.deepEqual([ok.seq, ok.dup], [1, false]);
  });

  test('many retries of one cmid at once make one entry', async () => {
    const [a, b] = await w.users(2);
    const devices = [a, await a.login(), await a.login()];
    const clients = await Promise.all(devices.map((d) => d.connect()));
    const args = { to: b.id, cmid: cmid(), text: 'race' };
    const tries = clients.flatMap((c) => Array.from({ length: 20 }, () => c.ok('send', args)));
    const answers = await Promise.all(tries);
    assert.deepEqual(new Set(answers.map((x) => x.seq)), new Set([1]));
    assert.equal(new Set(answers.map((x) => x.ts)).size, 1);
    assert.equal(answers.filter((x) => !x.dup).length, 1);
  });

  test('answers come in the order asked, events without holes', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const answers = await flood(ca, { to: b.id }, 300);
    assert.deepEqual(
      answers.map((x) => x.seq),
      Array.from({ length: 300 }, (_, i) => i + 1),
    );
    await cb.event('entry', (e) => e.seq === 300);
    const events = cb.history('entry');
    assert.deepEqual(
      events.map((e) => e.seq),
      answers.map((x) => x.seq),
    );
    assert.deepEqual(
      events.map((e) => e.text),
      answers.map((_, i) => `m ${i + 1}`),
    );
    assert.deepEqual(
      events.map((e) => e.ts),
      answers.map((x) => x.ts),
    );
    for (let i = 1; i < events.length; i++) assert.ok(events[i].ts > events[i - 1].ts);
    const order = ca.all
      .map((r) => r.frame)
      .filter((f) => f.ok?.seq)
      .map((f) => f.ok.seq);
    assert.deepEqual(
      order,
      answers.map((x) => x.seq),
    );
  });

  /** An answer with seq n comes before any event with a higher seq on the same connection. */
  function checkAnswersFirst(c: Client, conv: string): void {
    let highest = 0;
    for (const { frame } of c.all) {
      if (frame.ev === 'entry' && frame.conv === conv) highest = Math.max(highest, frame.seq);
      if (frame.ok?.conv === conv && !frame.ok.dup) {
        assert.ok(highest < frame.ok.seq, `event ${highest} came before the answer ${frame.ok.seq}`);
      }
    }
  }

  test('two who write at once see one order', async () => {
    const [a, b] = await w.users(2);
    const a2 = await a.login();
    const clients = [await a.connect(), await a2.connect(), await b.connect()];
    const conv = a.direct(b);
    await Promise.all(clients.map((c, i) => flood(c, { conv }, 100, `from ${i}`)));
    const pages = await Promise.all(
      [0, 100, 200].map((after_seq) => clients[0]!.ok('history', { conv, after_seq, limit: 100 })),
    );
    const log = pages.flatMap((p) => p.entries);
    assert.deepEqual(
      log.map((e: Json) => e.seq),
      Array.from({ length: 300 }, (_, i) => i + 1),
    );
    for (const c of clients) {
      const own = new Map<number, Json>();
      for (const { frame } of c.all) if (frame.ok?.seq) own.set(frame.ok.seq, frame.ok);
      await c.ws.until(() => c.history('entry').length >= 200, 'all events');
      checkAnswersFirst(c, conv);
      const events = c.history('entry');
      for (let i = 1; i < events.length; i++) assert.ok(events[i].seq > events[i - 1].seq);
      for (const e of events) {
        const { cmid: id, ...stored } = log[e.seq - 1];
        const { cmid: seen, ev, conv: where, ...event } = e;
        assert.equal(ev, 'entry');
        assert.equal(where, conv);
        assert.equal(event.text, stored.text);
        assert.equal(event.ts, stored.ts);
        assert.equal(event.from, stored.from);
        assert.ok(id === undefined || seen === undefined || id === seen);
      }
      assert.equal(own.size + events.length, 300);
    }
  });

  test('requests about one conversation take effect in the order asked', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = a.direct(b);
    const jobs: Promise<Json>[] = [];
    for (let i = 0; i < 20; i++) {
      jobs.push(c.ok('history', { conv, limit: 1 }));
      jobs.push(c.ok('send', { conv, cmid: cmid(), text: `t${i}` }));
      jobs.push(c.ok('edit', { conv, seq: 2 * i + 1, cmid: cmid(), text: `e${i}` }));
    }
    const answers = await Promise.all(jobs);
    for (let i = 0; i < 20; i++) {
      assert.equal(answers[3 * i].last_seq, 2 * i, 'history sees what was asked before it, no more');
      assert.equal(answers[3 * i + 1].seq, 2 * i + 1);
      assert.equal(answers[3 * i + 2].seq, 2 * i + 2);
    }
    const order = c.all.map((r) => r.frame.re).filter((re) => re > 1);
    assert.deepEqual(
      order,
      [...order].sort((x, y) => x - y),
    );
  });

  test('a refusal keeps its place among the answers', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = a.direct(b);
    const mixed = [];
    for (let i = 0; i < 30; i++) {
      const seq = i % 3 === 1 ? { reply_to: 9999 } : {};
      mixed.push(c.request('send', { conv, cmid: cmid(), text: i % 3 === 2 ? '' : 'x', ...seq }));
    }
    const answers = await Promise.all(mixed);
    for (const [i, frame] of answers.entries()) {
      if (i % 3 === 0) assert.equal(frame.ok.seq, i / 3 + 1);
      else checkError(frame.error, 'bad_request');
    }
    const order = c.all.map((r) => r.frame.re).filter((re) => re > 1);
    assert.deepEqual(
      order,
      [...order].sort((x, y) => x - y),
    );
  });

  test('one conversation does not wait for another', async () => {
    const [a, ...others] = await w.users(9);
    const c = await a!.connect();
    const sends = others.flatMap((o) => Array.from({ length: 25 }, () => o));
    const counts = new Map<string, number>();
    const answers = await Promise.all(sends.map((o) => c.ok('send', { to: o.id, cmid: cmid(), text: 'x' })));
    for (const ok of answers) {
      const seq = (counts.get(ok.conv) ?? 0) + 1;
      assert.equal(ok.seq, seq);
      counts.set(ok.conv, seq);
    }
  });

  test('a group reaches every member once', async () => {
    const users = await w.users(6);
    const clients = await Promise.all(users.map((u) => u.connect()));
    const conv = await makeGroup(clients[0]!, users.slice(1));
    await Promise.all(clients.map((c, i) => flood(c, { conv }, 10, `${i}`)));
    await Promise.all(
      clients.map(async (c, i) => {
        const expected = i === 0 ? 50 : 51;
        await c.ws.until(() => c.history('entry').length >= expected, 'every entry');
        assert.equal(new Set(c.history('entry').map((e) => e.seq)).size, expected);
        checkAnswersFirst(c, conv);
      }),
    );
  });
});
