// The timeline as rows: one pure function from what is held to what is drawn.
import type { Conversation, Entry, OutboxView } from '@parley/sdk';
import { sameDay } from './format.ts';

/** Where a bubble stands in a run of the same sender. */
export interface Place {
  first: boolean;
  last: boolean;
}

export type TimelineRow =
  | { type: 'day'; key: string; ts: number }
  | { type: 'divider'; key: string }
  /** What happened to the group; several in a row fold into one line. */
  | { type: 'notes'; key: string; entries: Entry[] }
  | { type: 'gap'; key: string }
  | { type: 'message'; key: string; entry: Entry; place: Place }
  | { type: 'pending'; key: string; item: OutboxView; place: Place };

const RUN_MS = 5 * 60_000;

/** Kinds that change an older message and have no row of their own. */
const silent = new Set(['edited', 'deleted', 'reaction', 'void']);

interface Bubble {
  place: Place;
  from: string;
  ts: number;
}

export interface Shown {
  conv: Conversation;
  /** Dense and ascending. */
  entries: Entry[];
  /** Nothing newer is left out: what waits to be sent follows. */
  toEnd: boolean;
  pending: OutboxView[];
  /** The seq of the first unread message, frozen when the conversation was opened; 0 for none. */
  divider: number;
  me: string;
}

/**
 * Every message keeps its key from the outbox to the log (the cmid), so that its bubble is not drawn anew when it is
 * accepted.
 */
export function timelineRows({ conv, entries, toEnd, pending, divider, me }: Shown): TimelineRow[] {
  const rows: TimelineRow[] = [];
  let lastTs = 0;
  let bubble: Bubble | undefined;
  let divided = divider === 0;

  const day = (ts: number): void => {
    if (lastTs !== 0 && sameDay(lastTs, ts)) return;
    rows.push({ type: 'day', key: `day ${ts}`, ts });
    bubble = undefined;
  };
  const place = (from: string, ts: number): Place => {
    const joins = bubble !== undefined && bubble.from === from && ts - bubble.ts < RUN_MS;
    if (joins && bubble) bubble.place.last = false;
    const made: Place = { first: !joins, last: true };
    bubble = { place: made, from, ts };
    return made;
  };

  for (const raw of entries) {
    if (silent.has(raw.kind)) continue;
    day(raw.ts);
    lastTs = raw.ts;
    if (!divided && raw.seq >= divider) {
      divided = true;
      rows.push({ type: 'divider', key: 'divider' });
      bubble = undefined;
    }
    const own = raw.from === me && raw.cmid;
    if (raw.kind === 'text') {
      const key = own ? `own ${raw.cmid}` : `seq ${raw.seq}`;
      rows.push({ type: 'message', key, entry: conv.view(raw), place: place(raw.from, raw.ts) });
    } else {
      const before = rows.at(-1);
      if (before?.type === 'notes') before.entries.push(raw);
      else rows.push({ type: 'notes', key: `seq ${raw.seq}`, entries: [raw] });
      bubble = undefined;
    }
  }
  if (!toEnd) return rows;
  if (conv.behind) rows.push({ type: 'gap', key: 'gap' });
  for (const item of pending) {
    if (item.op !== 'send') continue;
    const ts = item.accepted?.ts ?? Math.max(lastTs, item.client_ts);
    day(ts);
    lastTs = ts;
    rows.push({ type: 'pending', key: `own ${item.id}`, item, place: place(me, ts) });
  }
  return rows;
}
