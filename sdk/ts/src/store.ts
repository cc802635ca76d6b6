// Where a client keeps what must survive it: the outbox, and a cache of everything else.
import type { ConvId, ConvRow, Entry, OutboxItem, Profile } from './types.ts';

/** A conversation as it is kept: the row, and the range of entries held without a hole (hi 0: none). */
export interface StoredConv extends ConvRow {
  lo: number;
  hi: number;
  first_seq: number;
}

/** Written whole or not at all. */
export interface StoreBatch {
  meta?: Record<string, unknown>;
  conversations?: StoredConv[];
  /** Conversations whose entries are dropped before those of this batch are written. */
  forget?: ConvId[];
  entries?: Entry[];
  outboxPut?: OutboxItem[];
  outboxDelete?: string[];
  people?: Profile[];
}

export interface Loaded {
  meta: Record<string, unknown>;
  conversations: StoredConv[];
  outbox: OutboxItem[];
  people: Profile[];
}

export interface Store {
  /** Everything but the entries. */
  load(): Promise<Loaded>;
  /** At most `limit` entries below `before`, ascending. */
  entries(conv: ConvId, before: number, limit: number): Promise<Entry[]>;
  /** Resolves when the batch is durable. */
  commit(batch: StoreBatch): Promise<void>;
  /** Drops everything but the outbox. */
  dropCache(): Promise<void>;
  /** Drops everything. */
  clear(): Promise<void>;
}

/** Keeps everything in memory: for bots, and for browsers that allow nothing else. */
export class MemoryStore implements Store {
  private meta: Record<string, unknown> = {};
  private readonly convs = new Map<ConvId, StoredConv>();
  private readonly log = new Map<ConvId, Map<number, Entry>>();
  private readonly outbox = new Map<string, OutboxItem>();
  private readonly people = new Map<string, Profile>();

  async load(): Promise<Loaded> {
    return structuredCopy({
      meta: this.meta,
      conversations: [...this.convs.values()],
      outbox: [...this.outbox.values()].sort((a, b) => a.order - b.order),
      people: [...this.people.values()],
    });
  }

  async entries(conv: ConvId, before: number, limit: number): Promise<Entry[]> {
    const all = [...(this.log.get(conv)?.values() ?? [])].filter((e) => e.seq < before);
    return structuredCopy(all.sort((a, b) => a.seq - b.seq).slice(-limit));
  }

  async commit(batch: StoreBatch): Promise<void> {
    const b = structuredCopy(batch);
    Object.assign(this.meta, b.meta);
    for (const conv of b.forget ?? []) this.log.delete(conv);
    for (const c of b.conversations ?? []) this.convs.set(c.conv, c);
    for (const e of b.entries ?? []) {
      let log = this.log.get(e.conv);
      if (!log) {
        log = new Map();
        this.log.set(e.conv, log);
      }
      log.set(e.seq, e);
    }
    for (const item of b.outboxPut ?? []) this.outbox.set(item.id, item);
    for (const id of b.outboxDelete ?? []) this.outbox.delete(id);
    for (const p of b.people ?? []) this.people.set(p.id, p);
  }

  async dropCache(): Promise<void> {
    this.meta = {};
    this.convs.clear();
    this.log.clear();
    this.people.clear();
  }

  async clear(): Promise<void> {
    await this.dropCache();
    this.outbox.clear();
  }
}

/** Nothing that was stored may change afterwards, nor the other way round. */
function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
