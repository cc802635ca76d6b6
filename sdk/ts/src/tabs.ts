// Several programs of one device, such as the tabs of a browser: one leads and has the connection, the others go through
// it, over a channel that they all hear. Who leads is decided outside (a lock that ends with its holder). A client does
// not know its part: it gets its sockets and its store from here. When the leader ends, so do the others' sockets, and
// they find the next one by their own.
import type { Client } from './client.ts';
import type { ConnectionStatus } from './connection.ts';
import type { SocketConstructor, SocketLike } from './env.ts';
import { ParleyError } from './errors.ts';
import type { ConvSettings } from './settings.ts';
import type { Store, StoreBatch } from './store.ts';
import type { ConvId, Presence, ServerFrame, UserId } from './types.ts';

/** What `BroadcastChannel` is: a message reaches all others that are open, in the order posted. */
export interface TabChannel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

type Frame = Record<string, unknown> & { op: string; id: number };

type Message =
  /** The leader is online; it is not (any more). */
  | { kind: 'up' | 'down' }
  /** What the leader's connection does, for those who cannot see it. */
  | { kind: 'status'; status: ConnectionStatus }
  /** Somebody asks whether there is a leader; wants it to try to connect now, or to clear the cache. */
  | { kind: 'who' | 'kick' | 'clear' }
  /** Of a follower to the leader, and the answer. */
  | { kind: 'ask'; tab: string; frame: Frame }
  | { kind: 'answer'; tab: string; frame: ServerFrame }
  /** Of the leader to all, or to all but one. */
  | { kind: 'event'; frame: ServerFrame; not?: string }
  /** Settings that a follower's person changed: kept by the leader, whether it is online or not. */
  | { kind: 'set'; conv: ConvId; change: ConvSettings }
  /** Taken out of the outbox before it was sent, or after it was refused. */
  | { kind: 'discarded'; id: string }
  /** A follower ends, and may leave something in the outbox. */
  | { kind: 'bye'; tab: string };

/** They change nothing that another tab shows. */
const quiet = new Set(['history', 'sync', 'presence', 'watch', 'members', 'contacts', 'typing', 'ping']);

export class Tabs {
  readonly id: string;
  private readonly channel: TabChannel;
  private client: Client | undefined;
  private leading = false;
  private closed = false;
  private socket: TabSocket | undefined;
  private leaders: ConnectionStatus | undefined;
  /** Called when `status` may have changed for a reason that the client of this tab does not tell. */
  onstatus: () => void = () => {};
  /** The leader: whom each follower watches. */
  private readonly watched = new Map<string, UserId[]>();

  constructor(channel: TabChannel, id: string) {
    this.channel = channel;
    this.id = id;
    channel.onmessage = (event) => this.heard(event.data as Message);
  }

  get leads(): boolean {
    return this.leading;
  }

  /** What to show of the connection: the leader's as long as this tab has none through it. */
  get status(): ConnectionStatus | undefined {
    const own = this.client?.status;
    const through = own?.state === 'connecting' || own?.state === 'waiting';
    return this.leading || !through ? own : (this.leaders ?? own);
  }

  /** Tries to connect now, in whichever tab that can be done. */
  kick(): void {
    this.client?.kick();
    if (!this.leading) this.post({ kind: 'kick' });
  }

  /** The cache is one for all tabs. */
  clearCache(): void {
    this.client?.clearCache();
    if (!this.leading) this.post({ kind: 'clear' });
  }

  /** For `env.socket` of the client: real ones while this tab leads, else one that goes through the leader. */
  sockets(real: SocketConstructor | undefined): SocketConstructor {
    const make = (url: string, protocols?: string | string[]): SocketLike => {
      if (!this.leading) return this.follow();
      if (!real) throw new Error('no WebSocket here');
      return new real(url, protocols);
    };
    // What a function that is called with `new` returns is the new object.
    return function Socket(url: string, protocols?: string | string[]) {
      return make(url, protocols);
    } as unknown as SocketConstructor;
  }

  /** For `store` of the client: the cache is the leader's to write, the outbox everybody's. */
  store(shared: Store): Store {
    const outbox = (b: StoreBatch): StoreBatch => ({
      ...(b.outboxPut ? { outboxPut: b.outboxPut } : {}),
      ...(b.outboxDelete ? { outboxDelete: b.outboxDelete } : {}),
    });
    return {
      load: () => shared.load(),
      entries: (conv, before, limit) => shared.entries(conv, before, limit),
      commit: (batch) => shared.commit(this.leading ? batch : outbox(batch)),
      dropCache: async () => {
        if (this.leading) await shared.dropCache();
      },
      clear: () => shared.clear(),
    };
  }

  /** The client of this tab, once. */
  attach(client: Client): void {
    this.client = client;
    client.on('status', (status) => {
      if (!this.leading) return;
      const online = status.state === 'online';
      this.post({ kind: online ? 'up' : 'down' });
      this.post({ kind: 'status', status });
      // A follower may have ended without a word.
      if (online) client.shared.adopt().catch(() => {});
    });
    client.on('frame', (frame) => this.leading && this.post({ kind: 'event', frame }));
    client.on('answered', ({ op, body }) => {
      if (this.leading && this.shows(op, body)) this.post({ kind: 'event', frame: { ev: 'sync' } });
    });
    client.on('set', ({ conv, change }) => {
      if (!this.leading) this.post({ kind: 'set', conv, change });
    });
    client.on('discarded', (id) => this.post({ kind: 'discarded', id }));
    this.post({ kind: 'who' });
  }

  /** From now on this tab leads, until it ends. */
  lead(): void {
    if (this.leading || this.closed) return;
    this.leading = true;
    this.leaders = undefined;
    this.post({ kind: 'down' });
    this.client?.shared.keepAll();
    this.client?.shared.adopt();
    this.socket?.end(1001, true);
    this.client?.kick();
  }

  /** The tab goes, perhaps before it has said everything. */
  bye(): void {
    this.post({ kind: 'bye', tab: this.id });
  }

  close(): void {
    this.bye();
    this.channel.onmessage = null;
    this.channel.close();
    this.closed = true;
  }

  private post(message: Message): void {
    if (!this.closed) this.channel.postMessage(message);
  }

  private follow(): TabSocket {
    this.socket = new TabSocket((frame) => this.post({ kind: 'ask', tab: this.id, frame }));
    return this.socket;
  }

  private heard(m: Message): void {
    const online = this.client?.status.state === 'online';
    switch (m.kind) {
      case 'up':
        if (this.leading) return;
        this.socket?.again();
        this.client?.kick();
        break;
      case 'down':
        if (!this.leading) this.socket?.end(1001);
        break;
      case 'who':
        if (this.leading && online) this.post({ kind: 'up' });
        if (this.leading && this.client) this.post({ kind: 'status', status: this.client.status });
        break;
      case 'clear':
        if (this.leading) this.client?.clearCache();
        break;
      case 'kick':
        if (this.leading) this.client?.kick();
        break;
      case 'status':
        this.leaders = m.status.state === 'online' ? undefined : m.status;
        this.onstatus();
        break;
      case 'ask':
        if (this.leading && online) this.ask(m.tab, m.frame);
        break;
      case 'answer':
        if (m.tab === this.id) this.socket?.take(m.frame);
        break;
      case 'event':
        if (!this.leading && m.not !== this.id) this.socket?.take(m.frame);
        break;
      case 'set':
        if (this.leading) this.client?.set(m.conv, m.change);
        break;
      case 'discarded':
        this.client?.shared.forget(m.id);
        break;
      case 'bye':
        this.watched.delete(m.tab);
        if (this.leading) this.client?.shared.adopt();
        break;
    }
  }

  /** Does it change what other tabs show? Delivered marks are not shown to their own user. */
  private shows(op: string, body: Record<string, unknown>): boolean {
    return op === 'ack' ? Object.keys((body['read'] ?? {}) as object).length > 0 : !quiet.has(op);
  }

  private async ask(tab: string, frame: Frame): Promise<void> {
    const { op, id: re, ...body } = frame;
    try {
      const ok = await this.answer(tab, op, body);
      this.post({ kind: 'answer', tab, frame: { re, ok } });
      if (!this.shows(op, body) || op === 'hello') return;
      this.post({ kind: 'event', frame: { ev: 'sync' }, not: tab });
      this.client?.shared.refresh();
    } catch (error) {
      // Without an answer it is asked again, of this leader or the next.
      if (!(error instanceof ParleyError) || error.code === 'disconnected' || error.code === 'unanswered')
        return;
      const { code, message, retry, retryAfterMs: retry_after_ms } = error;
      this.post({ kind: 'answer', tab, frame: { re, error: { code, message, retry, retry_after_ms } } });
    }
  }

  private async answer(
    tab: string,
    op: string,
    body: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const client = this.client;
    if (!client) throw new ParleyError('disconnected', '', true);
    switch (op) {
      case 'hello': {
        const { conversations: _, cursor: __, sync_token: ___, ...hello } = client.hello ?? {};
        const sync = body['sync'] as Record<string, unknown> | undefined;
        return { ...hello, ...(sync ? await client.request('sync', sync) : {}) };
      }
      case 'watch': {
        const users = body['users'] as UserId[];
        this.watched.set(tab, users);
        const all = (await client.people.watchFor([...this.watched.values()].flat())) as Presence[];
        return {
          users: users.map((u) => all.find((p) => p.id === u) ?? { id: u, status: 'offline', last_seen: 0 }),
        };
      }
      case 'ack': {
        // Delivered means kept, and it is the leader that keeps.
        const { delivered: _, ...read } = body;
        return this.shows(op, read) ? client.request('ack', read) : {};
      }
      default:
        return client.request(op, body);
    }
  }
}

/** A follower's connection: open from the start, heard as soon as there is a leader who is online. */
class TabSocket implements SocketLike {
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  private readonly post: (frame: Frame) => void;
  private hello: Frame | undefined;
  private done = false;

  constructor(post: (frame: Frame) => void) {
    this.post = post;
    queueMicrotask(() => {
      if (!this.done) this.onopen?.({});
    });
  }

  send(data: string): void {
    if (this.done) return;
    const frame = JSON.parse(data) as Frame;
    if (frame.op === 'hello') this.hello = frame;
    this.post(frame);
  }

  /** There is a leader now: hello may not have been heard. */
  again(): void {
    if (this.hello && !this.done) this.post(this.hello);
  }

  take(frame: ServerFrame): void {
    if (this.done) return;
    if (frame.re === this.hello?.id) this.hello = undefined;
    // What happens before hello was answered is in its answer.
    else if (this.hello) return;
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Not while hello waits for a leader, unless it has to go elsewhere. */
  end(code: number, always = false): void {
    if (this.done || (this.hello && !always)) return;
    this.done = true;
    this.onclose?.({ code, reason: '' });
  }

  close(): void {
    this.done = true;
  }
}
