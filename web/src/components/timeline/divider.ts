// The line above what is new: placed when the conversation is opened, and then left where it is, until it has done its work.
import type { Conversation } from '@parley/sdk';
import { useEffect, useRef, useState } from 'preact/hooks';
import { theClient } from '../../state/app.ts';

export interface Divider {
  /** The first new message; 0 for none. */
  seq: number;
  /** How many there were when it was placed. */
  count: number;
  place: () => void;
  drop: () => void;
  /** The line was on the screen; the view is at the end of the conversation, or it is not. */
  seen: () => void;
  moved: (atBottom: boolean) => void;
  /** Marked as read from here: what goes further than that was read on another device. */
  readHere: (seq: number) => void;
}

function newOnes(conv: Conversation, after: number): number[] {
  const me = theClient().me.id;
  const found: number[] = [];
  for (const e of conv.entries) {
    if (e.seq > after && e.kind === 'text' && e.from !== me && !conv.view(e).deleted_seq) found.push(e.seq);
  }
  return found;
}

export function useDivider(conv: Conversation): Divider {
  const [{ seq, count }, set] = useState({ seq: 0, count: 0 });
  const here = useRef(conv.read);
  const passed = useRef({ seen: false, away: false });

  const placeAt = (after: number): void => {
    const found = newOnes(conv, after);
    passed.current = { seen: false, away: false };
    set({ seq: found[0] ?? 0, count: Math.max(found.length, after === conv.read ? conv.unread : 0) });
  };
  const drop = (): void => set({ seq: 0, count: 0 });

  // Read further on another device: the line goes there, or away.
  useEffect(() => {
    if (seq === 0 || conv.read <= here.current || conv.read < seq) return;
    here.current = conv.read;
    placeAt(conv.read);
  }, [conv.read]);

  // What comes while nobody looks gets a new line, once the old one has been passed.
  useEffect(
    () =>
      theClient().on('entry', ({ entry, conversation }) => {
        if (conversation !== conv || entry.kind !== 'text' || entry.from === theClient().me.id) return;
        if (document.hasFocus()) return;
        set((old) => {
          if (old.seq !== 0 && old.seq > here.current) return old;
          passed.current = { seen: false, away: false };
          return { seq: entry.seq, count: 1 };
        });
      }),
    [conv],
  );

  return {
    seq,
    count,
    place: () => {
      here.current = conv.read;
      placeAt(conv.read);
    },
    drop,
    seen: () => {
      passed.current.seen = true;
    },
    moved: (atBottom) => {
      if (!atBottom) passed.current.away = true;
      else if (seq !== 0 && passed.current.seen && passed.current.away && document.hasFocus()) drop();
    },
    readHere: (to) => {
      here.current = Math.max(here.current, to);
    },
  };
}
