// Delivered and read marks on their way to the server: merged by conversation, sent in batches, kept until answered.
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { ConvId } from './types.ts';

export interface MarksHooks {
  online(): boolean;
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Written with the state that already shows them, or a program that ends in between never asks for them. */
  save(wanted: Record<ConvId, Wanted>): void;
}

export interface Wanted {
  delivered: number;
  read: number;
}

const BATCH_MS = 150;
const BATCH_SIZE = 200;

export class Marks {
  private readonly env: Env;
  private readonly hooks: MarksHooks;
  private wanted = new Map<ConvId, Wanted>();
  private timer: unknown;
  private busy = false;
  private alone = false;

  constructor(env: Env, hooks: MarksHooks) {
    this.env = env;
    this.hooks = hooks;
  }

  restore(wanted: Record<ConvId, Wanted>): void {
    this.wanted = new Map(Object.entries(wanted));
  }

  /** Asks for marks at least this high. A read mark raises both. */
  raise(conv: ConvId, marks: Partial<Wanted>): void {
    const held = this.wanted.get(conv) ?? { delivered: 0, read: 0 };
    this.wanted.set(conv, {
      delivered: Math.max(held.delivered, marks.delivered ?? 0, marks.read ?? 0),
      read: Math.max(held.read, marks.read ?? 0),
    });
    this.save();
    if (this.timer === undefined) {
      this.timer = this.env.setTimeout(() => {
        this.timer = undefined;
        this.flush();
      }, BATCH_MS);
    }
  }

  drop(conv: ConvId): void {
    if (this.wanted.delete(conv)) this.save();
  }

  /** Saves what waits once more, after the store dropped it. */
  keep(): void {
    this.save();
  }

  private save(): void {
    this.hooks.save(Object.fromEntries(this.wanted));
  }

  async flush(): Promise<void> {
    if (this.busy || this.wanted.size === 0 || !this.hooks.online()) return;
    this.busy = true;
    const batch = [...this.wanted].slice(0, this.alone ? 1 : BATCH_SIZE);
    const delivered: Record<ConvId, number> = {};
    const read: Record<ConvId, number> = {};
    for (const [conv, w] of batch) {
      if (w.read > 0) read[conv] = w.read;
      if (w.delivered > w.read) delivered[conv] = w.delivered;
    }
    let again = 0;
    try {
      await this.hooks.request('ack', { delivered, read });
      this.forget(batch);
    } catch (error) {
      const refusal = error instanceof ParleyError ? error : undefined;
      if (refusal?.code === 'disconnected') again = -1;
      else if (refusal && !refusal.retry) {
        // One conversation that we are no longer in spoils the whole request: find it by asking one by one.
        if (batch.length === 1) this.forget(batch);
        this.alone = true;
      } else again = Math.max(1000, refusal?.retryAfterMs ?? 0);
    }
    this.busy = false;
    if (this.wanted.size === 0) this.alone = false;
    else if (again === 0) this.flush();
    else if (again > 0) this.env.setTimeout(() => this.flush(), again);
  }

  private forget(batch: [ConvId, Wanted][]): void {
    for (const [conv, sent] of batch) {
      const now = this.wanted.get(conv);
      if (now && now.delivered <= sent.delivered && now.read <= sent.read) this.wanted.delete(conv);
    }
    this.save();
  }
}
