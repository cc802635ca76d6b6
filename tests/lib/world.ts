// What one test file needs: a server (its own or PARLEY_URL's), users with unique names, their clients.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before } from 'node:test';
import { Client } from './client.js';
import { type Json, Rest } from './http.js';
import { DIRECT, SHARED } from './place.js';
import { Poller } from './poll.js';
import { History } from './record.js';
import { parley, type Run, Server, type ServerOptions } from './server.js';
import { WebSocketRaw, type WsOptions } from './ws.js';

export const PASSWORD = 'correct horse';

/** A fresh client-made id. */
export function cmid(): string {
  return randomBytes(12).toString('hex');
}
let counter = 0;
/** A user name that nobody else has. */
export function uniqueName(prefix = 't'): string {
  return `${prefix}_${randomBytes(5).toString('hex')}${(counter++).toString(36)}`;
}
export function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Asks again until `look` answers something true, for what may lag by the protocol's own words. */
export async function eventually<T>(look: () => Promise<T>, what: string, timeout = 5000): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) assert.fail(`never true: ${what}`);
    await wait(50);
  }
}

/** The id of the direct conversation of two users. */
export function directConv(a: string, b: string): string {
  return BigInt(a) < BigInt(b) ? `d.${a}.${b}` : `d.${b}.${a}`;
}

/** One device of a user. */
export class User {
  readonly rest: Rest;
  constructor(
    private readonly world: World,
    readonly id: string,
    readonly name: string,
    readonly token: string,
    readonly device: string,
  ) {
    this.rest = new Rest(world.url, token);
  }

  /** A signed-in connection of this device. `hello` members can be added by `more`. */
  async connect(more: Json = {}, opts: WsOptions = {}): Promise<Client> {
    const client = await this.world.client(opts);
    await client.hello(this.token, more);
    return client;
  }

  /** The same user on another device. */
  async login(deviceName?: string): Promise<User> {
    const body = { name: this.name, password: PASSWORD, device_name: deviceName };
    const answer = await this.world.rest.ok('POST', '/v1/login', body);
    return new User(this.world, this.id, this.name, answer.token, answer.device);
  }

  /** Any operation by POST /v1/op; must succeed. */
  async op(op: string, args: Json = {}): Promise<Json> {
    const answer = await this.rest.call('POST', '/v1/op', { op, id: 1, ...args });
    assert.equal(answer.status, 200, `${op}: ${answer.text}`);
    return answer.json.ok;
  }

  /** A poll session of this device, opened. */
  poll(): Promise<Poller> {
    return Poller.open(this.rest);
  }

  direct(other: User): string {
    return directConv(this.id, other.id);
  }
}

export interface WorldOptions extends ServerOptions {
  /** Needs a server of its own (options, signals): skipped when PARLEY_URL is set. */
  own?: boolean;
  /** Looks at what a balancer in front would answer itself, or mix from several servers. */
  direct?: boolean;
  /** Error lines in the log that are expected. */
  errors?: RegExp;
  /**
   * False: no history is written down, since others than its clients write (raw bytes, other programs, the SDK), or
   * since the data does not begin with nothing.
   */
  record?: boolean;
  /** Where the history goes, instead of PARLEY_HISTORY. */
  folder?: string;
}

/** Lines that no healthy server writes: its own errors, and what sanitizers say. */
const BAD_LOG = /\blevel=error\b|runtime error:|Sanitizer|^\s+#0 /;

/** Memory that a test measures must not sit in the address sanitizer's quarantine. */
const SANITIZED = { ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? 'quarantine_size_mb=4' };

export class World {
  server: Server | undefined;
  history: History | undefined;
  private clients: (Client | WebSocketRaw)[] = [];
  constructor(readonly opts: WorldOptions) {}

  get url(): string {
    if (!SHARED || this.opts.own) return this.server!.url;
    return this.opts.direct ? DIRECT! : SHARED;
  }
  get rest(): Rest {
    return new Rest(this.url);
  }
  async start(): Promise<void> {
    if (!SHARED || this.opts.own) {
      const env = { ...SANITIZED, ...this.opts.env };
      this.server = await Server.start({ ...this.opts, env });
    }
    const folder = this.opts.folder ?? process.env.PARLEY_HISTORY;
    const data = this.server?.data ?? SHARED!;
    if (folder && this.opts.record !== false) this.history = History.start(folder, this.url, data);
    else History.stop(this.url);
  }
  /** Ends the server, which must end well and must not have logged an error. */
  async stop(): Promise<void> {
    this.closeAll();
    const server = this.server;
    this.server = undefined;
    if (!server) return;
    const exit = server.alive ? await server.stop() : undefined;
    History.stop(server.url);
    await server.drop();
    if (exit)
      assert.deepEqual(exit, { code: 0, signal: null }, `the end of the server\n${server.log.slice(-2000)}`);
    const bad = server.log.split('\n').filter((line) => BAD_LOG.test(line));
    const unexpected = bad.filter((line) => !this.opts.errors?.test(line));
    assert.deepEqual(unexpected.slice(0, 20), [], 'no errors in the log');
  }

  async client(opts: WsOptions = {}): Promise<Client> {
    const client = await Client.open(this.url, opts);
    this.clients.push(client);
    return client;
  }
  async socket(opts: WsOptions = {}): Promise<WebSocketRaw> {
    const ws = await WebSocketRaw.open(this.url, opts);
    this.clients.push(ws);
    return ws;
  }
  /** Ends what a test left open, and fails it if the server broke the protocol on the way. */
  closeAll(): void {
    const open = this.clients.splice(0).map((c) => (c instanceof Client ? c.ws : c));
    for (const ws of open) ws.destroy();
    const fault = open.find((ws) => ws.fault)?.fault;
    if (fault) assert.fail(`the server broke the protocol: ${fault}`);
  }

  async user(more: Json = {}): Promise<User> {
    const name = more.name ?? uniqueName();
    const body = { name, password: PASSWORD, ...more };
    const answer = await this.rest.ok('POST', '/v1/register', body, 201);
    return new User(this, answer.user.id, name, answer.token, answer.device);
  }
  users(count: 2): Promise<[User, User]>;
  users(count: 3): Promise<[User, User, User]>;
  users(count: 4): Promise<[User, User, User, User]>;
  users(count: 5): Promise<[User, User, User, User, User]>;
  users(count: number): Promise<User[]>;
  users(count: number): Promise<User[]> {
    return Promise.all(Array.from({ length: count }, () => this.user()));
  }

  /** `parley admin …` against this world's server. */
  admin(args: string[], input = ''): Promise<Run> {
    return parley(['admin', ...args, '--data', this.server!.data], input);
  }
}

/** Call inside a describe: its server starts before the first test and ends after the last. */
export function world(w: World): World {
  before(() => w.start());
  afterEach(() => w.closeAll());
  after(() => w.stop());
  return w;
}

/** Sends `count` short texts from `client`, pipelined; answers the `ok`s in order. */
export function flood(client: Client, args: Json, count: number, text = 'm'): Promise<Json[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      client.ok('send', { ...args, cmid: cmid(), text: `${text} ${i + 1}` }, 30_000),
    ),
  );
}

/** Makes a group of `owner` and `others`. */
export async function makeGroup(owner: Client, others: User[], more: Json = {}): Promise<string> {
  const members = others.map((u) => u.id);
  const ok = await owner.ok('group.create', { name: 'Group', members, cmid: cmid(), ...more });
  return ok.conv;
}

/** The row of one conversation as `sync` gives it now. */
export async function syncRow(client: Client, conv: string): Promise<Json> {
  const ok = await client.ok('sync', { limit: 500 });
  return ok.conversations.find((row: Json) => row.conv === conv);
}
