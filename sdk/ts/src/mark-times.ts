// When this device saw the marks of others move: the protocol tells how far a mark is, not since when. Kept for the last
// steps of each member only, so it is bounded; what happened while this device was away has no time.
import type { Env } from './env.ts';
import type { ConvId, Marks, UserId } from './types.ts';

/** `at` is 0 where a mark was found to be, without having been seen to get there. */
interface Step {
  seq: number;
  at: number;
}

/** Steps kept of one mark. */
const STEPS = 12;
/** Conversations whose steps are kept; the one that moved longest ago makes room. */
const CONVS = 30;
const SAVE_MS = 2000;

interface Held {
  delivered: Step[];
  read: Step[];
}

export type StoredTimes = [ConvId, [UserId, Held][]][];

export class MarkTimes {
  private readonly env: Env;
  private readonly convs = new Map<ConvId, Map<UserId, Held>>();
  private readonly save: (times: StoredTimes) => void;
  private timer: unknown;

  constructor(env: Env, save: (times: StoredTimes) => void) {
    this.env = env;
    this.save = save;
  }

  restore(times: StoredTimes): void {
    for (const [conv, users] of times) this.convs.set(conv, new Map(users));
  }

  clear(): void {
    this.convs.clear();
  }

  /** A mark moved now, from `before`. */
  note(conv: ConvId, user: UserId, before: Marks, marks: Marks): void {
    const users = this.convs.get(conv) ?? new Map<UserId, Held>();
    this.convs.delete(conv);
    this.convs.set(conv, users);
    const held = users.get(user) ?? { delivered: [], read: [] };
    users.set(user, held);
    const at = this.env.now();
    step(held.delivered, before.delivered, Math.max(marks.delivered, marks.read), at);
    step(held.read, before.read, marks.read, at);
    for (const oldest of this.convs.keys()) {
      if (this.convs.size <= CONVS) break;
      this.convs.delete(oldest);
    }
    this.timer ??= this.env.setTimeout(() => this.flush(), SAVE_MS);
  }

  flush(): void {
    if (this.timer === undefined) return;
    this.env.clearTimeout(this.timer);
    this.timer = undefined;
    this.save([...this.convs].map(([id, all]) => [id, [...all]]));
  }

  /** When the mark passed `seq`, in ms; undefined when this device did not see it. */
  when(conv: ConvId, user: UserId, which: 'delivered' | 'read', seq: number): number | undefined {
    const steps = this.convs.get(conv)?.get(user)?.[which] ?? [];
    return steps.find((s) => s.seq >= seq)?.at || undefined;
  }
}

function step(steps: Step[], before: number, seq: number, at: number): void {
  if (before > (steps.at(-1)?.seq ?? -1)) steps.push({ seq: before, at: 0 });
  if (seq > (steps.at(-1)?.seq ?? 0)) steps.push({ seq, at });
  while (steps.length > STEPS) steps.shift();
  // What lies below the oldest step that is left was passed before it, at a time that was dropped.
  const oldest = steps[0];
  if (oldest && steps.length === STEPS) oldest.at = 0;
}
