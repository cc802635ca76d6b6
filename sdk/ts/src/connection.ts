// The one connection of a client: opens it, says hello, keeps it alive, and opens the next one after a loss.
import { Backoff } from './backoff.ts';
import type { Env } from './env.ts';
import { disconnected, ParleyError, unanswered } from './errors.ts';
import { PollTransport, SocketTransport, type Transport, type TransportHandlers } from './transport.ts';
import type { HelloAnswer, ServerFrame, SyncRequest } from './types.ts';
import { isOlder } from './version.ts';

/**
 * stopped: not wanted · connecting: opening, or waiting for the answer to hello · online · waiting: until `retryAt`.
 * The rest end the machine until `start`: signed_out, disabled, replaced (the same device opened another connection),
 * outdated (the server wants a newer version of this client; what waits to be sent stays).
 */
export type ConnectionState =
  | 'stopped'
  | 'connecting'
  | 'online'
  | 'waiting'
  | 'signed_out'
  | 'disabled'
  | 'replaced'
  | 'outdated';

export interface ConnectionStatus {
  state: ConnectionState;
  /** When the machine left `online`, or was started; 0 while online. */
  lostAt: number;
  retryAt: number;
  transport: 'socket' | 'poll' | undefined;
  tries: number;
  /** The oldest version of this client that the server lets in, as it said last; empty: any. */
  oldestClient: string;
}

export interface ConnectionHooks {
  /** What hello should ask for; undefined for no sync at all. */
  hello(): SyncRequest | undefined;
  online(answer: HelloAnswer): void;
  offline(): void;
  event(frame: ServerFrame): void;
  status(status: ConnectionStatus): void;
}

export interface ConnectionOptions {
  url: string;
  token: string;
  client: string;
  user: string;
  /** `auto` tries long polling after two sockets that never opened; the others are for tests. */
  transport: 'auto' | 'socket' | 'poll';
}

interface Pending {
  resolve(ok: Record<string, unknown>): void;
  reject(error: ParleyError): void;
  timer: unknown;
}

const HANDSHAKE_MS = 15000;
const DEAD_MS = 10000;
/** Without an answer for this long a request counts as not heard. */
const ANSWER_MS = 20000;
/** While polling, a socket is tried again soon (the server may only have been away), then this often. */
const UPGRADE_SOON_MS = 3000;
const UPGRADE_MS = 60000;

export class Connection {
  private readonly env: Env;
  private readonly options: ConnectionOptions;
  private readonly hooks: ConnectionHooks;
  private readonly backoff: Backoff;
  private readonly pending = new Map<number, Pending>();
  private transport: Transport | undefined;
  private timer: unknown;
  private heartbeat: unknown;
  private upgrade: unknown;
  private heartbeatMs = 25000;
  private nextId = 1;
  private heard = 0;
  private socketFailures = 0;
  private upgradeMs = UPGRADE_SOON_MS;
  private state: ConnectionStatus = {
    state: 'stopped',
    lostAt: 0,
    retryAt: 0,
    transport: undefined,
    tries: 0,
    oldestClient: '',
  };

  constructor(env: Env, options: ConnectionOptions, hooks: ConnectionHooks) {
    this.env = env;
    this.options = options;
    this.hooks = hooks;
    this.backoff = new Backoff(env.random);
  }

  get status(): ConnectionStatus {
    return this.state;
  }

  get online(): boolean {
    return this.state.state === 'online';
  }

  start(): void {
    if (this.transport || this.state.state === 'waiting') return;
    this.backoff.reset();
    this.set({ lostAt: this.env.now(), tries: 0 });
    this.open();
  }

  stop(): void {
    this.end('stopped');
  }

  /** Something suggests that a try would work now (network back, page shown, user asked). */
  kick(): void {
    if (this.state.state === 'waiting') {
      this.env.clearTimeout(this.timer);
      this.backoff.reset();
      this.open();
    } else if (this.state.state === 'online') this.probe(3000);
  }

  /** Asks for a sign of life and takes the connection for dead when none comes in time. */
  probe(limitMs: number): void {
    const asked = this.transport;
    if (!asked || this.state.state !== 'online') return;
    const before = this.heard;
    this.request('ping', {}).catch(() => {});
    this.env.setTimeout(() => {
      if (this.transport === asked && this.heard === before) this.lost(1006);
    }, limitMs);
  }

  /**
   * One request. Rejects with the server's refusal, with `disconnected`, or with `unanswered` after 20 s; never tries
   * again by itself.
   */
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (op !== 'hello' && this.state.state !== 'online') return Promise.reject(disconnected());
    return this.write(op, body);
  }

  private write(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const transport = this.transport;
    if (!transport) return Promise.reject(disconnected());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      // The wait for the answer to hello is that of the connection.
      const timer = op === 'hello' ? undefined : this.env.setTimeout(() => this.tooLate(id), ANSWER_MS);
      this.pending.set(id, { resolve, reject, timer });
      transport.send({ ...body, op, id });
    });
  }

  private tooLate(id: number): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.reject(unanswered());
  }

  private set(change: Partial<ConnectionStatus>): void {
    this.state = { ...this.state, ...change };
    this.hooks.status(this.state);
  }

  private usePoll(): boolean {
    if (this.options.transport !== 'auto') return this.options.transport === 'poll';
    return this.socketFailures >= 2;
  }

  private open(): void {
    this.dropTransport();
    const poll = this.usePoll();
    let opened = false;
    const current = (): boolean => this.transport === transport;
    const handlers: TransportHandlers = {
      open: () => {
        if (!current()) return;
        opened = true;
        if (!poll) {
          this.socketFailures = 0;
          this.upgradeMs = UPGRADE_SOON_MS;
        }
        this.hello(false);
      },
      frame: (frame) => {
        if (!current()) return;
        this.heard++;
        this.frame(frame);
      },
      close: (code) => {
        if (!current()) return;
        if (!opened) this.count(poll);
        // Of a socket whose hello was not answered it only says that none came in time: a server, or something on the
        // way, may have stood still. What signs out is a refusal of the token.
        const unheard = code === 4401 && !poll && this.state.state !== 'online';
        this.lost(unheard ? 1006 : code);
      },
    };
    const ws = `${this.options.url.replace(/^http/, 'ws')}/v1/ws?u=${encodeURIComponent(this.options.user)}`;
    const transport: Transport = poll
      ? new PollTransport(this.env, this.options.url, this.options.token, handlers)
      : new SocketTransport(this.env, ws, handlers);
    this.transport = transport;
    this.set({ state: 'connecting', retryAt: 0, transport: transport.kind, tries: this.state.tries + 1 });
    this.timer = this.env.setTimeout(() => {
      if (!current()) return;
      if (!opened) this.count(poll);
      this.lost(1006);
    }, HANDSHAKE_MS);
  }

  /** Two sockets that never opened make the next try a poll; a poll that fails too means the server is away. */
  private count(poll: boolean): void {
    this.socketFailures = poll ? 0 : this.socketFailures + 1;
  }

  private async hello(plain: boolean): Promise<void> {
    const transport = this.transport;
    const sync = plain ? undefined : this.hooks.hello();
    const body: Record<string, unknown> = { token: this.options.token, client: this.options.client };
    if (sync) body['sync'] = sync;
    try {
      const answer = (await this.write('hello', body)) as unknown as HelloAnswer;
      if (this.transport !== transport) return;
      const oldestClient = answer.oldest_client ?? '';
      this.state = { ...this.state, oldestClient };
      if (isOlder(this.options.client, oldestClient)) return this.end('outdated');
      this.env.clearTimeout(this.timer);
      this.backoff.reset();
      this.heartbeatMs = answer.heartbeat_ms || 25000;
      this.set({ state: 'online', lostAt: 0, retryAt: 0, tries: 0 });
      this.beat();
      if (transport?.kind === 'poll' && this.options.transport === 'auto') this.planUpgrade();
      this.hooks.online(answer);
    } catch (error) {
      if (this.transport !== transport) return;
      const code = error instanceof ParleyError ? error.code : '';
      if (code === 'bad_request' && sync) this.hello(true);
      else if (code === 'unauthorized') this.lost(4401);
      else if (code !== 'disconnected') this.lost(1006);
    }
  }

  private frame(frame: ServerFrame): void {
    if (typeof frame.re === 'number') {
      const pending = this.pending.get(frame.re);
      if (!pending) return;
      this.pending.delete(frame.re);
      this.env.clearTimeout(pending.timer);
      if (frame.error) pending.reject(ParleyError.from(frame.error));
      else pending.resolve(frame.ok ?? {});
    } else if (frame.ev === 'drain') {
      const wait = this.env.random() * Number(frame['retry_after_ms'] ?? 0);
      const transport = this.transport;
      this.env.setTimeout(() => {
        if (transport && this.transport === transport) this.lost(1001);
      }, wait);
    } else if (typeof frame.ev === 'string') this.hooks.event(frame);
  }

  private beat(): void {
    this.env.clearTimeout(this.heartbeat);
    const before = this.heard;
    this.heartbeat = this.env.setTimeout(() => {
      if (this.state.state !== 'online') return;
      if (this.heard === before) this.probe(DEAD_MS);
      this.beat();
    }, this.heartbeatMs);
  }

  private planUpgrade(): void {
    this.env.clearTimeout(this.upgrade);
    this.upgrade = this.env.setTimeout(() => {
      if (this.transport?.kind !== 'poll') return;
      this.socketFailures = 1;
      this.upgradeMs = UPGRADE_MS;
      this.lost(1001);
    }, this.upgradeMs);
  }

  private dropTransport(): void {
    const transport = this.transport;
    this.transport = undefined;
    this.env.clearTimeout(this.timer);
    this.env.clearTimeout(this.heartbeat);
    this.env.clearTimeout(this.upgrade);
    transport?.close();
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const p of waiting) {
      this.env.clearTimeout(p.timer);
      p.reject(disconnected());
    }
  }

  private end(state: ConnectionState): void {
    const was = this.state.state;
    this.dropTransport();
    this.set({ state, retryAt: 0, transport: undefined });
    if (was === 'online') this.hooks.offline();
  }

  /** The transport is gone: decide by the close code what comes next. */
  private lost(code: number): void {
    if (code === 4401) return this.end('signed_out');
    if (code === 4403) return this.end('disabled');
    if (code === 4409) return this.end('replaced');
    const wasOnline = this.state.state === 'online';
    this.dropTransport();
    if (wasOnline) this.set({ lostAt: this.env.now() });
    // A server that goes away, or found us too slow, wants us back at once; a second such try waits as usual.
    const atOnce = wasOnline && (code === 1001 || code === 4408 || code === 4410);
    const wait = atOnce ? Math.round(this.env.random() * 100) : this.backoff.next();
    this.set({ state: 'waiting', retryAt: this.env.now() + wait, transport: undefined });
    this.timer = this.env.setTimeout(() => this.open(), wait);
    if (wasOnline) this.hooks.offline();
  }
}
