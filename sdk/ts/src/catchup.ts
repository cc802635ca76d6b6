// Brings this device up to date: pages of sync after each hello, then the entries that are missing.
import type { Conversation } from './conversation.ts';
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { ConvId, ConvRow, Entry, HistoryAnswer, SyncAnswer, SyncRequest } from './types.ts';

export interface CatchUpHooks {
  online(): boolean;
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  token(): string | undefined;
  /** Applies one row; returns the conversation when entries of it are missing. */
  row(row: ConvRow): Conversation | undefined;
  /** Entries came from history, ascending. */
  entries(conv: Conversation, entries: Entry[], restart: boolean): void;
  done(token: string | undefined): void;
}

const PARALLEL = 4;
const PAGE = 200;
/** A hole larger than this is not filled: the range starts again with the newest page. */
export const HOLE_MAX = 1000;
const NEWEST = 50;
/** Answers and events of one batch may overtake each other by a hair. */
const SETTLE_MS = 30;
const WAIT_TRIES = 6;

export class CatchUp {
  private readonly env: Env;
  private readonly hooks: CatchUpHooks;
  private readonly queue = new Map<ConvId, Conversation>();
  private readonly active = new Set<ConvId>();
  private round = 0;
  private syncing = false;

  constructor(env: Env, hooks: CatchUpHooks) {
    this.env = env;
    this.hooks = hooks;
  }

  /** True while pages of sync, or entries that they announced, are outstanding. */
  get busy(): boolean {
    return this.syncing || this.active.size > 0 || this.queue.size > 0;
  }

  /** What hello should ask for. */
  first(conversations: Iterable<Conversation>): SyncRequest {
    const since = this.hooks.token();
    if (since !== undefined) return { since, limit: 200 };
    const have: Record<ConvId, number> = {};
    for (const conv of conversations) if (conv.hi > 0) have[conv.id] = conv.hi;
    return Object.keys(have).length > 0 ? { have, limit: 200 } : { limit: 200 };
  }

  /** A connection was lost: what is under way ends by itself, and starts again with the next hello. */
  stop(): void {
    this.round++;
    this.syncing = false;
    this.queue.clear();
  }

  /** Goes through all pages. `first` is the page that came with hello, if one did. */
  async sync(first: SyncAnswer | undefined, whole: boolean): Promise<void> {
    const round = ++this.round;
    this.syncing = true;
    let page = first;
    const since = whole ? undefined : this.hooks.token();
    try {
      for (;;) {
        if (!page) {
          const ask = since === undefined ? {} : { since };
          page = (await this.hooks.request('sync', { ...ask, limit: 200 })) as unknown as SyncAnswer;
        }
        if (round !== this.round) return;
        for (const row of page.conversations ?? []) {
          const conv = this.hooks.row(row);
          if (conv) this.fill(conv);
        }
        if (!page.cursor) break;
        page = (await this.hooks.request('sync', { cursor: page.cursor })) as unknown as SyncAnswer;
      }
      this.syncing = false;
      this.hooks.done(page.sync_token);
    } catch (error) {
      if (round !== this.round) return;
      const refusal = error instanceof ParleyError ? error : undefined;
      if (refusal?.code === 'bad_request' && (since !== undefined || page)) {
        // The token or the cursor is too old for this server: take everything.
        return this.sync(undefined, true);
      }
      this.syncing = false;
      if (refusal?.code === 'disconnected') return;
      this.env.setTimeout(
        () => {
          if (round === this.round && this.hooks.online()) this.sync(undefined, whole);
        },
        Math.max(2000, refusal?.retryAfterMs ?? 0),
      );
    }
  }

  /** Entries of this conversation are missing: gets them. */
  fill(conv: Conversation): void {
    if (this.active.has(conv.id) || this.queue.has(conv.id)) return;
    this.queue.set(conv.id, conv);
    this.pump();
  }

  private pump(): void {
    for (const [id, conv] of this.queue) {
      if (this.active.size >= PARALLEL) return;
      this.queue.delete(id);
      this.active.add(id);
      this.run(conv).finally(() => {
        this.active.delete(id);
        this.pump();
        if (!this.busy) this.hooks.done(undefined);
      });
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((go) => this.env.setTimeout(() => go(), ms));
  }

  private async run(conv: Conversation): Promise<void> {
    if (conv.lastSeq - conv.hi < 50) await this.sleep(SETTLE_MS);
    let wait = 1000;
    for (let idle = 0; conv.lastSeq > conv.hi && this.hooks.online(); ) {
      const restart = (conv.hi === 0 && !conv.fromStart) || conv.lastSeq - conv.hi > HOLE_MAX;
      let answer: HistoryAnswer;
      try {
        const body = restart ? { limit: NEWEST } : { after_seq: conv.hi, limit: PAGE };
        answer = (await this.hooks.request('history', {
          conv: conv.id,
          ...body,
        })) as unknown as HistoryAnswer;
      } catch (error) {
        if (!(error instanceof ParleyError) || !error.retry || error.code === 'disconnected') return;
        await this.sleep(Math.max(wait, error.retryAfterMs));
        wait = Math.min(30000, wait * 2);
        continue;
      }
      const before = conv.hi;
      conv.firstSeq = answer.first_seq;
      this.hooks.entries(conv, answer.entries, restart);
      if (conv.hi > before) continue;
      // The row may be ahead of the log for a moment; or we are out and will never see the rest.
      if (!conv.member || ++idle >= WAIT_TRIES) {
        conv.lastSeq = Math.max(conv.hi, conv.member ? answer.last_seq : 0);
        return;
      }
      await this.sleep(wait);
      wait = Math.min(30000, wait * 2);
    }
  }
}
