// A row that is pulled to a side does something: only by touch, only sideways, and only when pulled far enough.
import { useRef } from 'preact/hooks';

/** Pulled this far, in px, a row does what its side says. */
const FAR = 72;
/** Before it moves: a finger that scrolls moves a little sideways, too. */
const SLACK = 12;

interface Swipe {
  onTouchStart: (e: TouchEvent) => void;
  onTouchMove: (e: TouchEvent) => void;
  onTouchEnd: (e: TouchEvent) => void;
  onTouchCancel: (e: TouchEvent) => void;
}

/** `start`: pulled away from the beginning of the line, which uncovers what stands there; `end`: the other way. */
export function useSwipe(start: () => void, end: () => void): Swipe {
  const from = useRef<{ x: number; y: number } | null>(null);
  const pulled = useRef(0);
  const move = (row: HTMLElement, by: number): void => {
    pulled.current = by;
    row.style.transform = by === 0 ? '' : `translateX(${by}px)`;
    const rtl = getComputedStyle(row).direction === 'rtl' ? -1 : 1;
    row.parentElement?.setAttribute('data-pulled', by === 0 ? '' : by * rtl > 0 ? 'start' : 'end');
  };
  const over = (e: TouchEvent): void => {
    const row = e.currentTarget as HTMLElement;
    const by = pulled.current;
    from.current = null;
    if (by === 0) return;
    const rtl = getComputedStyle(row).direction === 'rtl' ? -1 : 1;
    move(row, 0);
    if (e.type !== 'touchend' || Math.abs(by) < FAR) return;
    // What follows of this touch is not a press on the row.
    if (e.cancelable) e.preventDefault();
    if (by * rtl > 0) start();
    else end();
  };
  return {
    onTouchStart: (e) => {
      const touch = e.touches[0];
      from.current = touch && e.touches.length === 1 ? { x: touch.clientX, y: touch.clientY } : null;
      pulled.current = 0;
    },
    onTouchMove: (e) => {
      const touch = e.touches[0];
      if (!from.current || !touch) return;
      const dx = touch.clientX - from.current.x;
      const dy = touch.clientY - from.current.y;
      if (pulled.current === 0 && Math.abs(dx) < SLACK) return;
      if (pulled.current === 0 && Math.abs(dy) > Math.abs(dx)) {
        from.current = null;
        return;
      }
      move(e.currentTarget as HTMLElement, Math.sign(dx) * Math.min(FAR + 24, Math.abs(dx)));
    },
    onTouchEnd: over,
    onTouchCancel: over,
  };
}
