// A long press by touch, for browsers that make nothing of it by themselves.
import { useRef } from 'preact/hooks';

const LONG_MS = 450;
const SLACK = 10;

interface Press {
  onTouchStart: (e: TouchEvent) => void;
  onTouchMove: (e: TouchEvent) => void;
  onTouchEnd: (e: TouchEvent) => void;
}

export function useLongPress(run: (at: { x: number; y: number }) => void): Press {
  const timer = useRef(0);
  const from = useRef({ x: 0, y: 0 });
  const done = useRef(false);
  return {
    onTouchStart: (e) => {
      const touch = e.touches[0];
      done.current = false;
      clearTimeout(timer.current);
      if (!touch || e.touches.length > 1) return;
      from.current = { x: touch.clientX, y: touch.clientY };
      timer.current = window.setTimeout(() => {
        done.current = true;
        run(from.current);
      }, LONG_MS);
    },
    onTouchMove: (e) => {
      const touch = e.touches[0];
      const { x, y } = from.current;
      if (touch && Math.hypot(touch.clientX - x, touch.clientY - y) > SLACK) clearTimeout(timer.current);
    },
    onTouchEnd: (e) => {
      clearTimeout(timer.current);
      // The end of a long press is no press.
      if (done.current && e.cancelable) e.preventDefault();
    },
  };
}
