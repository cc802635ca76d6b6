// Which part of a conversation is drawn: a bounded run of entries, mostly the newest, after a jump also one far back. It
// grows at the end that is scrolled to, and is cut at the other one.
import type { Conversation, Entry, Slice } from '@parley/sdk';
import { useReducer, useRef } from 'preact/hooks';
import { slim } from '../../lib/slim.ts';
import { theClient } from '../../state/app.ts';

/** Entries that are drawn at most, once scrolling rests. */
const MOST = 400;
const PAGE = 40;
/** Drawn at first, which is a screenful; what is above follows in the frames after that. */
const OPEN = 40;
/** A message this much older than what is in memory is reached by loading what lies between. */
const NEAR = 200;

export class Window {
  private readonly conv: Conversation;
  private readonly changed: () => void;
  private slice: Slice | undefined;
  /** The first and the last seq that are drawn; no last one: to the end, wherever that goes. */
  private first: number;
  private last = Number.POSITIVE_INFINITY;
  private busy = false;
  /** Grows when something else is drawn: a page that was under way for what was drawn before changes nothing then. */
  private round = 0;

  constructor(conv: Conversation, changed: () => void) {
    this.conv = conv;
    this.changed = changed;
    this.first = this.newest();
  }

  private get held(): Entry[] {
    return this.slice?.entries ?? this.conv.entries;
  }

  get entries(): Entry[] {
    const { held } = this;
    const lo = held[0]?.seq ?? 1;
    const from = Math.max(0, this.first - lo);
    const to = Math.max(0, this.last - lo + 1);
    return from === 0 && to >= held.length ? held : held.slice(from, to);
  }

  /** The newest entry is drawn, and the next one will be. */
  get toEnd(): boolean {
    return !this.slice && this.last === Number.POSITIVE_INFINITY;
  }

  /** Nothing older exists. */
  get atStart(): boolean {
    const lo = this.entries[0]?.seq ?? 0;
    return this.slice
      ? this.slice.atStart && lo <= this.slice.lo
      : this.conv.atStart && lo <= this.conv.memoryLo;
  }

  /** The newest ones, and as far back as `seq`. */
  open(seq = Number.POSITIVE_INFINITY): void {
    this.turn();
    this.slice = undefined;
    this.last = Number.POSITIVE_INFINITY;
    this.first = Math.max(this.conv.memoryLo, Math.min(this.newest(), seq - PAGE));
    this.changed();
  }

  /** Where the newest screenful begins. */
  private newest(): number {
    return Math.max(0, this.conv.hi - OPEN);
  }

  /** More is drawn than should be, once nothing moves any more. */
  get tooLong(): boolean {
    return this.entries.length > MOST;
  }

  has(seq: number): boolean {
    const { entries } = this;
    return seq >= (entries[0]?.seq ?? Number.POSITIVE_INFINITY) && seq <= (entries.at(-1)?.seq ?? 0);
  }

  /** Draws the message and what is around it; false when it cannot be had. */
  async show(seq: number): Promise<boolean> {
    if (this.has(seq)) return true;
    const c = theClient();
    const { conv } = this;
    if (seq < conv.memoryLo && seq >= conv.memoryLo - NEAR) await c.reach(conv.id, seq).catch(() => false);
    if (conv.at(seq)) {
      this.turn();
      this.slice = undefined;
      this.first = Math.max(conv.memoryLo, seq - PAGE);
      this.last = conv.hi - seq > MOST / 2 ? seq + PAGE : Number.POSITIVE_INFINITY;
    } else {
      const slice = await c.around(conv.id, seq).catch(() => undefined);
      if (!slice) return false;
      this.turn();
      this.slice = slice;
      this.first = slice.lo;
      this.last = Number.POSITIVE_INFINITY;
    }
    this.changed();
    return this.has(seq);
  }

  /** One more page above; resolves with whether anything came. */
  older(): Promise<boolean> {
    return this.once(async (current) => {
      const lo = this.entries[0]?.seq ?? 0;
      const least = this.held[0]?.seq ?? 0;
      if (lo <= least) {
        const c = theClient();
        const came = this.slice ? await c.grow(this.slice, 'older') : await c.loadOlder(this.conv.id);
        if (came === 0 || !current()) return false;
      }
      this.first = Math.max(this.held[0]?.seq ?? 1, Math.min(lo, this.first || lo) - PAGE);
      return true;
    });
  }

  /** One more page below, where it does not go to the end. */
  newer(): Promise<boolean> {
    return this.once(async (current) => {
      if (this.toEnd) return false;
      if (this.slice && this.last >= this.slice.hi) {
        const { slice } = this;
        const from = slice.hi;
        const came = await theClient().grow(slice, 'newer');
        if (!current() || (came === 0 && !slice.joined)) return false;
        // From here on the conversation has all of it.
        if (slice.joined) this.slice = undefined;
        this.last = from + PAGE;
      } else this.last += PAGE;
      if (!this.slice && this.last >= this.conv.hi) this.last = Number.POSITIVE_INFINITY;
      return true;
    });
  }

  /** Cuts what is furthest away. `above`: the reader is nearer to the top. False: not now, as a page is under way. */
  trim(above: boolean): boolean {
    const { entries } = this;
    if (!this.tooLong) return true;
    if (this.busy) return false;
    if (above) this.last = entries[MOST - 1]?.seq ?? this.last;
    else this.first = entries[entries.length - MOST]?.seq ?? this.first;
    if (this.toEnd) slim(this.conv, MOST);
    this.changed();
    return true;
  }

  private turn(): void {
    this.round++;
    this.busy = false;
  }

  private async once(run: (current: () => boolean) => Promise<boolean>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    const { round } = this;
    const current = (): boolean => this.round === round;
    const came = await run(current).catch(() => false);
    if (!current()) return false;
    this.busy = false;
    if (came) this.changed();
    return came;
  }
}

export function useWindow(conv: Conversation): Window {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const made = useRef<{ conv: Conversation; window: Window } | null>(null);
  if (made.current?.conv !== conv)
    made.current = { conv, window: new Window(conv, () => again(undefined as never)) };
  return made.current.window;
}
