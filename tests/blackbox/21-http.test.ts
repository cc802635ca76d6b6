// HTTP itself: forms that smuggle, broken and slow requests, pipelining, the web page and its headers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, RawHttp } from '../lib/http.js';
import { World, wait, world } from '../lib/world.js';

const LOGIN = '{"name":"nobody","password":"long enough"}';

describe('HTTP', () => {
  const w = world(new World({ direct: true }));

  /** Sends bytes; the server must refuse with a 4xx or 5xx, or just close, and then close. */
  async function refused(what: string, bytes: string | Buffer): Promise<void> {
    const raw = await RawHttp.open(w.url);
    raw.write(bytes);
    const answer = await raw.answer();
    if (answer) {
      assert.ok(answer.status >= 400 && answer.status < 600, `${what}: ${answer.status}`);
      const rest = await raw.closed();
      assert.equal(rest.length, 0, `${what}: a second answer: ${rest.toString('latin1').slice(0, 60)}`);
    }
    raw.destroy();
  }
  const post = (headers: string, body: string): string =>
    `POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
  const chunked = 'Transfer-Encoding: chunked\r\n';
  const hidden = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

  test('forms that smuggle are refused and end the connection', async () => {
    const n = LOGIN.length;
    await refused('CL and TE', post(`Content-Length: ${n}\r\n${chunked}`, `0\r\n\r\n${hidden}`));
    await refused('TE and CL', post(`${chunked}Content-Length: 4\r\n`, `0\r\n\r\n${hidden}`));
    await refused('two CL', post(`Content-Length: ${n}\r\nContent-Length: 0\r\n`, LOGIN + hidden));
    await refused('two equal CL', post(`Content-Length: ${n}\r\nContent-Length: ${n}\r\n`, LOGIN + hidden));
    await refused('CL list', post(`Content-Length: ${n}, ${n}\r\n`, LOGIN + hidden));
    for (const bad of ['+5', '-1', '0x10', '5 5', 'five', '', '99999999999999999999']) {
      await refused(`CL ${bad}`, post(`Content-Length: ${bad}\r\n`, LOGIN + hidden));
    }
    for (const bad of ['xchunked', 'chunked, identity', 'identity', 'chunked, chunked', 'gzip, chunked']) {
      await refused(`TE ${bad}`, post(`Transfer-Encoding: ${bad}\r\n`, `0\r\n\r\n${hidden}`));
    }
    await refused('two TE', post(`${chunked}Transfer-Encoding: identity\r\n`, `0\r\n\r\n${hidden}`));
    await refused('TE with a space', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${hidden}`));
    await refused('TE with a tab', post('Transfer-Encoding:\tchunked\x0b\r\n', `0\r\n\r\n${hidden}`));
    await refused('chunk size zz', post(chunked, `zz\r\n{}\r\n0\r\n\r\n${hidden}`));
    await refused('chunk size huge', post(chunked, `fffffffffffffffff\r\n{}\r\n0\r\n\r\n${hidden}`));
    await refused('chunk size -1', post(chunked, `-1\r\n{}\r\n0\r\n\r\n${hidden}`));
    await refused('chunk without its end', post(chunked, `2\r\n{}XX0\r\n\r\n${hidden}`));
  });

  test('broken heads are refused', async () => {
    const get = (head: string): string => `GET /healthz HTTP/1.1\r\n${head}\r\n`;
    await refused('no Host', get(''));
    await refused('two Hosts', get('Host: x\r\nHost: y\r\n'));
    await refused('Host :', get('Host : x\r\n'));
    await refused('folded header', get('Host: x\r\nX-A: b\r\n c\r\n'));
    await refused('folded with a tab', get('Host: x\r\nX-A: b\r\n\tc\r\n'));
    await refused('fold first', get(' Host: x\r\n'));
    await refused('space in a name', get('Host: x\r\nX A: b\r\n'));
    await refused('empty name', get('Host: x\r\n: b\r\n'));
    await refused('no colon', get('Host: x\r\nnonsense\r\n'));
    await refused('NUL in a value', get('Host: x\r\nX-A: b\0c\r\n'));
    await refused('bare CR in a value', get('Host: x\r\nX-A: b\rX-B: c\r\n'));
    await refused('HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await refused('HTTP/3.0', 'GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n');
    await refused('no version', 'GET /healthz\r\n\r\n');
    await refused('no method', ' /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await refused('unknown method', 'NONSENSE /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await refused('space in the target', 'GET /health z HTTP/1.1\r\nHost: x\r\n\r\n');
    await refused('TLS', Buffer.from('16030100c4010000c00303', 'hex'));
    await refused('binary', Buffer.from(Array.from({ length: 512 }, (_, i) => i & 255)));
    await refused('only line ends', `${'\r\n'.repeat(5000)}x`);
  });

  test('too much is refused', async () => {
    const get = (head: string): string => `GET /healthz HTTP/1.1\r\nHost: x\r\n${head}\r\n`;
    await refused('one header of 100 KB', get(`X-A: ${'x'.repeat(100_000)}\r\n`));
    await refused('100 KB in many headers', get('X-A: 0123456789\r\n'.repeat(6000)));
    await refused('a target of 100 KB', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await refused('a header name of 100 KB', get(`${'x'.repeat(100_000)}: y\r\n`));
    const raw = await RawHttp.open(w.url);
    raw.write(post('Content-Length: 1000000000\r\n', '{'));
    const answer = await raw.answer();
    assert.equal(answer!.status, 413, 'said before the body comes');
    await raw.closed();
    const many = await RawHttp.open(w.url);
    const chunk = 'x'.repeat(4096);
    many.write(post(chunked, `1000\r\n${chunk}\r\n`.repeat(17)));
    const large = await many.answer();
    assert.ok(large!.status === 413 || large!.status === 411 || large!.status === 400, `${large!.status}`);
    many.destroy();
  });

  test('a head that comes slowly is cut off in time', async () => {
    const slow = await RawHttp.open(w.url);
    const silent = await RawHttp.open(w.url);
    const body = await RawHttp.open(w.url);
    body.write(post('Content-Length: 100\r\n', '{'));
    slow.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    let n = 0;
    const drip = setInterval(() => slow.write(`X-${n++}: y\r\n`), 500);
    try {
      await Promise.all([slow.closed(60_000), silent.closed(60_000), body.closed(60_000)]);
    } finally {
      clearInterval(drip);
      for (const raw of [slow, silent, body]) raw.destroy();
    }
  });

  test('requests in one packet are answered in order', async () => {
    const raw = await RawHttp.open(w.url);
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const login = post(`Content-Length: ${LOGIN.length}\r\n`, LOGIN);
    raw.write(get('/healthz') + get('/v1/nothing') + login + get('/v1/me') + get('/healthz'));
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await raw.answer())!.status);
    assert.deepEqual(statuses, [200, 404, 401, 401, 200]);
    raw.destroy();
  });

  test('a request in single bytes', async () => {
    const raw = await RawHttp.open(w.url);
    const text = post(`Content-Length: ${LOGIN.length}\r\n`, LOGIN);
    for (const byte of text) {
      raw.write(byte);
      await new Promise((go) => setImmediate(go));
    }
    assert.equal((await raw.answer())!.status, 401);
    raw.write(hidden);
    assert.equal((await raw.answer())!.status, 200, 'the connection goes on');
    raw.destroy();
  });

  test('a chunked body is a body', async () => {
    const raw = await RawHttp.open(w.url);
    const half = LOGIN.length >> 1;
    const parts = [LOGIN.slice(0, half), LOGIN.slice(half)];
    const body = parts.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join('');
    raw.write(post(chunked, `${body}0\r\n\r\n${hidden}`));
    const first = await raw.answer();
    assert.ok(first!.status === 401 || first!.status === 411, `${first!.status}`);
    if (first!.status === 401) assert.equal((await raw.answer())!.status, 200);
    raw.destroy();
  });

  test('Connection: close and HTTP/1.0 end the connection', async () => {
    const raw = await RawHttp.open(w.url);
    raw.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.equal((await raw.answer())!.status, 200);
    await raw.closed();
    const old = await RawHttp.open(w.url);
    old.write('GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n');
    await old.answer();
    await old.closed();
  });

  test('a client that closes in the middle harms nobody', async () => {
    for (let i = 0; i < 20; i++) {
      const raw = await RawHttp.open(w.url);
      raw.write(post('Content-Length: 50\r\n', '{'.repeat(i)));
      raw.destroy();
    }
    await wait(10);
    assert.equal((await call(w.url, 'GET', '/healthz')).status, 200);
  });

  test('paths do not leave the folder of the page', async () => {
    for (const path of [
      '/../../../../etc/passwd',
      '/..%2f..%2f..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/assets/../../../etc/passwd',
      '//etc/passwd',
      '/etc/passwd%00.html',
      '/\\..\\..\\etc\\passwd',
    ]) {
      const raw = await RawHttp.open(w.url);
      raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const answer = await raw.answer();
      if (answer) {
        assert.doesNotMatch(answer.body.toString('latin1'), /root:/);
        assert.ok(answer.status !== 500, `${path}: ${answer.status}`);
      }
      raw.destroy();
    }
  });

  test('the page: strict headers, assets that may be kept for ever', async () => {
    const page = await call(w.url, 'GET', '/');
    assert.equal(page.status, 200);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    const csp = String(page.headers['content-security-policy']);
    assert.match(csp, /default-src '(self|none)'/);
    assert.doesNotMatch(csp, /script-src[^;]*('unsafe-inline'|'unsafe-eval'|\*)/);
    assert.match(csp, /frame-ancestors 'none'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.match(String(page.headers['cache-control']), /no-cache|no-store|max-age=0/);
    const refs = [...page.text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]!);
    assert.ok(refs.length > 0, 'the page names its scripts');
    for (const ref of refs) {
      const asset = await call(w.url, 'GET', ref);
      assert.equal(asset.status, 200, ref);
      assert.match(String(asset.headers['cache-control']), /immutable/, ref);
      assert.match(String(asset.headers['content-type']), /javascript|css/);
      const gz = await call(w.url, 'GET', ref, { headers: { 'Accept-Encoding': 'gzip, br' } });
      assert.match(String(gz.headers['content-encoding']), /^(br|gzip)$/, 'precompressed');
      assert.ok(gz.bytes.length < asset.bytes.length);
      assert.match(String(gz.headers.vary), /accept-encoding/i);
      assert.equal(asset.headers['content-encoding'], undefined);
    }
    assert.doesNotMatch(page.text, /<script(?![^>]*src=)[^>]*>/, 'no inline script');
  });

  test('the content policy names its sources, allows one maker of script addresses, and is with every file', async () => {
    const page = await call(w.url, 'GET', '/');
    const csp = String(page.headers['content-security-policy']);
    const rules = new Map(csp.split(';').map((rule) => rule.trim().split(/ (.*)/s) as [string, string]));
    for (const [name, value] of Object.entries({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'connect-src': "'self'",
      'worker-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': 'app',
    })) {
      assert.equal(rules.get(name), value, name);
    }
    const refs = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]!);
    const changing = ['/', '/index.html', '/sw.js', '/parley.webmanifest', '/settings/devices', '/c/d-1-2'];
    for (const path of [...changing, ...refs]) {
      const { status, headers } = await call(w.url, 'GET', path);
      assert.equal(status, 200, path);
      assert.equal(headers['content-security-policy'], csp, path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['referrer-policy'], 'no-referrer', path);
      assert.equal(headers['x-frame-options'], 'DENY', path);
      const forever = /-[0-9A-Za-z]{8,}\.\w+$/.test(path);
      assert.match(String(headers['cache-control']), forever ? /immutable/ : /^no-cache$/, path);
      const again = await call(w.url, 'GET', path, { headers: { 'If-None-Match': String(headers.etag) } });
      assert.equal(again.status, 304, path);
      assert.equal(again.bytes.length, 0);
      assert.equal(again.headers['content-security-policy'], csp, path);
    }
  });
});
