// Screens that are files of their own: fetched when they are first shown, or when the page has nothing else to do. The
// service worker keeps them with the rest, so they are there without a network, too.
import type { VNode } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Failed, Spinner } from '../components/basics.tsx';
import { update, updateReady } from '../state/update.ts';

type Screen<P> = (props: P) => VNode | null;

export interface LazyScreen<P> extends Screen<P> {
  /** Brings it, so that it is shown at once; rejects where it cannot be had now. */
  fetch: () => Promise<void>;
}

const fetches: (() => Promise<void>)[] = [];

/**
 * The screen that `load` brings. Until then: that it is coming, or why it does not come and a way to ask again; in a
 * pane's place, or over the page.
 */
export function lazy<P extends object>(
  load: () => Promise<Screen<P>>,
  form: 'pane' | 'over' = 'pane',
): LazyScreen<P> {
  let Loaded: Screen<P> | undefined;
  const fetchOnce = async (): Promise<void> => {
    Loaded ??= await load();
  };
  fetches.push(fetchOnce);
  function Lazy(props: P): VNode {
    const [tries, setTries] = useState(1);
    const [failed, setFailed] = useState(false);
    const [, came] = useState(false);
    useLayoutEffect(() => {
      if (Loaded) return;
      let current = true;
      fetchOnce().then(
        () => current && came(true),
        () => current && setFailed(true),
      );
      return () => {
        current = false;
      };
    }, [tries]);
    if (Loaded) return <Loaded {...props} />;
    const again = (): void => {
      // The server may have the files of the next version only, and some browsers ask for a file once.
      if (updateReady.value || tries > 1) update();
      setFailed(false);
      setTries((n) => n + 1);
    };
    return (
      <div class={form === 'pane' ? 'pane pane-coming' : 'over-coming'}>
        {failed ? <Failed again={again} /> : <Spinner />}
      </div>
    );
  }
  Lazy.fetch = fetchOnce;
  return Lazy;
}

/** Fetches them all, one after the other, so that none has to be waited for. */
export async function fetchAhead(): Promise<void> {
  const idle = (): Promise<void> =>
    new Promise((go) => {
      if ('requestIdleCallback' in window) requestIdleCallback(() => go());
      else setTimeout(go, 500);
    });
  for (const one of fetches) {
    await idle();
    // What does not come now is asked for when it is shown.
    await one().catch(() => {});
  }
}
