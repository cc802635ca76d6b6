// Operations: health, metrics, draining and the way a server stops.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, RawHttp } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { Server } from '../lib/server.js';
import { cmid, eventually, flood, World, wait, world } from '../lib/world.js';

const skip = unshared('a server that it configures, drains and ends');

/** Parses a Prometheus page; fails on lines that are not in the format. */
function parseMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const typed = new Set<string>();
  assert.ok(text.endsWith('\n'));
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type) {
      assert.ok(!typed.has(type[1]!), `TYPE of ${type[1]} twice`);
      typed.add(type[1]!);
      continue;
    }
    if (line.startsWith('#')) continue;
    const found =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    assert.ok(found, `not a sample: ${line}`);
    const value = found[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(found[3]);
    assert.ok(!Number.isNaN(value), line);
    const key = found[1]! + (found[2] ?? '');
    assert.ok(!values.has(key), `${key} twice`);
    values.set(key, value);
    const base = found[1]!.replace(/_(bucket|sum|count)$/, '');
    assert.ok(typed.has(found[1]!) || typed.has(base), `no TYPE before ${found[1]}`);
  }
  return values;
}

describe('operations', () => {
  const w = world(new World({ direct: true }));

  test('healthz and readyz', async () => {
    assert.equal((await call(w.url, 'GET', '/healthz')).status, 200);
    assert.equal((await call(w.url, 'GET', '/readyz')).status, 200);
  });

  test('metrics are Prometheus text with histograms that add up', async () => {
    const page = await call(w.url, 'GET', '/metrics');
    assert.equal(page.status, 200);
    assert.match(String(page.headers['content-type']), /^text\/plain/);
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const before = parseMetrics((await call(w.url, 'GET', '/metrics')).text);
    await flood(c, { to: b.id }, 25);
    const after = parseMetrics((await call(w.url, 'GET', '/metrics')).text);
    const grown = [...after].filter(([k, v]) => v - (before.get(k) ?? 0) >= 25 && !k.includes('bucket'));
    assert.ok(grown.length > 0, 'something counts the 25 sends');
    const counters = [...before.keys()].filter((k) => /_total(\{|$)/.test(k));
    assert.ok(counters.length > 0, 'counters end in _total');
    for (const k of counters) assert.ok(after.get(k)! >= before.get(k)!, `${k} went back`);
    const buckets = [...after.keys()].filter((k) => /_bucket\{.*le="\+Inf"/.test(k));
    assert.ok(buckets.length > 0, 'histograms');
    for (const k of buckets) {
      const count = k
        .replace('_bucket{', '_count{')
        .replace(/,?le="\+Inf"/, '')
        .replace('{}', '');
      assert.equal(after.get(k), after.get(count), `${k} and ${count}`);
    }
    assert.ok([...after.keys()].some((k) => /connections/.test(k)));
    assert.doesNotMatch(page.text, /[0-9]{15,19}"/, 'no user ids in labels');
  });

  test('every connection that was accepted is open or closed, once', async () => {
    const c = await (await w.user()).connect();
    c.ws.destroy();
    await eventually(async () => {
      const now = parseMetrics((await call(w.url, 'GET', '/metrics')).text);
      const sum = (name: string): number =>
        [...now].filter(([k]) => k === name || k.startsWith(`${name}{`)).reduce((n, [, v]) => n + v, 0);
      const ended = sum('parley_connections_closed_total');
      return ended > 0 && ended + sum('parley_connections_open') === sum('parley_connections_accepted_total');
    }, 'accepted = closed + open');
  });
});

describe('metrics elsewhere', { skip }, () => {
  const w = world(new World({ own: true, options: ['metrics.listen=127.0.0.1:0'] }));

  test('are not here', async () => {
    assert.equal((await call(w.url, 'GET', '/metrics')).status, 404);
    assert.equal((await call(w.url, 'GET', '/healthz')).status, 200);
  });
});

describe('admin drain', { skip }, () => {
  const w = world(new World({ own: true, options: ['server.drain_ms=1500'] }));

  test('moves the clients away and does not end the process', async () => {
    const a = await w.user();
    const c = await a.connect();
    const run = await w.admin(['drain']);
    assert.equal(run.code, 0, run.err);
    const event = await c.event('drain');
    assert.ok(Number.isInteger(event.retry_after_ms) && event.retry_after_ms >= 0);
    await c.expectClose(1001);
    await eventually(async () => {
      const answer = await call(w.url, 'GET', '/readyz').catch(() => undefined);
      return !answer || answer.status === 404;
    }, 'not ready');
    assert.ok(w.server!.alive);
  });
});

describe('SIGTERM', { skip }, () => {
  test('drain, 404 and 503, 1001, exit 0, and what was sent is there after', async () => {
    const w = new World({ own: true, options: ['server.drain_ms=3000'] });
    await w.start();
    try {
      const [a, b] = await w.users(2);
      const [c, cb] = [await a.connect(), await b.connect()];
      const poller = await (await a.login()).poll();
      const waiting = poller.ask(poller.cursor, 20_000);
      await c.ok('send', { to: b.id, cmid: cmid(), text: 'last words' });
      const first = await waiting;
      poller.cursor = first.json.cursor;
      const drained = poller.ask(poller.cursor, 20_000);
      await wait(300); // so that the poll is there before the signal
      const started = Date.now();
      w.server!.signal('SIGTERM');
      const event = await c.event('drain');
      assert.ok(event.retry_after_ms <= 3000);
      const open = (): boolean => !c.ws.ended && !cb.ws.ended;
      for (const [path, status] of [
        ['/readyz', 404],
        ['/healthz', 503],
        ['/v1/me', 503],
      ] as const) {
        const raw = await RawHttp.open(w.url).catch(() => undefined);
        raw?.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const answer = await raw?.answer();
        if (open()) assert.equal(answer?.status, status, path);
      }
      const polled = await drained;
      assert.equal(polled.status, 200);
      assert.ok(polled.json.events.some((e: { ev: string }) => e.ev === 'drain'));
      await Promise.all([c.expectClose(1001), cb.expectClose(1001)]);
      const exit = await w.server!.exited;
      assert.deepEqual(exit, { code: 0, signal: null });
      assert.ok(Date.now() - started < 3000 + 5000, 'within drain_ms');
      const again = await Server.start({ data: w.server!.data });
      try {
        const page = await call(again.url, 'GET', `/v1/conversations/${a.direct(b)}/messages`, {
          headers: { Authorization: `Bearer ${b.token}` },
        });
        assert.equal(page.json.messages[0].text, 'last words');
      } finally {
        await again.drop();
      }
    } finally {
      await w.stop();
    }
  });

  test('an idle server ends at once with 0', async () => {
    const server = await Server.start();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await server.drop();
  });

  test('a poll session that is still there at the end, and whose departure is due at once', async () => {
    const w = new World({ own: true, options: ['server.drain_ms=1000', 'presence.offline_delay_ms=0'] });
    await w.start();
    try {
      await (await w.user()).poll();
      assert.deepEqual(await w.server!.stop(), { code: 0, signal: null });
    } finally {
      await w.stop();
    }
  });

  test('connections made while draining are refused or told so', async () => {
    const w = new World({ own: true, options: ['server.drain_ms=2000'] });
    await w.start();
    try {
      const a = await w.user();
      const c = await a.connect();
      w.server!.signal('SIGTERM');
      await c.event('drain');
      await assert.rejects(w.socket(), 'no new WebSocket while draining');
      await c.expectClose(1001);
      assert.equal((await w.server!.exited).code, 0);
    } finally {
      await w.stop();
    }
  });
});
