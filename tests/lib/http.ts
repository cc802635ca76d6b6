// A small HTTP client for JSON calls, and a raw one for bytes no honest client would send.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { History } from './record.js';
import { PATIENCE } from './server.js';

// biome-ignore lint/suspicious/noExplicitAny: frames are checked value by value, not by types.
export type Json = any;

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
  /** The parsed body, or undefined if it is not JSON. */
  json: Json;
}

export interface CallOptions {
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string or bytes as they are. */
  body?: Json;
  timeout?: number;
  signal?: AbortSignal;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

/** The status that goes with each error code (section 7). */
export const STATUS: Record<string, number> = {
  bad_request: 400,
  unknown_op: 400,
  too_large: 413,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  not_member: 403,
  blocked: 403,
  group_full: 409,
  name_taken: 409,
  weak_password: 400,
  conflict: 409,
  gone: 410,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
  internal: 500,
};
const RETRIED = new Set(['rate_limited', 'overloaded', 'unavailable', 'internal']);

/** Checks the form of an `error` object, that it is `code`, and whether `retry` fits the code. */
export function checkError(error: Json, code: string | string[], message?: RegExp): void {
  const codes = Array.isArray(code) ? code : [code];
  assert.equal(typeof error, 'object', `an error object, got ${JSON.stringify(error)}`);
  assert.ok(codes.includes(error.code), `${codes.join(' or ')}, got ${JSON.stringify(error)}`);
  assert.equal(typeof error.message, 'string');
  assert.equal(error.retry, RETRIED.has(error.code), `retry of ${error.code}`);
  assert.ok(Number.isInteger(error.retry_after_ms) && error.retry_after_ms >= 0, 'retry_after_ms');
  if (message) assert.match(error.message, message);
}

export function call(url: string, method: string, path: string, opts: CallOptions = {}): Promise<Answer> {
  const at = new URL(url);
  let body: Buffer | undefined;
  const headers: Record<string, string> = { ...opts.headers };
  if (opts.body !== undefined) {
    const raw = typeof opts.body === 'string' || Buffer.isBuffer(opts.body);
    body = Buffer.from(raw ? opts.body : JSON.stringify(opts.body));
    if (!headers['Content-Type']) headers['Content-Type'] = 'application/json';
    headers['Content-Length'] = String(body.length);
  }
  const answered = History.of(url)?.call(method, path, headers, opts.body);
  return new Promise((done, fail) => {
    const req = http.request(
      { host: at.hostname, port: at.port, method, path, headers, agent, signal: opts.signal },
      (res) => {
        const parts: Buffer[] = [];
        res.on('data', (part: Buffer) => parts.push(part));
        res.on('error', fail);
        res.on('end', () => {
          clearTimeout(timer);
          const bytes = Buffer.concat(parts);
          const text = bytes.toString('utf8');
          let json: Json;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          const answer = { status: res.statusCode ?? 0, headers: res.headers, bytes, text, json };
          answered?.(answer);
          done(answer);
        });
      },
    );
    const timer = setTimeout(
      () => req.destroy(new Error(`no answer to ${method} ${path}`)),
      opts.timeout ?? PATIENCE + 2000,
    );
    req.on('error', (err) => {
      clearTimeout(timer);
      fail(err);
    });
    req.end(body);
  });
}

/** JSON calls with a token (or other headers) bound to one base address; keeps cookies, as a browser does. */
export class Rest {
  private cookies = new Map<string, string>();
  constructor(
    readonly url: string,
    readonly token?: string,
    readonly headers: Record<string, string> = {},
  ) {}

  async call(method: string, path: string, body?: Json, more: CallOptions = {}): Promise<Answer> {
    const headers = { ...this.headers, ...more.headers };
    if (this.token !== undefined) headers.Authorization = `Bearer ${this.token}`;
    if (this.cookies.size > 0) headers.Cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    const answer = await call(this.url, method, path, { ...more, headers, body });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name) this.cookies.set(name, value!);
    }
    return answer;
  }
  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }
  /** The call must be answered with `status`; the body is returned. */
  async ok(method: string, path: string, body?: Json, status = 200): Promise<Json> {
    const answer = await this.call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`);
    if (status === 204) assert.equal(answer.text, '', '204 has no body');
    else assert.match(String(answer.headers['content-type']), /^application\/json/);
    return answer.json;
  }
  /** The call must be refused with `code` and the status of that code. */
  async err(
    method: string,
    path: string,
    body: Json,
    code: string | string[],
    message?: RegExp,
  ): Promise<Json> {
    const answer = await this.call(method, path, body);
    assert.ok(answer.json, `${method} ${path}: an error as JSON, got ${answer.status} ${answer.text}`);
    checkError(answer.json.error, code, message);
    assert.equal(answer.status, STATUS[answer.json.error.code], `status of ${answer.text}`);
    return answer.json.error;
  }
}

export interface RawAnswer {
  status: number;
  head: string;
  headers: Map<string, string>;
  body: Buffer;
}

/** One TCP connection on which the test writes the bytes itself. */
export class RawHttp {
  private buffer = Buffer.alloc(0);
  private ended = false;
  private wake: (() => void)[] = [];
  private constructor(readonly socket: net.Socket) {
    socket.on('data', (part: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, part]);
      this.notify();
    });
    const over = (): void => {
      this.ended = true;
      this.notify();
    };
    socket.on('end', over);
    socket.on('close', over);
    socket.on('error', over);
  }

  static open(url: string): Promise<RawHttp> {
    const at = new URL(url);
    return new Promise((done, fail) => {
      const socket = net.connect(Number(at.port), at.hostname);
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.setNoDelay(true);
        socket.off('error', fail);
        done(new RawHttp(socket));
      });
    });
  }

  private notify(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
  private change(until: number): Promise<void> {
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error('nothing came in time')), until - Date.now());
      this.wake.push(() => {
        clearTimeout(timer);
        done();
      });
    });
  }

  write(text: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(text as Buffer);
  }

  /** The next whole answer, or null if the peer closed before one came. */
  async answer(timeout = PATIENCE): Promise<RawAnswer | null> {
    const until = Date.now() + timeout;
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.buffer.toString('latin1', 0, end);
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
        assert.ok(status >= 100, `a status line, got ${head.slice(0, 80)}`);
        const headers = new Map<string, string>();
        for (const line of head.split('\r\n').slice(1)) {
          const colon = line.indexOf(':');
          headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
        }
        const length = Number(headers.get('content-length') ?? 0);
        if (this.buffer.length >= end + 4 + length) {
          const body = this.buffer.subarray(end + 4, end + 4 + length);
          this.buffer = this.buffer.subarray(end + 4 + length);
          return { status, head, headers, body };
        }
      }
      if (this.ended) return null;
      await this.change(until);
    }
  }

  /** Waits until the peer closed the connection; answers what was not read as an answer. */
  async closed(timeout = PATIENCE): Promise<Buffer> {
    const until = Date.now() + timeout;
    while (!this.ended) await this.change(until);
    return this.buffer;
  }
  get open(): boolean {
    return !this.ended;
  }
  destroy(): void {
    this.socket.destroy();
  }
}
