// Asking the server on behalf of a screen: what it says to somebody who waits, in words.
import { ParleyError } from '@parley/sdk';
import { useEffect, useState } from 'preact/hooks';
import { tell } from '../components/overlay.tsx';
import { status } from '../state/app.ts';
import { wordsFor } from '../strings.ts';

/** Runs a change; a refusal becomes a short note in words. */
export async function attempt(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (reason) {
    const refusal = reason instanceof ParleyError ? reason : undefined;
    tell(wordsFor(refusal?.code ?? '', refusal?.message));
    return false;
  }
}

export interface Loaded<T> {
  value: T | undefined;
  failed: boolean;
  again: () => void;
}

/** What `ask` says, asked anew whenever a key changes and when the connection is back after it failed. */
export function useLoaded<T>(ask: () => Promise<T>, keys: unknown[] = []): Loaded<T> {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [failed, setFailed] = useState(false);
  const [round, setRound] = useState(0);
  const online = status.value?.state === 'online';
  useEffect(() => {
    let current = true;
    ask().then(
      (v) => {
        if (!current) return;
        setValue(v);
        setFailed(false);
      },
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [round, ...keys]);
  const again = (): void => {
    setFailed(false);
    setRound((n) => n + 1);
  };
  useEffect(() => {
    if (online && failed) again();
  }, [online]);
  return { value, failed, again };
}
