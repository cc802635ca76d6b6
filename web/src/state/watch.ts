// Whose presence the page wants to know: the sum of what its visible parts ask for.
import { useEffect } from 'preact/hooks';
import { theClient } from './app.ts';

const wanted = new Map<string, string[]>();

/** A part of the page shows these people; replaces what the same part asked for before. */
export function useWatch(part: string, users: (string | undefined)[]): void {
  const list = users.filter((u): u is string => u !== undefined);
  const key = list.join();
  useEffect(() => {
    wanted.set(part, list);
    theClient().people.watch([...wanted.values()].flat());
    return () => {
      wanted.delete(part);
    };
    // The list is new on every draw; its content is what matters.
  }, [part, key]);
}
