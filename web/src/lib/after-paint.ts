// What may come a frame later than what was pressed: the press is answered first, however slow the machine is.
import { useLayoutEffect, useState } from 'preact/hooks';

/** A page that is not shown paints nothing, and does not wait for it longer than this. */
const UNSEEN_MS = 100;

/** Runs once what is drawn now has been painted. Returns what calls it off. */
function afterPaint(run: () => void): () => void {
  let timer = window.setTimeout(run, UNSEEN_MS);
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    timer = window.setTimeout(run, 0);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}

/** The value as it was when something was last painted; of several in between only the last one is shown. */
export function useAfterPaint<T>(value: T): T {
  const [shown, show] = useState(value);
  useLayoutEffect(() => (value === shown ? undefined : afterPaint(() => show(() => value))), [value]);
  return shown;
}
