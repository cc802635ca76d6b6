// Connections and hello: subprotocol, sign-in rules, its answer, one connection a device, heartbeats.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkError } from '../lib/http.js';
import { SHARED, unshared } from '../lib/place.js';
import { cmid, flood, World, wait, world } from '../lib/world.js';
import { OP } from '../lib/ws.js';

const LIMITS = {
  text_code_points: 8000,
  text_bytes: 32768,
  frame_bytes: 65536,
  group_members: 500,
  sends_burst: 100,
  // On a service that runs already, its tests set no limits of speed.
  sends_per_second: SHARED ? 0 : 20,
  ops_per_second: SHARED ? 0 : 1000,
  devices: 10,
  history_page: 200,
  presence_ids: 500,
  name_code_points: 64,
  json_depth: 16,
};

describe('hello', () => {
  const w = world(new World({ options: ['limits.sends_per_second=20', 'limits.ops_per_second=1000'] }));

  test('its answer is complete', async () => {
    const a = await w.user({ display_name: 'Ada' });
    const c = await w.client();
    const ok = await c.hello(a.token);
    assert.deepEqual({ ...ok.user }, { id: a.id, name: a.name, display_name: 'Ada' });
    assert.equal(ok.device, a.device);
    assert.equal(typeof ok.store, 'string');
    assert.ok(Number.isInteger(ok.server_time));
    assert.ok(Math.abs(ok.server_time - Date.now()) < 60_000);
    assert.equal(ok.heartbeat_ms, 25_000);
    for (const [name, value] of Object.entries(LIMITS)) assert.equal(ok.limits[name], value, name);
    assert.equal(ok.conversations, undefined, 'sync is answered only if asked');
    assert.equal(ok.sync_token, undefined);
  });

  test('store is the same for everybody and every time', async () => {
    const [a, b] = await w.users(2);
    const one = await a.connect();
    const two = await b.connect();
    assert.equal(one.session.store, two.session.store);
  });

  test('the subprotocol is chosen if offered, and not required', async () => {
    const a = await w.user();
    for (const [offer, chosen] of [
      ['parley.v1', 'parley.v1'],
      ['foo, parley.v1', 'parley.v1'],
      ['parley.v1,bar', 'parley.v1'],
      ['', undefined],
      ['foo', undefined],
    ] as const) {
      const c = await w.client({ protocols: offer });
      assert.equal(c.ws.headers.get('sec-websocket-protocol'), chosen, `offered "${offer}"`);
      await c.hello(a.token);
      await c.close();
    }
  });

  test('the hint ?u= is never trusted', async () => {
    const a = await w.user();
    for (const path of ['/v1/ws?u=', '/v1/ws?u=1', `/v1/ws?u=${a.id}&x=y`, '/v1/ws?u=%00%ff']) {
      const c = await w.client({ path });
      const ok = await c.hello(a.token);
      assert.equal(ok.user.id, a.id);
      await c.close();
    }
  });

  test('any other operation first closes with 4401', async () => {
    for (const frame of [
      { op: 'ping', id: 1 },
      { op: 'send', id: 1, to: '1', cmid: 'x', text: 'x' },
      { op: 'sync', id: 1 },
      { op: 'nonsense', id: 1 },
    ]) {
      const ws = await w.socket();
      ws.text(JSON.stringify(frame));
      await ws.expectClose(4401);
    }
  });

  test('a bad token: unauthorized, then 4401', async () => {
    for (const token of ['', 'x', 'A'.repeat(43), 'A'.repeat(5000), 'ü']) {
      const c = await w.client();
      const answer = await c.request('hello', { token, client: 'test/1.0' });
      assert.equal(answer.re, 1);
      checkError(answer.error, 'unauthorized');
      await c.expectClose(4401);
    }
  });

  test('a hello with a wrong member is bad_request, and may be said again', async () => {
    const a = await w.user();
    const c = await w.client();
    const token = a.token;
    const client = 'test/1.0';
    await c.err('hello', { client }, 'bad_request', /token/);
    await c.err('hello', { token: 5, client }, 'bad_request', /token/);
    await c.err('hello', { token: null, client }, 'bad_request', /token/);
    await c.err('hello', { token, client: 5 }, 'bad_request', /client/);
    await c.err('hello', { token }, 'bad_request', /client/);
    await c.err('hello', { token, client, sync: 'all' }, 'bad_request', /sync/);
    await c.err('hello', { token, client, sync: [] }, 'bad_request', /sync/);
    await c.err('hello', { token, client, sync: { limit: 0 } }, 'bad_request', /limit/);
    await c.err('hello', { token, client, sync: { have: 5 } }, 'bad_request', /have/);
    c.ws.text('{}');
    const noOp = await c.answerNull();
    checkError(noOp.error, 'bad_request');
    const ok = await c.ok('hello', { token, client, sync: null });
    assert.equal(ok.user.id, a.id);
  });

  test('an object without op before hello is bad_request', async () => {
    const a = await w.user();
    const c = await w.client();
    const answer = await c.rawRequest(7, '{"id":7}');
    checkError(answer.error, 'bad_request', /op/);
    await c.hello(a.token);
  });

  test('a frame wrong in itself closes with its own code before hello', async () => {
    const binary = await w.socket();
    binary.frame({ opcode: OP.binary, payload: 'x' });
    await binary.expectClose(1003);
    const json = await w.socket();
    json.text('hello?');
    await json.expectClose(4400);
    const utf8 = await w.socket();
    utf8.text(Buffer.from([0xff]));
    await utf8.expectClose(1007);
    const large = await w.socket();
    large.text(`{"op":"hello","id":1,"x":"${'x'.repeat(65536)}"}`);
    await large.expectClose(4413);
    const dup = await w.socket();
    dup.text('{"op":"hello","op":"hello","id":1}');
    await dup.expectClose(4400);
  });

  test('a second hello is bad_request, and the connection stays', async () => {
    const a = await w.user();
    const c = await a.connect();
    await c.err('hello', { token: a.token, client: 'test/1.0' }, 'bad_request');
    await c.err('hello', { token: 'wrong', client: 'test/1.0' }, 'bad_request');
    await c.ok('ping');
  });

  test('ping answers server_time', async () => {
    const a = await w.user();
    const c = await a.connect();
    const ok = await c.ok('ping');
    assert.ok(Math.abs(ok.server_time - Date.now()) < 60_000);
  });

  test('a newer connection of the same device replaces the older: 4409', async () => {
    const a = await w.user();
    const old = await a.connect();
    const now = await a.connect();
    await old.expectClose(4409);
    await now.ok('ping');
    const third = await a.connect();
    await now.expectClose(4409);
    await third.ok('ping');
  });

  test('devices of one user live side by side', async () => {
    const a = await w.user();
    const b = await a.login();
    const [one, two] = [await a.connect(), await b.connect()];
    assert.notEqual(one.session.device, two.session.device);
    await one.ok('ping');
    await two.ok('ping');
  });

  test('many hellos of one device at once leave one connection', async () => {
    const a = await w.user();
    const all = await Promise.all(Array.from({ length: 8 }, () => w.client()));
    await Promise.allSettled(all.map((c) => c.hello(a.token)));
    let left = all.length;
    const codes: number[] = [];
    await new Promise<void>((go) => {
      for (const c of all) {
        void c.ws.closed.then((closed) => {
          codes.push(closed.code);
          if (--left === 1) go();
        });
      }
    });
    assert.deepEqual(new Set(codes), new Set([4409]));
    await all.find((c) => !c.ws.ended)!.ok('ping');
  });

  test('hello with sync answers it too', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    await flood(cb, { to: a.id }, 3);
    const c = await w.client();
    const ok = await c.hello(a.token, { sync: {} });
    assert.equal(ok.user.id, a.id);
    assert.equal(ok.conversations.length, 1);
    assert.equal(ok.conversations[0].conv, a.direct(b));
    assert.equal(ok.conversations[0].last_seq, 3);
    assert.equal(typeof ok.sync_token, 'string');
    assert.ok(!ok.cursor);
  });

  test("hello's sync cursor goes on with op sync", async () => {
    const [a, ...others] = await w.users(4);
    const ca = await a.connect();
    for (const o of others) await ca.ok('send', { to: o.id, cmid: cmid(), text: 'x' });
    const c = await w.client();
    const ok = await c.hello(a.token, { sync: { limit: 2 } });
    assert.equal(ok.conversations.length, 2);
    assert.equal(typeof ok.cursor, 'string');
    const rest = await c.ok('sync', { cursor: ok.cursor, limit: 2 });
    assert.equal(rest.conversations.length, 1);
    assert.equal(rest.sync_token, ok.sync_token);
    assert.ok(!rest.cursor);
  });

  test('hello with an unknown since is bad_request', async () => {
    const a = await w.user();
    const c = await w.client();
    await c.err(
      'hello',
      { token: a.token, client: 't', sync: { since: 'nonsense' } },
      'bad_request',
      /since/,
    );
    await c.err(
      'hello',
      { token: a.token, client: 't', sync: { cursor: 'nonsense' } },
      'bad_request',
      /cursor/,
    );
    await c.hello(a.token);
  });

  test('nothing said within 10 s closes with 4401, a bad hello does not stop the clock', async () => {
    const silent = await w.client();
    const babble = await w.client();
    const started = Date.now();
    await babble.err('hello', {}, 'bad_request');
    const speak = setInterval(() => babble.ws.text('{"op":"hello","id":1,"client":"x"}'), 1000);
    babble.ws.onText = () => undefined;
    await Promise.all([silent.expectClose(4401, 16_000), babble.expectClose(4401, 16_000)]);
    clearInterval(speak);
    assert.ok(Date.now() - started > 8000, 'not before the 10 s');
  });
});

describe('a server that stands still', { skip: unshared('it is stopped') }, () => {
  const w = world(new World({ own: true, options: ['heartbeat.hello_ms=2000'] }));

  test('the time it stood is not counted: a late hello is heard, a missing one closes', async () => {
    const a = await w.user();
    const late = await w.client();
    const silent = await w.client();
    w.server!.signal('SIGSTOP');
    await wait(6000);
    w.server!.signal('SIGCONT');
    // Time to look at what is due.
    await wait(500);
    await late.hello(a.token);
    await silent.expectClose(4401, 16_000);
  });
});

describe('heartbeat', { skip: unshared('its own heartbeat times') }, () => {
  const w = world(new World({ own: true, options: ['heartbeat.ping_ms=300', 'heartbeat.dead_ms=1200'] }));

  test('heartbeat_ms is the ping interval', async () => {
    const a = await w.user();
    const c = await a.connect();
    assert.equal(c.session.heartbeat_ms, 300);
  });

  test('an idle connection is pinged, and lives while it answers', async () => {
    const a = await w.user();
    const c = await a.connect();
    await c.ws.until(() => c.ws.pings.length >= 4, 'four pings');
    await c.ok('ping');
  });

  test('a connection silent for dead_ms is dead', async () => {
    const a = await w.user();
    const c = await a.connect({}, { pong: false });
    await c.ws.until(() => c.ws.pings.length >= 1, 'a ping');
    await c.ws.closed;
  });

  test('any frame of the client counts as life', async () => {
    const a = await w.user();
    const c = await a.connect({}, { pong: false });
    const end = Date.now() + 3000;
    while (Date.now() < end) {
      await c.ok('ping');
      await new Promise((go) => setTimeout(go, 200));
    }
    assert.ok(!c.ws.ended);
  });
});

describe('what is sent behind hello, before its answer', () => {
  const w = world(new World({ options: [] }));

  test('is asked by who signs in, and by nobody before', async () => {
    const [a, b, stranger] = [await w.user(), await w.user(), await w.user()];
    const writer = await w.client();
    await writer.hello(a.token);
    const { conv } = await writer.ok('send', { to: b.id, cmid: cmid(), text: 'Between us' });
    for (let i = 0; i < 20; i++) {
      for (const who of [stranger, a]) {
        const c = await w.client();
        const answers = [
          c.request('hello', { token: who.token, client: 'test/1.0', sync: {} }),
          c.request('history', { conv }),
          c.request('members', { conv }),
          c.request('ack', { read: { [conv]: 1 } }),
          c.request('search', { text: 'Between' }),
        ];
        const [hello, history, members, ack, search] = await Promise.all(answers);
        assert.ok(hello.ok);
        if (who === stranger) {
          for (const refused of [history, members, ack]) assert.equal(refused.error?.code, 'not_member');
          assert.ok(!JSON.stringify(search).includes('Between us'));
        } else {
          assert.equal(typeof history.ok.entries[0].cmid, 'string');
          assert.ok(members.ok && ack.ok);
        }
        await c.close();
      }
    }
  });

  test('is refused when hello is', async () => {
    const c = await w.client();
    const closed = c.expectClose(4401);
    const hello = c.request('hello', { token: 'x'.repeat(43), client: 'test/1.0' });
    c.request('sync', {}).catch(() => undefined);
    assert.equal((await hello).error.code, 'unauthorized');
    await closed;
  });
});

describe('the oldest version of a client', { skip: unshared('its own setting') }, () => {
  const w = world(new World({ options: ['server.oldest_clients=tui/0.4, web/1.2'] }));

  test('is told to clients of that name, whatever their version, and to no others', async () => {
    const a = await w.user();
    for (const [client, oldest] of [
      ['web/1.0', 'web/1.2'],
      ['web/9', 'web/1.2'],
      ['web', 'web/1.2'],
      ['tui/0.1', 'tui/0.4'],
      ['webx/1.0', undefined],
      ['we/1.0', undefined],
      ['sdk/1.0', undefined],
      ['/1.0', undefined],
    ] as const) {
      const c = await w.client();
      assert.equal((await c.hello(a.token, { client })).oldest_client, oldest, client);
      await c.close();
    }
  });

  test('by long polling all of them are told when a session is opened', async () => {
    const a = await w.user();
    const opened = await a.rest.ok('GET', '/v1/poll');
    assert.deepEqual(opened.oldest_clients, ['tui/0.4', 'web/1.2']);
  });
});
