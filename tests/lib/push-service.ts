// A push service of our own: HTTP/2 and TLS as the real ones, which checks each signature and opens each message.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Json } from './http.js';
import { PATIENCE, tempDir } from './server.js';

/** What was pushed to a browser. */
export interface Push {
  headers: IncomingHttpHeaders;
  payload: Json;
  size: number;
  at: number;
}

/** How the service answers: a status, with headers; 'hang': not at all. */
export type Answer = number | { status: number; headers: Record<string, string> } | 'hang';

/** A browser that has subscribed. */
export class Browser {
  readonly auth = randomBytes(16);
  readonly pushes: Push[] = [];
  /** For the next requests, one each; then 201. */
  answers: Answer[] = [];
  /** What every request is answered when no answer is planned. */
  usual: Answer = 201;
  /** Requests in all, whatever was answered. */
  requests: Push[] = [];
  private readonly keys: ECDH = createECDH('prime256v1');
  private readonly waiters = new Set<() => void>();
  constructor(readonly endpoint: string) {
    this.keys.generateKeys();
  }
  /** As PushSubscription.toJSON() gives it. */
  get subscription(): Json {
    const keys = { p256dh: this.keys.getPublicKey('base64url'), auth: this.auth.toString('base64url') };
    return { endpoint: this.endpoint, expirationTime: null, keys };
  }
  /** RFC 8291 and RFC 8188, from the receiver's side. */
  open(body: Buffer): Json {
    const salt = body.subarray(0, 16);
    assert.equal(body.readUInt32BE(16), 4096);
    assert.equal(body[20], 65);
    const server = body.subarray(21, 86);
    const own = this.keys.getPublicKey();
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), own, server]);
    const ikm = Buffer.from(hkdfSync('sha256', this.keys.computeSecret(server), this.auth, info, 32));
    const derive = (what: string, n: number): Buffer =>
      Buffer.from(hkdfSync('sha256', ikm, salt, `Content-Encoding: ${what}\0`, n));
    const cipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    cipher.setAuthTag(body.subarray(body.length - 16));
    const plain = Buffer.concat([cipher.update(body.subarray(86, body.length - 16)), cipher.final()]);
    assert.equal(plain[plain.length - 1], 2, 'the mark of the last record');
    return JSON.parse(plain.subarray(0, plain.length - 1).toString('utf8'));
  }
  took(push: Push, accepted: boolean): void {
    this.requests.push(push);
    if (accepted) this.pushes.push(push);
    for (const wake of [...this.waiters]) wake();
  }
  /** Waits until `look` is true of what came. */
  async until(look: () => boolean, what: string, timeout = PATIENCE): Promise<void> {
    if (look()) return;
    await new Promise<void>((done, fail) => {
      const wake = (): void => {
        if (!look()) return;
        clearTimeout(timer);
        this.waiters.delete(wake);
        done();
      };
      const timer = setTimeout(() => {
        this.waiters.delete(wake);
        fail(new Error(`never came: ${what} (requests: ${this.requests.length})`));
      }, timeout);
      this.waiters.add(wake);
    });
  }
  /** The n-th push that was accepted. */
  async push(n = 1, timeout = PATIENCE): Promise<Push> {
    await this.until(() => this.pushes.length >= n, `push ${n}`, timeout);
    return this.pushes[n - 1]!;
  }
  async request(n = 1, timeout = PATIENCE): Promise<Push> {
    await this.until(() => this.requests.length >= n, `request ${n}`, timeout);
    return this.requests[n - 1]!;
  }
}

export class PushService {
  /** What was wrong with requests; a test that goes well leaves it empty. */
  readonly faults: string[] = [];
  /** TLS connections. */
  connections = 0;
  /** The key that clients subscribed with: signatures by any other are a fault. */
  key = '';
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly browsers = new Map<string, Browser>();
  private constructor(
    private readonly server: Http2SecureServer,
    readonly ca: string,
    private readonly host: string,
  ) {
    server.on('secureConnection', () => this.connections++);
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
    });
    server.on('stream', (stream, headers) => void this.serve(stream, headers));
  }

  /** Listens on all addresses, with a certificate of its own making for these names. */
  static async start(host = '127.0.0.1'): Promise<PushService> {
    const dir = tempDir();
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const names = `subjectAltName=IP:127.0.0.1,DNS:localhost${/^[\d.]+$/.test(host) ? '' : `,DNS:${host}`}`;
    const make = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    const files = ['-keyout', key, '-out', cert, '-subj', '/CN=push service of the tests', '-addext', names];
    execFileSync('openssl', [...make, ...files], { stdio: 'ignore' });
    const server = createSecureServer({
      key: readFileSync(key),
      cert: readFileSync(cert),
      allowHTTP1: false,
    });
    await new Promise<void>((done) => server.listen(0, done));
    return new PushService(server, cert, host);
  }
  get origin(): string {
    return `https://${this.host}:${(this.server.address() as AddressInfo).port}`;
  }
  /** Options of a server that uses this service, with little patience. */
  get options(): string[] {
    return [
      `push.webpush.ca=${this.ca}`,
      'push.webpush.private_addresses=true',
      'push.webpush.gap_ms=0',
      'push.webpush.retry_ms=50',
      'push.webpush.subject=mailto:operator@parley.example',
    ];
  }
  browser(): Browser {
    const path = `/push/${randomBytes(9).toString('base64url')}`;
    const browser = new Browser(this.origin + path);
    this.browsers.set(path, browser);
    return browser;
  }
  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((done) => this.server.close(done));
    assert.deepEqual(this.faults, []);
  }

  private async serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const parts: Buffer[] = [];
    stream.on('error', () => {});
    for await (const part of stream) parts.push(part as Buffer);
    const browser = this.browsers.get(String(headers[':path']));
    let answer: Answer = 404;
    if (browser) {
      answer = browser.answers.shift() ?? browser.usual;
      try {
        const body = Buffer.concat(parts);
        const status = answer === 'hang' ? 0 : typeof answer === 'number' ? answer : answer.status;
        const push = {
          headers,
          payload: this.check(browser, headers, body),
          size: body.length,
          at: Date.now(),
        };
        browser.took(push, status >= 200 && status < 300);
      } catch (e) {
        this.faults.push(String(e));
        answer = 400;
      }
    } else {
      this.faults.push(`nobody is at ${headers[':path']}`);
    }
    if (answer === 'hang' || stream.destroyed) return;
    const more = typeof answer === 'number' ? {} : answer.headers;
    stream.respond({ ':status': typeof answer === 'number' ? answer : answer.status, ...more });
    stream.end();
  }

  /** Method, headers, signature (RFC 8292), and what is in it. */
  private check(browser: Browser, headers: IncomingHttpHeaders, body: Buffer): Json {
    assert.equal(headers[':method'], 'POST');
    assert.ok(body.length <= 4096, `${body.length} bytes`);
    assert.equal(headers['content-encoding'], 'aes128gcm');
    assert.match(String(headers.ttl), /^\d+$/);
    assert.match(String(headers.urgency), /^(very-low|low|normal|high)$/);
    assert.match(String(headers.topic), /^[\w-]{1,32}$/);
    const auth = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)$/.exec(String(headers.authorization));
    assert.ok(auth, `Authorization: ${headers.authorization}`);
    const [, head, claims, signature, key] = auth;
    assert.equal(key, this.key, 'the key that the client subscribed with');
    const point = Buffer.from(key!, 'base64url');
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.toString('base64url', 1, 33),
      y: point.toString('base64url', 33),
    };
    const ok = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature!, 'base64url'),
    );
    assert.ok(ok, 'the signature');
    const parse = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.deepEqual(parse(head!), { typ: 'JWT', alg: 'ES256' });
    const { aud, exp, sub } = parse(claims!);
    assert.equal(aud, this.origin);
    assert.match(sub, /^mailto:.+@.+/);
    const now = Date.now() / 1000;
    assert.ok(exp > now && exp <= now + 24 * 3600, `exp ${exp}`);
    return browser.open(body);
  }
}
