// Searches under way: what the device holds comes at once, what the server holds when it is asked.
import { type Entry, ParleyError, Query, Search, type SearchFor } from '@parley/sdk';
import { useEffect, useRef, useState } from 'preact/hooks';
import { status, theClient, theStore } from './app.ts';

const AFTER_KEY_MS = 100;
const SHOW_MS = 80;
/** Empty pages that are asked for one after the other before the person has to ask again. */
const EMPTY_PAGES = 8;

/** Searches of the running client. */
export const theSearch = (): Search => new Search(theClient(), theStore());

export interface Found {
  /** Newest first. */
  entries: Entry[];
  /** The device is still being looked through. */
  looking: boolean;
  /** What the server's part is doing; `off`: it does not search; `all`: it has told everything. */
  server: 'idle' | 'asked' | 'failed' | 'off' | 'all';
  /** Asks the server for more. */
  more: () => void;
}

const key = (e: Entry): string => `${e.conv}:${e.seq}`;

/** The newer state of what is in both, newest first. */
function merged(a: Entry[], b: Entry[]): Entry[] {
  const all = new Map(a.map((e) => [key(e), e]));
  for (const e of b) {
    const known = all.get(key(e));
    if (!known || (e.edited_seq ?? 0) > (known.edited_seq ?? 0)) all.set(key(e), e);
  }
  return [...all.values()].sort((x, y) => y.ts - x.ts);
}

/** At most `most` results of the device; `eager`: the server is asked without being told to, while there is a connection. */
export function useSearch(what: SearchFor, most: number, eager: boolean): Found {
  const [entries, setEntries] = useState<Entry[]>([]);
  /** The question that the device has answered. */
  const [done, setDone] = useState('');
  const [server, setServer] = useState<Found['server']>('idle');
  const cursor = useRef<string | undefined>(undefined);
  const asked = useRef('');
  const question = JSON.stringify(what);
  const empty = new Query(what.query).empty;
  const looking = !empty && done !== question;
  const online = status.value?.state === 'online';

  useEffect(() => {
    let current = true;
    asked.current = question;
    cursor.current = undefined;
    setEntries([]);
    setServer('idle');
    if (empty) return;
    const look = async (): Promise<void> => {
      let fresh: Entry[] = [];
      let count = 0;
      let shown = Date.now();
      const show = (): void => {
        const these = fresh;
        fresh = [];
        shown = Date.now();
        setEntries((old) => merged(old, these));
      };
      for await (const e of theSearch().local(what)) {
        if (!current) return;
        fresh.push(e);
        if (++count >= most) break;
        if (count === 1 || Date.now() - shown > SHOW_MS) show();
      }
      if (!current) return;
      show();
      setDone(question);
    };
    const timer = setTimeout(() => look().catch(() => current && setDone(question)), AFTER_KEY_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [question]);

  const more = async (): Promise<void> => {
    if (server === 'asked') return;
    setServer('asked');
    const mine = (): boolean => asked.current === question;
    try {
      for (let i = 0; i < EMPTY_PAGES; i++) {
        const page = await theSearch().server(what, eager ? 100 : 20, cursor.current);
        if (!mine()) return;
        cursor.current = page.cursor;
        setEntries((old) => merged(old, page.results));
        if (page.cursor === undefined) {
          setServer('all');
          return;
        }
        if (page.results.length > 0) break;
      }
      setServer('idle');
    } catch (e) {
      if (mine()) setServer(e instanceof ParleyError && e.code === 'forbidden' ? 'off' : 'failed');
    }
  };

  useEffect(() => {
    if (eager && online && !looking && server === 'idle' && !empty && !cursor.current) more();
  }, [eager, online, looking, server, question]);

  return { entries, looking, server, more };
}
