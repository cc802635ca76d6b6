// Gathers what changed in memory and writes it to the store in one batch a moment later.
import type { Conversation } from './conversation.ts';
import type { Env } from './env.ts';
import type { Store, StoreBatch } from './store.ts';
import type { ConvId, Entry, Profile } from './types.ts';

const FLUSH_MS = 40;

export class Persistence {
  readonly store: Store;
  private readonly env: Env;
  private readonly durable: (conv: Conversation) => void;
  private convs = new Set<Conversation>();
  private log: Entry[] = [];
  private forgotten = new Set<ConvId>();
  private metas: Record<string, unknown> = {};
  private done: string[] = [];
  private profiles = new Map<string, Profile>();
  private timer: unknown;
  private queue: Promise<void> = Promise.resolve();
  private ended = false;

  /** `durable` is called for each conversation whose changes have been written. */
  constructor(env: Env, store: Store, durable: (conv: Conversation) => void) {
    this.env = env;
    this.store = store;
    this.durable = durable;
  }

  touch(conv: Conversation): void {
    this.convs.add(conv);
    this.plan();
  }

  entries(list: Entry[]): void {
    this.log.push(...list);
    this.plan();
  }

  forget(conv: ConvId): void {
    this.forgotten.add(conv);
    this.log = this.log.filter((e) => e.conv !== conv);
    this.plan();
  }

  meta(key: string, value: unknown): void {
    this.metas[key] = value;
    this.plan();
  }

  person(profile: Profile): void {
    this.profiles.set(profile.id, profile);
    this.plan();
  }

  outboxDone(ids: string[]): void {
    this.done.push(...ids);
    this.plan();
  }

  /** Writes at once, behind what is being written already. */
  commit(batch: StoreBatch): Promise<void> {
    const next = this.queue.catch(() => {}).then(() => (this.ended ? undefined : this.store.commit(batch)));
    this.queue = next.catch(() => {});
    return next;
  }

  dropCache(): void {
    this.convs.clear();
    this.log = [];
    this.forgotten.clear();
    this.metas = {};
    this.profiles.clear();
    this.queue = this.queue.catch(() => {}).then(() => this.store.dropCache());
  }

  /** Forgets everything and writes nothing any more. */
  async forgetAll(): Promise<void> {
    this.ended = true;
    this.env.clearTimeout(this.timer);
    await this.queue;
    await this.store.clear();
  }

  private plan(): void {
    if (this.timer !== undefined || this.ended) return;
    this.timer = this.env.setTimeout(() => {
      this.flush().catch(() => {});
    }, FLUSH_MS);
  }

  async flush(): Promise<void> {
    this.env.clearTimeout(this.timer);
    this.timer = undefined;
    const convs = [...this.convs];
    const batch: StoreBatch = {
      meta: this.metas,
      conversations: convs.map((c) => c.stored()),
      forget: [...this.forgotten],
      entries: this.log,
      outboxDelete: this.done,
      people: [...this.profiles.values()],
    };
    this.convs = new Set();
    this.log = [];
    this.forgotten = new Set();
    this.metas = {};
    this.done = [];
    this.profiles = new Map();
    await this.commit(batch);
    for (const c of convs) this.durable(c);
  }
}
