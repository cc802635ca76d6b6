// Everything this device wrote and the server has not yet accepted. One request in flight per conversation, in order,
// with the same cmid on every try; only a final refusal makes an item fail, and a failed one never blocks the next.
// An own entry with its cmid ends an item in every state, as an earlier try may have been under way when it was refused.
import { Backoff } from './backoff.ts';
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { StoreBatch } from './store.ts';
import type { ConvId, Entry, OutboxItem, WriteAnswer, WriteOp } from './types.ts';

export type NewItem = Pick<OutboxItem, 'conv' | 'op'> &
  Partial<Pick<OutboxItem, 'text' | 'reply_to' | 'seq' | 'emoji' | 'on'>>;

export interface OutboxHooks {
  online(): boolean;
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  commit(batch: StoreBatch): Promise<void>;
  frameBytes(): number;
  /** The server accepted the item. Returns true when its entry is now held, false while a hole lies before it. */
  accepted(item: OutboxItem, answer: WriteAnswer): boolean;
  change(conv: ConvId): void;
}

/** An item as shown: `accepted` has a seq, and waits only for the entries before it. */
export type OutboxView = OutboxItem & { accepted?: WriteAnswer; waitingUntil?: number };

interface Lane {
  flying: OutboxItem | undefined;
  backoff: Backoff;
  until: number;
  timer: unknown;
}

const PARALLEL = 8;

export class Outbox {
  private readonly env: Env;
  private readonly hooks: OutboxHooks;
  private readonly items = new Map<string, OutboxItem>();
  private readonly settling = new Map<string, WriteAnswer>();
  private readonly lanes = new Map<ConvId, Lane>();
  /** Taken out: what was read from the store before that may not bring them back. */
  private readonly gone = new Set<string>();
  private lastOrder = 0;

  constructor(env: Env, hooks: OutboxHooks) {
    this.env = env;
    this.hooks = hooks;
  }

  /** What an earlier run left behind. Whether a try had left the device is unknown, so it counts as one. */
  restore(items: OutboxItem[]): void {
    for (const item of items) {
      if (this.items.has(item.id) || this.gone.has(item.id)) continue;
      this.items.set(item.id, { ...item, tries: Math.max(1, item.tries) });
      this.lastOrder = Math.max(this.lastOrder, item.order);
    }
  }

  get size(): number {
    return this.items.size;
  }

  list(conv?: ConvId): OutboxView[] {
    const out: OutboxView[] = [];
    for (const item of this.items.values()) {
      if (conv !== undefined && item.conv !== conv) continue;
      const view: OutboxView = { ...item };
      const accepted = this.settling.get(item.id);
      if (accepted) view.accepted = accepted;
      const until = this.lanes.get(item.conv)?.until ?? 0;
      if (until > 0) view.waitingUntil = until;
      out.push(view);
    }
    return out.sort((a, b) => a.order - b.order);
  }

  /** Resolves once the item is durable; it is shown from then on. */
  async add(item: NewItem): Promise<OutboxItem> {
    const full: OutboxItem = {
      ...item,
      id: this.env.uuid(),
      client_ts: this.env.now(),
      order: this.nextOrder(),
      tries: 0,
    };
    await this.hooks.commit({ outboxPut: [full] });
    this.items.set(full.id, full);
    this.hooks.change(full.conv);
    this.pump();
    return full;
  }

  /** Tries a failed item again, with its first cmid, behind everything that waits now. */
  async retry(id: string): Promise<void> {
    const item = this.items.get(id);
    if (!item?.failed) return;
    const { failed: _, ...rest } = item;
    const again: OutboxItem = { ...rest, order: this.nextOrder() };
    this.items.set(id, again);
    await this.hooks.commit({ outboxPut: [again] });
    this.hooks.change(item.conv);
    this.pump();
  }

  /** Takes an item out. Refused (false) once a try has left the device and the server has not said no. */
  async remove(id: string): Promise<boolean> {
    const item = this.items.get(id);
    if (!item || (item.tries > 0 && !item.failed)) return false;
    this.items.delete(id);
    this.gone.add(id);
    await this.hooks.commit({ outboxDelete: [id] });
    this.hooks.change(item.conv);
    return true;
  }

  /**
   * Takes a message back. One that a try may have brought to the server already goes on, and is deleted for everyone when
   * it is accepted.
   */
  async withdraw(id: string): Promise<void> {
    if (!(await this.remove(id))) await this.follow(id, { op: 'delete' });
  }

  /** Another text for a message that waits; as a change that follows where a try may have brought it to the server. */
  async amend(id: string, text: string): Promise<void> {
    const item = this.items.get(id);
    if (item?.op !== 'send') return;
    if (item.tries > 0 && !item.failed) return this.follow(id, { op: 'edit', text });
    item.text = text;
    delete item.failed;
    await this.rewrite(item);
    this.pump();
  }

  private async follow(id: string, after: NonNullable<OutboxItem['after']>): Promise<void> {
    const item = this.items.get(id);
    if (!item) return;
    item.after = after;
    const accepted = this.settling.get(id);
    if (accepted) this.followUp(item, accepted.seq);
    await this.rewrite(item);
  }

  /** The server has the item as `seq`: what was decided in the meantime is the next thing to send. */
  private followUp(item: OutboxItem, seq: number): void {
    const after = item.after;
    if (!after) return;
    delete item.after;
    this.add({ conv: item.conv, seq, ...after }).catch(() => {});
  }

  /** The same object, as it is known by that while it is under way. */
  private async rewrite(item: OutboxItem): Promise<void> {
    await this.hooks.commit({ outboxPut: [item] });
    this.hooks.change(item.conv);
  }

  /**
   * Somebody else who has it too took it out, and out of the store. One that is under way from here is deleted for everyone
   * once it is accepted. False when it is not here (any more).
   */
  forget(id: string): boolean {
    this.gone.add(id);
    const item = this.items.get(id);
    if (!item) return false;
    if (this.lanes.get(item.conv)?.flying === item || this.settling.has(id)) {
      this.follow(id, { op: 'delete' }).catch(() => {});
    } else {
      this.items.delete(id);
      // What was written of it here may have come after it was taken out.
      this.hooks.commit({ outboxDelete: [id] }).catch(() => {});
      this.hooks.change(item.conv);
    }
    return true;
  }

  /** An own entry with this cmid is held at `seq`: its item was accepted. False when there is none (any more). */
  seen(conv: ConvId, cmid: string, seq: number): boolean {
    const item = this.items.get(cmid);
    if (item?.conv !== conv) return false;
    this.followUp(item, seq);
    this.settling.delete(cmid);
    this.items.delete(cmid);
    const lane = this.lanes.get(conv);
    if (lane?.flying === item) {
      lane.flying = undefined;
      this.pump();
    }
    return true;
  }

  /** Everything up to `hi` of the conversation is held: accepted items up to there have done their work. */
  settle(conv: ConvId, hi: number): string[] {
    const done: string[] = [];
    for (const [id, answer] of this.settling) {
      const item = this.items.get(id);
      if (item?.conv !== conv || answer.seq > hi) continue;
      this.followUp(item, answer.seq);
      this.settling.delete(id);
      this.items.delete(id);
      done.push(id);
    }
    return done;
  }

  /** The connection is back: everything that waits may go now. */
  resume(): void {
    for (const lane of this.lanes.values()) {
      this.env.clearTimeout(lane.timer);
      lane.until = 0;
      lane.backoff.reset();
    }
    this.pump();
  }

  pump(): void {
    if (!this.hooks.online()) return;
    let busy = 0;
    for (const lane of this.lanes.values()) if (lane.flying) busy++;
    const seen = new Set<ConvId>();
    for (const item of [...this.items.values()].sort((a, b) => a.order - b.order)) {
      if (busy >= PARALLEL) return;
      if (item.failed || this.settling.has(item.id) || seen.has(item.conv)) continue;
      seen.add(item.conv);
      const lane = this.lane(item.conv);
      if (lane.flying || lane.until > this.env.now()) continue;
      busy++;
      this.try(item, lane);
    }
  }

  private lane(conv: ConvId): Lane {
    let lane = this.lanes.get(conv);
    if (!lane) {
      lane = { flying: undefined, backoff: new Backoff(this.env.random), until: 0, timer: undefined };
      this.lanes.set(conv, lane);
    }
    return lane;
  }

  private nextOrder(): number {
    this.lastOrder = Math.max(this.lastOrder + 1, this.env.now());
    return this.lastOrder;
  }

  private async try(item: OutboxItem, lane: Lane): Promise<void> {
    lane.flying = item;
    item.tries++;
    const body = bodyOf(item);
    try {
      if (utf8Length(JSON.stringify(body)) + 64 > this.hooks.frameBytes()) {
        throw new ParleyError('too_large', 'The message is too long.', false);
      }
      const answer = (await this.hooks.request(item.op, body)) as unknown as WriteAnswer;
      if (this.waits(item)) this.accepted(item, lane, answer);
    } catch (error) {
      if (this.waits(item)) await this.refused(item, lane, error);
    }
    if (lane.flying === item) lane.flying = undefined;
    if (!lane.flying && lane.until === 0 && !this.list(item.conv).some((i) => !i.failed)) {
      this.lanes.delete(item.conv);
    }
    this.hooks.change(item.conv);
    this.pump();
  }

  /** False once its entry was seen: what the answer says is known by then. */
  private waits(item: OutboxItem): boolean {
    return this.items.get(item.id) === item;
  }

  private accepted(item: OutboxItem, lane: Lane, answer: WriteAnswer): void {
    lane.backoff.reset();
    lane.until = 0;
    this.settling.set(item.id, answer);
    if (!this.hooks.accepted(item, answer) || !this.waits(item)) return;
    this.followUp(item, answer.seq);
    this.settling.delete(item.id);
    this.items.delete(item.id);
    this.hooks.commit({ outboxDelete: [item.id] }).catch(() => {});
  }

  private async refused(item: OutboxItem, lane: Lane, error: unknown): Promise<void> {
    const refusal = error instanceof ParleyError ? error : new ParleyError('internal', String(error), true);
    // Not heard: says nothing about the item, which goes out again as soon as there is a connection.
    if (refusal.code === 'disconnected' || refusal.code === 'unanswered') return;
    if (refusal.retry || refusal.code === 'unauthorized') {
      const wait = Math.max(refusal.retryAfterMs, lane.backoff.next());
      lane.until = this.env.now() + wait;
      lane.timer = this.env.setTimeout(() => {
        lane.until = 0;
        this.pump();
      }, wait);
      return;
    }
    if (item.after?.op === 'edit') {
      item.text = item.after.text;
      delete item.after;
    }
    item.failed = { code: refusal.code, message: refusal.message };
    // A message that was to be deleted anyway, or is not there any more, leaves nothing to decide.
    const unwanted = (): boolean =>
      item.after !== undefined || !this.waits(item) || (item.op === 'delete' && refusal.code === 'conflict');
    if (!unwanted()) await this.hooks.commit({ outboxPut: [item] }).catch(() => {});
    // It may have been taken out while that was written.
    if (!unwanted()) return;
    if (this.waits(item)) this.items.delete(item.id);
    await this.hooks.commit({ outboxDelete: [item.id] }).catch(() => {});
  }
}

/** The members of the request, without `op` and `id`. */
export function bodyOf(item: OutboxItem): Record<string, unknown> {
  const base = { conv: item.conv, cmid: item.id };
  const op: WriteOp = item.op;
  if (op === 'send') {
    const body: Record<string, unknown> = { ...base, text: item.text ?? '', client_ts: item.client_ts };
    if (item.reply_to !== undefined) body['reply_to'] = item.reply_to;
    return body;
  }
  if (op === 'edit') return { ...base, seq: item.seq, text: item.text ?? '' };
  if (op === 'delete') return { ...base, seq: item.seq };
  return { ...base, seq: item.seq, emoji: item.emoji, on: item.on };
}

/** The entry that the server made of an accepted item. */
export function entryOf(item: OutboxItem, answer: WriteAnswer, me: string): Entry {
  const e: Entry = { conv: item.conv, seq: answer.seq, ts: answer.ts, from: me, kind: 'text', cmid: item.id };
  if (item.op === 'send') {
    e.client_ts = item.client_ts;
    if (item.reply_to !== undefined) e.reply_to = item.reply_to;
  } else {
    e.kind = item.op === 'edit' ? 'edited' : item.op === 'delete' ? 'deleted' : 'reaction';
    if (item.seq !== undefined) e.target = item.seq;
    if (item.on !== undefined) e.on = item.on;
  }
  const text = item.op === 'react' ? item.emoji : item.text;
  if (text !== undefined) e.text = text;
  return e;
}

function utf8Length(text: string): number {
  let n = 0;
  for (const ch of text) {
    const code = ch.codePointAt(0) ?? 0;
    n += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return n;
}
