// Writes down what the tests' clients ask and receive, as histories for parley-check (docs/verification.md).
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Answer, Json } from './http.js';

const DEPTH = 16;

interface Device {
  name: string;
  user: string;
  /** The connection that stands for its poll session. */
  poll?: number;
}

/** One history: everything of one data folder, over all servers that run on it. */
export class History {
  private static byUrl = new Map<string, History>();
  private static byData = new Map<string, History>();
  private static files = 0;
  /** Presence is true after so long, with the shortest delays that tests choose. */
  readonly presenceMs = 3000;
  private readonly fd: number;
  private readonly zero = performance.now();
  private readonly users = new Set<string>();
  private readonly devices = new Map<string, Device>();
  private readonly tokens = new Map<string, Device>();
  private readonly live = new Map<string, number>();
  /** Cursors that poll sessions were answered with: their events are written down. */
  private readonly cursors = new Set<string>();
  private next = 1;

  private constructor(readonly path: string) {
    this.fd = openSync(path, 'w');
    const bounds = { healing_ms: 60_000, presence_ms: this.presenceMs };
    this.line('begin', { version: 1, ...bounds, silence: false, whole: true, push: false });
  }

  /** The server at `url` runs on `data`: its history goes on, or begins in the folder. */
  static start(folder: string, url: string, data: string): History {
    let history = History.byData.get(data);
    if (!history) {
      mkdirSync(folder, { recursive: true });
      const name = basename(process.argv[1] ?? 'tests', '.mjs');
      history = new History(join(folder, `${name}-${++History.files}.jsonl`));
      History.byData.set(data, history);
    }
    History.byUrl.set(url, history);
    return history;
  }
  static of(url: string): History | undefined {
    return History.byUrl.get(url);
  }
  /** No server runs at `url` any more. */
  static stop(url: string): void {
    History.byUrl.delete(url);
  }
  /** Nothing follows. */
  end(): void {
    closeSync(this.fd);
    for (const map of [History.byUrl, History.byData])
      for (const [key, history] of map) if (history === this) map.delete(key);
  }

  line(e: string, members: Json = {}): void {
    const t = Math.floor(performance.now() - this.zero);
    writeSync(this.fd, `${JSON.stringify({ e, t, ...members })}\n`);
  }
  connection(): number {
    return this.next++;
  }

  user(id: string): void {
    if (this.users.has(id)) return;
    this.users.add(id);
    this.line('user', { user: id });
  }
  device(id: string, user: string, token?: string): Device {
    this.user(user);
    let device = this.devices.get(id);
    if (!device) {
      device = { name: id, user };
      this.devices.set(id, device);
      this.line('device', { device: id, user });
    }
    if (token) this.tokens.set(token, device);
    return device;
  }
  byToken(token: unknown): Device | undefined {
    return typeof token === 'string' ? this.tokens.get(token) : undefined;
  }
  /** One more, or one less, signed-in connection of a user. */
  online(user: string, by: 1 | -1): void {
    const count = (this.live.get(user) ?? 0) + by;
    this.live.set(user, count);
    if (count === (by > 0 ? 1 : 0)) this.line('truth', { user, online: by > 0 });
  }

  /** Notes a call before it leaves; the result takes its answer. */
  call(method: string, path: string, headers: Record<string, string>, body: Json): (answer: Answer) => void {
    const at = new URL(path, 'http://localhost');
    const key = headers['X-Api-Key'] !== undefined;
    const device = this.byToken(/^Bearer (.*)$/.exec(headers.Authorization ?? '')?.[1]);
    if (/^\/v1\/(register|login)$/.test(at.pathname)) return (answer) => this.account(answer.json);
    if (at.pathname === '/v1/poll' && device && method === 'GET') {
      const asked = at.searchParams.get('cursor');
      return (answer) => this.polled(device, asked, answer);
    }
    const known = calls.find((c) => c.method === method && c.path.test(at.pathname));
    const parts = known?.path.exec(at.pathname)?.slice(1).map(decodeURIComponent) ?? [];
    const asked = typeof body === 'object' && body !== null && !Buffer.isBuffer(body) ? body : {};
    const frame = known?.frame(parts, asked, at.searchParams, key);
    const who = key ? { user: asked.sender_id } : { device: device?.name };
    if (!known || !frame || (key ? !this.users.has(asked.sender_id) : !device)) return () => undefined;
    const conn = this.connection();
    const via = key ? 'key' : at.pathname === '/v1/op' ? 'op' : 'rest';
    this.line('ask', { conn, ...who, via, frame: { ...frame, id: 1 } });
    return (answer) => {
      const { json } = answer;
      if (typeof json !== 'object' || json === null) return;
      if (json.error) this.line('got', { conn, frame: { re: 1, error: json.error } });
      else if (answer.status < 300) this.line('got', { conn, frame: { re: 1, ok: known.ok(json, frame) } });
    };
  }

  private account(json: Json): void {
    if (json?.token && json.user?.id && json.device) this.device(json.device, json.user.id, json.token);
  }

  private polled(device: Device, asked: string | null, answer: Answer): void {
    if (answer.status === 410 && device.poll !== undefined) {
      this.line('close', { conn: device.poll });
      device.poll = undefined;
    }
    const { cursor, events } = answer.json ?? {};
    if (answer.status !== 200 || typeof cursor !== 'string') return;
    if (asked === null) {
      if (device.poll !== undefined) this.line('close', { conn: device.poll });
      device.poll = this.connection();
      this.line('open', { conn: device.poll, device: device.name, via: 'poll' });
    }
    if (this.cursors.has(cursor) || device.poll === undefined) return;
    this.cursors.add(cursor);
    for (const frame of events ?? []) this.line('got', { conn: device.poll, frame });
  }
}

interface Call {
  method: string;
  path: RegExp;
  /** The frame of the operation that the call stands for; undefined: it is not written down. */
  frame(parts: string[], body: Json, query: URLSearchParams, key: boolean): Json | undefined;
  ok(json: Json, frame: Json): Json;
}

const same = (json: Json): Json => json;
function numbers(query: URLSearchParams, names: string[]): Json {
  const out: Json = {};
  for (const name of names) if (query.get(name)) out[name] = Number(query.get(name));
  return out;
}

const calls: Call[] = [
  {
    method: 'POST',
    path: /^\/v1\/op$/,
    frame: (_, body) => (typeof body.op === 'string' && depth(body) <= DEPTH ? body : undefined),
    ok: (json) => json.ok,
  },
  {
    method: 'POST',
    path: /^\/v1\/messages$/,
    frame: (_, body, __, key) => ({
      op: 'send',
      ...(key ? { to: body.receiver_id, cmid: body.cmid, text: body.text } : body),
    }),
    ok: same,
  },
  {
    method: 'GET',
    path: /^\/v1\/conversations\/([^/]+)\/messages$/,
    frame: ([conv], _, query, key) =>
      key
        ? undefined
        : {
            op: 'history',
            conv,
            ...numbers(query, ['before_ts', 'before_seq', 'after_seq', 'limit']),
          },
    ok: ({ messages, next_cursor, more }, frame) => ({
      entries: frame.after_seq === undefined ? [...messages].reverse() : messages,
      ...(next_cursor === undefined ? {} : { next_cursor }),
      more,
    }),
  },
  {
    method: 'GET',
    path: /^\/v1\/conversations$/,
    frame: (_, __, query, key) =>
      key
        ? undefined
        : {
            op: 'sync',
            list: true,
            ...numbers(query, ['limit']),
            ...(query.get('cursor') ? { cursor: query.get('cursor') } : {}),
          },
    ok: same,
  },
  {
    method: 'POST',
    path: /^\/v1\/groups$/,
    frame: (_, body) => ({ op: 'group.create', ...body }),
    ok: same,
  },
  {
    method: 'PATCH',
    path: /^\/v1\/groups\/([^/]+)$/,
    frame: ([conv], body) => ({ op: 'group.rename', conv, ...body }),
    ok: same,
  },
  {
    method: 'POST',
    path: /^\/v1\/groups\/([^/]+)\/members$/,
    frame: ([conv], body) => ({ op: 'group.add', conv, ...body }),
    ok: same,
  },
  {
    method: 'PATCH',
    path: /^\/v1\/groups\/([^/]+)\/members\/([^/]+)$/,
    frame: ([conv, user], body) => ({ op: 'group.role', conv, user, ...body }),
    ok: same,
  },
  {
    method: 'DELETE',
    path: /^\/v1\/groups\/([^/]+)\/members\/([^/]+)$/,
    frame: ([conv, user], _, query) => ({
      op: 'group.remove',
      conv,
      users: [user],
      ...(query.get('cmid') ? { cmid: query.get('cmid') } : {}),
    }),
    ok: same,
  },
];

function depth(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}

/** One WebSocket in a history: nothing of it is written until its device is known, by `hello`. */
export class ConnectionRecord {
  private conn: number | undefined;
  private user: string | undefined;
  private hello: Json;
  private signedIn = false;
  private lost = false;
  constructor(private readonly history: History) {}

  asked(text: string | Buffer): void {
    if (this.lost) return;
    let frame: Json;
    try {
      frame = JSON.parse(text.toString());
    } catch {
      return;
    }
    const usable =
      typeof frame === 'object' && frame !== null && Number.isSafeInteger(frame.id) && depth(frame) <= DEPTH;
    if (!usable) return;
    if (this.conn === undefined) {
      const device = frame.op === 'hello' ? this.history.byToken(frame.token) : undefined;
      if (device) this.open(device);
      else if (frame.op === 'hello') this.hello = frame;
    }
    if (this.conn === undefined) return;
    const { token, ...rest } = frame;
    this.history.line('ask', { conn: this.conn, frame: rest });
  }

  private open(device: Device): void {
    this.conn = this.history.connection();
    this.user = device.user;
    this.history.line('open', { conn: this.conn, device: device.name, via: 'ws' });
  }

  got(text: string): void {
    if (this.lost) return;
    let frame: Json;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    const { user, device } = frame.ok ?? {};
    if (this.conn === undefined && this.hello?.id === frame.re && user?.id && device) {
      /* A token that was made elsewhere: what was asked is written down now, without its sync. */
      this.open(this.history.device(device, user.id, this.hello.token));
      this.history.line('ask', { conn: this.conn, frame: { op: 'hello', id: this.hello.id } });
      frame = { re: frame.re, ok: { user, device } };
    }
    if (this.conn === undefined) return;
    this.history.line('got', { conn: this.conn, frame });
    if (!this.signedIn && user?.id && device) {
      this.signedIn = true;
      this.history.online(user.id, 1);
    }
  }

  /** The end of it; or a test writes bytes past the recorder, and nothing more can be said. */
  end(): void {
    if (this.lost) return;
    this.lost = true;
    if (this.conn === undefined) return;
    this.history.line('close', { conn: this.conn });
    if (this.signedIn) this.history.online(this.user!, -1);
  }
}
