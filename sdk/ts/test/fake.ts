// A server in memory for the SDK's tests: enough of the protocol to be wrong in interesting ways on purpose.

import type { SocketLike } from '../src/env.ts';
import { directConv, peerOf } from '../src/ids.ts';
import type { ConvRow, Entry, Marks, Profile } from '../src/types.ts';

interface FakeConv {
  id: string;
  kind: 'direct' | 'group';
  name: string;
  log: Entry[];
  marks: Map<string, Marks>;
  cmids: Map<string, { seq: number; ts: number }>;
  changed: number;
}

type Frame = Record<string, unknown> & { op: string; id: number };

/**
 * What a test does to the next matching request. The connection ends: `cut` before it took effect, `lose` after it, in
 * place of the answer. It lives: `ignore` does nothing at all, `refuse` answers with the error, `late` takes effect
 * after `ms` and is not answered, as when a server stands still with it.
 */
export interface Fault {
  op: string;
  kind: 'cut' | 'lose' | 'refuse' | 'ignore' | 'late';
  ms?: number;
  error?: { code: string; message: string; retry: boolean; retry_after_ms?: number };
}

export class FakeServer {
  readonly users = new Map<string, Profile>();
  readonly convs = new Map<string, FakeConv>();
  readonly sockets = new Set<FakeSocket>();
  readonly seen: Frame[] = [];
  /** cmids that were refused for good. */
  readonly refused = new Set<string>();
  faults: Fault[] = [];
  store = 'first';
  /** What hello says of the oldest version that may connect; empty: nothing. */
  oldestClient = '';
  readonly lists = { contacts: [] as string[], blocked: [] as string[] };
  up = true;
  /** Events of these kinds are lost on their way. */
  loseEvents = new Set<string>();
  /** How long each frame is under way, in ms; one that takes longer than the next is overtaken by it. */
  delay: () => number = () => 1;
  /** How often each event arrives. */
  copies: () => number = () => 1;
  setTimeout: (run: () => void, ms: number) => unknown = (run, ms) => setTimeout(run, ms);
  private clock = 1_700_000_000_000;
  private changes = 0;

  addUser(id: string, name: string): Profile {
    const profile = { id, name, display_name: name };
    this.users.set(id, profile);
    return profile;
  }

  get socket(): new (
    url: string,
  ) => FakeSocket {
    const server = this;
    return class extends FakeSocket {
      constructor(url: string) {
        super(server, url);
      }
    };
  }

  conv(id: string): FakeConv {
    let c = this.convs.get(id);
    if (!c) {
      const [, a = '', b = ''] = id.split('.');
      const marks = new Map([a, b].map((u) => [u, { delivered: 0, read: 0 }]));
      c = { id, kind: 'direct', name: '', log: [], marks, cmids: new Map(), changed: 0 };
      this.convs.set(id, c);
    }
    return c;
  }

  group(id: string, name: string, members: string[]): FakeConv {
    const marks = new Map(members.map((u) => [u, { delivered: 0, read: 0 }]));
    const c: FakeConv = { id, kind: 'group', name, log: [], marks, cmids: new Map(), changed: 0 };
    this.convs.set(id, c);
    this.write(id, members[0] ?? '', { kind: 'created', text: name, users: members });
    return c;
  }

  /** Writes an entry and tells every member's sockets but `except`. */
  write(id: string, from: string, body: Partial<Entry>, except?: FakeSocket): Entry {
    const c = this.conv(id);
    const entry: Entry = {
      kind: 'text',
      ...body,
      conv: id,
      seq: c.log.length + 1,
      ts: ++this.clock,
      from,
    };
    c.log.push(entry);
    c.changed = ++this.changes;
    for (const s of this.sockets) {
      if (s === except || !c.marks.has(s.user)) continue;
      if (!this.loseEvents.has('entry')) s.deliver({ ev: 'entry', ...entry });
    }
    return entry;
  }

  private shown(c: FakeConv, e: Entry): Entry {
    if (e.kind !== 'text') return e;
    const later = c.log.filter((x) => x.target === e.seq);
    const edited = later.filter((x) => x.kind === 'edited').at(-1);
    const deleted = later.find((x) => x.kind === 'deleted');
    if (deleted) return { ...e, text: '', deleted_seq: deleted.seq };
    return edited ? { ...e, text: edited.text ?? '', edited_seq: edited.seq } : e;
  }

  private row(c: FakeConv, me: string): ConvRow {
    const mine = c.marks.get(me) ?? { delivered: 0, read: 0 };
    const others = [...c.marks].filter(([u]) => u !== me).map(([, m]) => m);
    const last = c.log.at(-1);
    const peer = peerOf(c.id, me);
    return {
      conv: c.id,
      kind: c.kind,
      name: c.kind === 'group' ? c.name : (this.users.get(peer ?? '')?.display_name ?? ''),
      last_seq: c.log.length,
      last_entry: last ? this.shown(c, last) : null,
      unread: c.log.filter(
        (e) => e.kind === 'text' && e.from !== me && e.seq > mine.read && !this.shown(c, e).deleted_seq,
      ).length,
      ...mine,
      others: {
        delivered: Math.min(...others.map((m) => m.delivered)),
        read: Math.min(...others.map((m) => m.read)),
      },
      member: c.marks.has(me),
      member_count: c.marks.size,
      muted_until: 0,
      archived: false,
      pinned: false,
      marked_unread: false,
      draft: '',
    };
  }

  private sync(me: string, ask: Record<string, unknown>): Record<string, unknown> {
    const since = ask['since'] === undefined ? 0 : Number(ask['since']);
    const have = (ask['have'] ?? {}) as Record<string, number>;
    const rows = [...this.convs.values()]
      .filter((c) => c.marks.has(me) && c.log.length > 0)
      .filter((c) => (ask['since'] === undefined ? have[c.id] !== c.log.length : c.changed > since))
      .sort((a, b) => (b.log.at(-1)?.ts ?? 0) - (a.log.at(-1)?.ts ?? 0));
    return { conversations: rows.map((c) => this.row(c, me)), sync_token: String(this.changes) };
  }

  handle(s: FakeSocket, frame: Frame): void {
    this.seen.push(frame);
    const fault = this.faults.findIndex((f) => f.op === frame.op);
    const found = fault >= 0 ? this.faults.splice(fault, 1)[0] : undefined;
    if (found?.kind === 'ignore') return;
    if (found?.kind === 'cut') return s.cut(1006);
    if (found?.kind === 'late') {
      const nobody = new FakeSocket(this, '', s.user);
      this.setTimeout(() => this.operation(nobody, frame), found.ms ?? 0);
      return;
    }
    if (found?.kind === 'refuse') {
      if (!found.error?.retry) this.refused.add(String(frame['cmid']));
      return s.deliver({ re: frame.id, error: found.error });
    }
    const ok = this.operation(s, frame);
    if (found?.kind === 'lose') return s.cut(1006);
    s.deliver('code' in ok ? { re: frame.id, error: { ...ok, retry: false } } : { re: frame.id, ok });
  }

  private operation(s: FakeSocket, f: Frame): Record<string, unknown> {
    const me = s.user;
    const id = f['conv'] as string;
    switch (f.op) {
      case 'hello': {
        s.user = String(f['token']).replace('token-', '');
        const sync = f['sync'] ? this.sync(s.user, f['sync'] as Record<string, unknown>) : {};
        const user = this.users.get(s.user);
        return {
          user,
          device: '1',
          store: this.store,
          server_time: Date.now(),
          limits: {},
          heartbeat_ms: 25000,
          ...(this.oldestClient ? { oldest_client: this.oldestClient } : {}),
          ...sync,
        };
      }
      case 'send':
      case 'edit':
      case 'delete':
      case 'react': {
        const c = this.conv(id);
        const known = c.cmids.get(`${me} ${f['cmid']}`);
        if (known) return { conv: id, ...known, dup: true };
        if (!c.marks.has(me)) return { code: 'not_member', message: '' };
        const body: Partial<Entry> = { cmid: f['cmid'] as string };
        if (f.op === 'send') Object.assign(body, { text: f['text'] });
        else if (f.op === 'edit') Object.assign(body, { kind: 'edited', target: f['seq'], text: f['text'] });
        else if (f.op === 'delete') Object.assign(body, { kind: 'deleted', target: f['seq'] });
        else Object.assign(body, { kind: 'reaction', target: f['seq'], text: f['emoji'], on: f['on'] });
        const e = this.write(id, me, body, s);
        c.cmids.set(`${me} ${f['cmid']}`, { seq: e.seq, ts: e.ts });
        return { conv: id, seq: e.seq, ts: e.ts, dup: false };
      }
      case 'history': {
        const c = this.conv(id);
        const limit = Number(f['limit'] ?? 50);
        const after = f['after_seq'] as number | undefined;
        const before = (f['before_seq'] as number | undefined) ?? c.log.length + 1;
        const all = c.log.filter((e) => (after === undefined ? e.seq < before : e.seq > after));
        const around = f['around_seq'] as number | undefined;
        const from = Math.max(0, (around ?? 1) - 1 - Math.floor(limit / 2));
        const near = after === undefined ? all.slice(-limit) : all.slice(0, limit);
        const page = around === undefined ? near : c.log.slice(from, from + limit);
        return {
          entries: page.map((e) => this.shown(c, e)),
          first_seq: 1,
          last_seq: c.log.length,
          more: page.length < all.length,
        };
      }
      case 'sync':
        return this.sync(me, f);
      case 'ack':
        this.ack(s, f);
        return {};
      case 'members': {
        const c = this.conv(id);
        const members = [...c.marks].map(([user, m]) => ({
          user,
          name: user,
          display_name: this.users.get(user)?.display_name ?? user,
          role: 'member',
          joined_seq: 1,
          ...m,
        }));
        return { members };
      }
      case 'typing':
        for (const o of this.sockets) {
          if (o.user !== me && this.conv(id).marks.has(o.user)) {
            o.deliver({ ev: 'typing', conv: id, user: me, on: f['on'] });
          }
        }
        return {};
      case 'watch':
        return {
          users: (f['users'] as string[]).map((u) => ({
            id: u,
            status: [...this.sockets].some((o) => o.user === u) ? 'online' : 'offline',
            last_seen: 0,
          })),
        };
      case 'conv.set':
        return {};
      case 'contact.add':
      case 'block':
        this.lists[f.op === 'block' ? 'blocked' : 'contacts'].push(String(f['user']));
        return {};
      case 'contacts':
        return { contacts: [...this.lists.contacts], blocked: [...this.lists.blocked] };
      case 'ping':
        return { server_time: Date.now() };
      default:
        return { code: 'unknown_op', message: f.op };
    }
  }

  private ack(s: FakeSocket, f: Frame): void {
    const move = (field: keyof Marks) => {
      for (const [conv, seq] of Object.entries((f[field] ?? {}) as Record<string, number>)) {
        const c = this.conv(conv);
        const m = c.marks.get(s.user);
        if (!m) continue;
        m[field] = Math.max(m[field], Math.min(seq, c.log.length));
        m.delivered = Math.max(m.delivered, m.read);
        c.changed = ++this.changes;
        for (const o of this.sockets) {
          if (o !== s && c.marks.has(o.user)) o.deliver({ ev: 'mark', conv, user: s.user, ...m });
        }
      }
    };
    move('delivered');
    move('read');
  }
}

export class FakeSocket implements SocketLike {
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  user: string;
  private readonly server: FakeServer;
  private closed = false;

  /** With `user` it stands for a connection that has ended: it never opens. */
  constructor(server: FakeServer, _url: string, user = '') {
    this.server = server;
    this.user = user;
    this.closed = user !== '';
    server.setTimeout(() => {
      if (!server.up) return this.cut(1006);
      if (this.closed) return;
      server.sockets.add(this);
      this.onopen?.({});
    }, server.delay());
  }

  send(data: string): void {
    if (this.closed) return;
    const frame = JSON.parse(data) as Frame;
    this.server.setTimeout(() => {
      if (!this.closed) this.server.handle(this, frame);
    }, this.server.delay());
  }

  deliver(frame: object): void {
    const data = JSON.stringify(frame);
    const copies = 'ev' in frame ? this.server.copies() : 1;
    for (let n = 0; n < copies; n++) {
      this.server.setTimeout(() => {
        if (!this.closed) this.onmessage?.({ data });
      }, this.server.delay());
    }
  }

  /** The server, or the network, ends the connection. */
  cut(code: number): void {
    if (this.closed) return;
    this.closed = true;
    this.server.sockets.delete(this);
    this.onclose?.({ code, reason: '' });
  }

  close(): void {
    this.closed = true;
    this.server.sockets.delete(this);
  }

  /** The client is gone without a word: what it had sent arrives all the same. */
  vanish(): void {
    this.onopen = this.onmessage = this.onclose = null;
    this.server.sockets.delete(this);
  }
}

export const A = '1001';
export const B = '1002';
export const AB = directConv(A, B);
