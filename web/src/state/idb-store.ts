// The SDK's store on IndexedDB: a cache of everything, and the outbox, which is written strictly.
import type { Entry, Loaded, OutboxItem, Profile, Store, StoreBatch, StoredConv } from '@parley/sdk';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

interface Shape extends DBSchema {
  meta: { key: string; value: unknown };
  conversations: { key: string; value: StoredConv };
  entries: { key: [string, number]; value: Entry };
  outbox: { key: string; value: OutboxItem };
  people: { key: string; value: Profile };
}

const names = ['meta', 'conversations', 'entries', 'outbox', 'people'] as const;

export class IdbStore implements Store {
  private readonly db: IDBPDatabase<Shape>;

  private constructor(db: IDBPDatabase<Shape>) {
    this.db = db;
  }

  /** One database an account, so that a second person on the same device never sees the first one's messages. */
  static async open(user: string): Promise<IdbStore> {
    const db = await openDB<Shape>(`parley-${user}`, 1, {
      upgrade(d) {
        d.createObjectStore('meta');
        d.createObjectStore('conversations', { keyPath: 'conv' });
        d.createObjectStore('entries', { keyPath: ['conv', 'seq'] });
        d.createObjectStore('outbox', { keyPath: 'id' });
        d.createObjectStore('people', { keyPath: 'id' });
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase | null)?.close();
      },
    });
    return new IdbStore(db);
  }

  async load(): Promise<Loaded> {
    const tx = this.db.transaction(names, 'readonly');
    const [keys, values, conversations, outbox, people] = await Promise.all([
      tx.objectStore('meta').getAllKeys(),
      tx.objectStore('meta').getAll(),
      tx.objectStore('conversations').getAll(),
      tx.objectStore('outbox').getAll(),
      tx.objectStore('people').getAll(),
    ]);
    return {
      meta: Object.fromEntries(keys.map((k, i) => [k, values[i]])),
      conversations,
      outbox: outbox.sort((a, b) => a.order - b.order),
      people,
    };
  }

  async entries(conv: string, before: number, limit: number): Promise<Entry[]> {
    // Mostly nothing is missing: then one request has the whole page, which a cursor would go through step by step.
    const near = IDBKeyRange.bound([conv, before - limit], [conv, before], false, true);
    const dense = await this.db.getAll('entries', near);
    if (dense.length === limit) return dense;
    const range = IDBKeyRange.bound([conv, 0], [conv, before], false, true);
    const out: Entry[] = [];
    let cursor = await this.db.transaction('entries').store.openCursor(range, 'prev');
    while (cursor && out.length < limit) {
      out.push(cursor.value);
      cursor = await cursor.continue();
    }
    return out.reverse();
  }

  async commit(batch: StoreBatch): Promise<void> {
    const durability = batch.outboxPut?.length ? 'strict' : 'relaxed';
    const tx = this.db.transaction(names, 'readwrite', { durability });
    const waits: Promise<unknown>[] = [];
    for (const [key, value] of Object.entries(batch.meta ?? {}))
      waits.push(tx.objectStore('meta').put(value, key));
    for (const conv of batch.forget ?? []) {
      waits.push(
        tx.objectStore('entries').delete(IDBKeyRange.bound([conv, 0], [conv, Number.MAX_SAFE_INTEGER])),
      );
    }
    for (const c of batch.conversations ?? []) waits.push(tx.objectStore('conversations').put(c));
    for (const e of batch.entries ?? []) waits.push(tx.objectStore('entries').put(e));
    for (const item of batch.outboxPut ?? []) waits.push(tx.objectStore('outbox').put(item));
    for (const id of batch.outboxDelete ?? []) waits.push(tx.objectStore('outbox').delete(id));
    for (const p of batch.people ?? []) waits.push(tx.objectStore('people').put(p));
    await Promise.all([...waits, tx.done]);
  }

  async dropCache(): Promise<void> {
    const tx = this.db.transaction(['meta', 'conversations', 'entries', 'people'], 'readwrite');
    await Promise.all([
      tx.objectStore('meta').clear(),
      tx.objectStore('conversations').clear(),
      tx.objectStore('entries').clear(),
      tx.objectStore('people').clear(),
      tx.done,
    ]);
  }

  close(): void {
    this.db.close();
  }

  async clear(): Promise<void> {
    await this.dropCache();
    await this.db.clear('outbox');
  }
}
