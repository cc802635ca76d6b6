// Long polling: cursors that may be repeated, gone, /v1/op, and what a poller is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkError, type Json, Rest } from '../lib/http.js';
import { cmid, flood, makeGroup, World, wait, world } from '../lib/world.js';

describe('long polling', () => {
  const w = world(new World({}));

  test('a session opens, tells events, and answers 204 when there are none', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const none = await p.ask(p.cursor, 200);
    assert.equal(none.status, 204);
    assert.equal(none.text, '');
    const sent = await a.op('send', { to: b.id, cmid: cmid(), text: 'hi' });
    const event = await p.event('entry');
    assert.equal(event.conv, sent.conv);
    assert.equal(event.seq, 1);
    assert.equal(event.text, 'hi');
    assert.equal(event.from, a.id);
  });

  test('a waiting poll is answered as soon as there is an event', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const waiting = p.ask(p.cursor, 20_000);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'now' });
    const answer = await waiting;
    assert.equal(answer.status, 200);
    assert.equal(answer.json.events[0].text, 'now');
    assert.notEqual(answer.json.cursor, p.cursor);
  });

  test('wait_ms is at most 30000', async () => {
    const a = await w.user();
    const p = await a.poll();
    for (const bad of ['30001', '-1', 'x', '1.5']) {
      const path = `/v1/poll?cursor=${encodeURIComponent(p.cursor)}&wait_ms=${bad}`;
      await a.rest.err('GET', path, undefined, 'bad_request', /wait_ms/);
    }
    assert.equal((await p.ask(p.cursor, 0)).status, 204);
  });

  test('the newest cursor and the one before may be repeated: the same events', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const send = (text: string): Promise<Json> => a.op('send', { to: b.id, cmid: cmid(), text });
    const c0 = p.cursor;
    await send('one');
    const first = await p.ask(c0);
    assert.deepEqual(
      first.json.events.map((e: Json) => e.text),
      ['one'],
    );
    const c1 = first.json.cursor;
    await send('two');
    const repeat = await p.ask(c0);
    assert.deepEqual(repeat.json, first.json, 'exactly the same, the new ones behind the new cursor');
    const second = await p.ask(c1);
    assert.deepEqual(
      second.json.events.map((e: Json) => e.text),
      ['two'],
    );
    const c2 = second.json.cursor;
    await send('three');
    assert.deepEqual((await p.ask(c1)).json, second.json);
    const third = await p.ask(c2);
    assert.deepEqual(
      third.json.events.map((e: Json) => e.text),
      ['three'],
    );
    assert.deepEqual((await p.ask(c2)).json, third.json);
    const old = await p.ask(c0);
    assert.equal(old.status, 410);
    checkError(old.json.error, 'gone');
  });

  test('an unknown cursor is gone', async () => {
    const a = await w.user();
    await a.poll();
    for (const cursor of ['x', '', '0', 'A'.repeat(200), '%00']) {
      if (cursor === '') continue;
      const answer = await a.rest.call('GET', `/v1/poll?cursor=${cursor}&wait_ms=100`);
      assert.equal(answer.status, 410, `${cursor}: ${answer.text}`);
      checkError(answer.json.error, 'gone');
    }
  });

  test("a new session ends the device's former one; other devices keep theirs", async () => {
    const a = await w.user();
    const a2 = await a.login();
    const first = await a.poll();
    const other = await a2.poll();
    const waiting = first.ask(first.cursor, 20_000);
    await wait(100);
    const second = await a.poll();
    const answer = await waiting;
    assert.equal(answer.status, 410);
    assert.equal((await first.ask()).status, 410);
    assert.equal((await second.ask(second.cursor, 100)).status, 204);
    assert.equal((await other.ask(other.cursor, 100)).status, 204);
  });

  test("a cursor of another user's session is gone", async () => {
    const [a, b] = await w.users(2);
    const p = await a.poll();
    await b.poll();
    const path = `/v1/poll?cursor=${encodeURIComponent(p.cursor)}&wait_ms=100`;
    await b.rest.err('GET', path, undefined, 'gone');
    assert.equal((await p.ask(p.cursor, 100)).status, 204);
  });

  test('many events come in order and completely', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const ca = await a.connect();
    const sending = flood(ca, { to: b.id }, 300);
    const got: number[] = [];
    while (got.length < 300) {
      for (const e of await p.step(5000)) if (e.ev === 'entry') got.push(e.seq);
    }
    await sending;
    assert.deepEqual(
      got,
      Array.from({ length: 300 }, (_, i) => i + 1),
    );
  });

  test('marks, groups and settings are told as on the socket', async () => {
    const [a, b] = await w.users(2);
    const [ca, p] = [await a.connect(), await b.poll()];
    const conv = await makeGroup(ca, [b], { name: 'Polled' });
    const is = await p.event('conv');
    assert.deepEqual([is.conv, is.kind, is.name, is.member], [conv, 'group', 'Polled', true]);
    await p.event('entry', (e) => e.kind === 'created');
    await ca.ok('ack', { read: { [conv]: 1 } });
    await p.event('mark', (e) => e.user === a.id && e.read === 1);
    await ca.ok('typing', { conv, on: true });
    await p.event('typing', (e) => e.user === a.id);
    const b2 = await (await b.login()).connect();
    await b2.ok('conv.set', { conv, pinned: true });
    await p.event('conv', (e) => e.pinned === true);
  });

  test('POST /v1/op: the frame of the socket, the status of the code', async () => {
    const [a, b] = await w.users(2);
    const op = async (body: Json, status: number): Promise<Json> => {
      const answer = await a.rest.call('POST', '/v1/op', body);
      assert.equal(answer.status, status, answer.text);
      return answer.json;
    };
    const pong = await op({ op: 'ping', id: 77 }, 200);
    assert.equal(pong.re, 77);
    assert.ok(Math.abs(pong.ok.server_time - Date.now()) < 60_000);
    const send = { op: 'send', id: -5, to: b.id, cmid: cmid(), text: 'by op' };
    const sent = await op(send, 200);
    assert.deepEqual([sent.re, sent.ok.seq, sent.ok.dup], [-5, 1, false]);
    assert.equal((await op(send, 200)).ok.dup, true);
    const page = await op({ op: 'history', id: 1, conv: a.direct(b) }, 200);
    assert.equal(page.ok.entries[0].text, 'by op');
    const list = await op({ op: 'sync', id: 1 }, 200);
    assert.equal(list.ok.conversations.length, 1);
    for (const [body, code, status] of [
      [{ op: 'hello', id: 1, token: a.token, client: 'x' }, 'unknown_op', 400],
      [{ op: 'nonsense', id: 1 }, 'unknown_op', 400],
      [{ op: 'send', id: 1, to: b.id, cmid: 'x', text: '' }, 'bad_request', 400],
      [{ op: 'send', id: 1, to: b.id, cmid: 'x', text: 'x'.repeat(9000) }, 'too_large', 413],
      [{ op: 'history', id: 1, conv: 'd.2.1' }, 'not_found', 404],
      [{ op: 'history', id: 1, conv: `g.${'0'.repeat(32)}` }, 'not_member', 403],
      [{ ...send, text: 'other' }, 'conflict', 409],
    ] as const) {
      const frame = await op(body, status);
      checkError(frame.error, code);
      assert.equal(frame.re, body.id);
    }
    const noId = await op({ op: 'ping' }, 400);
    checkError(noId.error, 'bad_request', /id/);
    assert.equal(noId.re, null);
    await a.rest.err('POST', '/v1/op', '[]', 'bad_request');
    await a.rest.err('POST', '/v1/op', '{"op":"ping","op":"ping","id":1}', 'bad_request');
    const big = `{"op":"ping","id":1,"x":"${'x'.repeat(65536)}"}`;
    const large = await a.rest.call('POST', '/v1/op', big);
    assert.equal(large.status, 413);
    await new Rest(w.url).err('POST', '/v1/op', { op: 'ping', id: 1 }, 'unauthorized');
  });

  test("what a device writes does not come back to its own poll session, but to the user's others", async () => {
    const [a, b] = await w.users(2);
    const a2 = await a.login();
    const [own, other] = [await a.poll(), await a2.poll()];
    const socket = await a.connect();
    const first = await a.op('send', { to: b.id, cmid: cmid(), text: 'by op' });
    const second = await a.rest.ok('POST', '/v1/messages', { to: b.id, cmid: cmid(), text: 'rest' }, 201);
    await b.op('send', { to: a.id, cmid: cmid(), text: 'sentinel' });
    for (const seq of [first.seq, second.seq]) {
      await other.event('entry', (e) => e.seq === seq && typeof e.cmid === 'string');
      await socket.event('entry', (e) => e.seq === seq);
    }
    await own.event('entry', (e) => e.text === 'sentinel');
    assert.deepEqual(own.unseen('entry'), []);
  });

  test("what a device's socket writes comes to its poll session", async () => {
    const [a, b] = await w.users(2);
    const own = await a.poll();
    const socket = await a.connect();
    const sent = await socket.ok('send', { to: b.id, cmid: cmid(), text: 'by socket' });
    const event = await own.event('entry');
    assert.equal(event.seq, sent.seq);
  });

  test('sending needs no poll session', async () => {
    const [a, b] = await w.users(2);
    const sent = await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    assert.equal(sent.seq, 1);
  });

  test("watch by /v1/op binds to the device's poll session", async () => {
    const [a, b] = await w.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    const p = await a.poll();
    const seen = await a.op('watch', { users: [b.id] });
    assert.equal(seen.users[0].status, 'offline');
    await b.connect();
    // Of several servers one may tell first that b may be seen, and is off line: presence may take 1 s.
    const event = await p.event('presence', (e) => e.status === 'online');
    assert.equal(event.user, b.id);
  });

  test('a user who polls is online', async () => {
    const [a, b] = await w.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    const ca = await a.connect();
    await ca.ok('watch', { users: [b.id] });
    const p = await b.poll();
    await ca.event('presence', (e) => e.status === 'online');
    await p.step(100);
    const { users } = await ca.ok('presence', { users: [b.id] });
    assert.equal(users[0].status, 'online');
  });

  test('a token taken away ends polls with 401', async () => {
    const a = await w.user();
    const other = await a.login();
    const p = await a.poll();
    const waiting = p.ask(p.cursor, 20_000);
    await wait(100);
    await other.rest.ok('DELETE', `/v1/devices/${a.device}`, undefined, 204);
    const answer = await waiting;
    assert.equal(answer.status, 401, answer.text);
    assert.equal((await p.ask()).status, 401);
  });

  test('a client that gives up a poll loses nothing', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const stop = new AbortController();
    const waiting = p.ask(p.cursor, 20_000, stop.signal);
    await wait(100);
    stop.abort();
    await assert.rejects(waiting);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'kept' });
    const event = await p.event('entry');
    assert.equal(event.text, 'kept');
  });

  test('a second poll with the same cursor takes over, both may be answered', async () => {
    const [a, b] = await w.users(2);
    const p = await b.poll();
    const first = p.ask(p.cursor, 3000);
    await wait(100);
    const second = p.ask(p.cursor, 20_000);
    await wait(100);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    const answer = await second;
    assert.equal(answer.status, 200);
    assert.equal(answer.json.events.length, 1);
    const other = await first;
    if (other.status === 200) assert.deepEqual(other.json, answer.json);
    else assert.equal(other.status, 204);
  });
});
