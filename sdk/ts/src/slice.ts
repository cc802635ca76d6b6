// A part of a conversation away from its newest entries: what a jump to an old message shows. It grows at both ends, and
// when it reaches what the conversation holds in memory, it becomes a part of that.
import type { Conversation } from './conversation.ts';
import type { OlderHooks } from './older.ts';
import type { Entry, HistoryAnswer } from './types.ts';

export class Slice {
  readonly conv: Conversation;
  /** Dense and ascending, never empty. */
  entries: Entry[];

  constructor(conv: Conversation, entries: Entry[]) {
    this.conv = conv;
    this.entries = entries;
    conv.overlay(entries);
  }

  get lo(): number {
    return this.entries[0]?.seq ?? 1;
  }

  get hi(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  get atStart(): boolean {
    return this.lo <= Math.max(1, this.conv.firstSeq);
  }

  /** True when nothing is missing between this and what the conversation has in memory. */
  get joined(): boolean {
    return this.hi + 1 >= this.conv.memoryLo;
  }
}

/** The entries around `seq`; undefined when they cannot be had, as for one that does not exist. */
export async function sliceAround(
  conv: Conversation,
  seq: number,
  limit: number,
  hooks: OlderHooks,
): Promise<Slice | undefined> {
  const half = Math.floor(limit / 2);
  const stored = conv.hi > 0 && seq >= conv.lo;
  let entries = stored ? dense(await hooks.stored(conv.id, seq + half, limit), seq) : [];
  if (entries.length === 0 && hooks.online()) {
    const ask = { conv: conv.id, around_seq: seq, limit };
    const answer = (await hooks.request('history', ask)) as unknown as HistoryAnswer;
    conv.firstSeq = answer.first_seq;
    entries = dense(answer.entries, seq);
  }
  return entries.length > 0 ? new Slice(conv, entries) : undefined;
}

/** One more page at an end; resolves with how many entries came. */
export async function growSlice(
  slice: Slice,
  way: 'older' | 'newer',
  limit: number,
  hooks: OlderHooks,
): Promise<number> {
  const { conv } = slice;
  const older = way === 'older';
  if (older ? slice.atStart : slice.joined) return 0;
  const beside = older ? slice.lo - 1 : slice.hi + 1;
  let came: Entry[] = [];
  if (conv.hi > 0 && (older ? slice.lo > conv.lo : beside >= conv.lo)) {
    const below = older ? slice.lo : Math.min(slice.hi + limit + 1, conv.memoryLo);
    came = dense(await hooks.stored(conv.id, below, limit), beside);
  }
  if (came.length === 0 && hooks.online()) {
    const from = older ? { before_seq: slice.lo } : { after_seq: slice.hi };
    const ask = { conv: conv.id, ...from, limit };
    came = dense(((await hooks.request('history', ask)) as unknown as HistoryAnswer).entries, beside);
  }
  const fits = came.filter((e) => (older ? e.seq < slice.lo : e.seq > slice.hi));
  if (fits.length === 0) return 0;
  conv.overlay(fits);
  slice.entries = older ? [...fits, ...slice.entries] : [...slice.entries, ...fits];
  return fits.length;
}

/** The run without a hole that holds `seq`; empty when `seq` is not there. */
function dense(entries: Entry[], seq: number): Entry[] {
  const at = entries.findIndex((e) => e.seq === seq);
  if (at < 0) return [];
  let from = at;
  let to = at;
  while (from > 0 && entries[from - 1]?.seq === (entries[from]?.seq ?? 0) - 1) from--;
  while (to + 1 < entries.length && entries[to + 1]?.seq === (entries[to]?.seq ?? 0) + 1) to++;
  return entries.slice(from, to + 1);
}
