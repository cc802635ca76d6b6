// Going from message to message by keys.

const PAGE = 8;

/** Moves the focus to another message; false when the key means something else. */
export function messageKeys(e: KeyboardEvent, el: HTMLElement): boolean {
  if (e.altKey || e.ctrlKey || e.metaKey) return false;
  const rows = [...el.querySelectorAll<HTMLElement>('article')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const from = at < 0 ? rows.length : at;
  const to = {
    ArrowUp: from - 1,
    ArrowDown: from + 1,
    PageUp: from - PAGE,
    PageDown: from + PAGE,
    Home: 0,
    End: rows.length - 1,
  }[e.key];
  if (to === undefined) return false;
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus({ preventScroll: e.key === 'End' });
  return true;
}
