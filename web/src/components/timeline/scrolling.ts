// Measures of what is on the screen: which row, which day, up to where. Nothing here is drawn by the framework.

const PILL_MS = 1200;

const rowsOf = (el: Element): HTMLElement[] => [...el.querySelectorAll<HTMLElement>('[data-seq]')];

/** Scrolls so that the row is this far below the top; with `onlyUp`, never towards the end. */
export function showRow(el: HTMLElement, row: Element, offset: number, onlyUp = false): void {
  const by = row.getBoundingClientRect().top - (el.getBoundingClientRect().top + offset);
  if (!onlyUp || by < 0) el.scrollTop += by;
}

/** The newest message of which at least half has been seen; 0 for none. */
export function seenUpTo(el: HTMLElement): number {
  const { bottom } = el.getBoundingClientRect();
  const seen = rowsOf(el).findLast((row) => {
    const box = row.getBoundingClientRect();
    return (box.top + box.bottom) / 2 <= bottom;
  });
  return Number(seen?.dataset['seq'] ?? 0);
}

/** Where the reader was, by conversation, as long as the page lives. */
const places = new Map<string, { seq: number; offset: number }>();

export const landingPlace = (conv: string): { seq: number; offset: number } | undefined => places.get(conv);
export const forgetPlace = (conv: string): boolean => places.delete(conv);

export function keepPlace(conv: string, el: HTMLElement): void {
  const { top } = el.getBoundingClientRect();
  const row = rowsOf(el).find((r) => r.getBoundingClientRect().bottom > top);
  if (row) {
    places.set(conv, { seq: Number(row.dataset['seq']), offset: row.getBoundingClientRect().top - top });
  }
}

let pillTimer = 0;

/** While somebody scrolls: the day of what is at the top. */
export function dayPill(el: HTMLElement, pill: HTMLElement): void {
  const { top } = el.getBoundingClientRect();
  const day = [...el.querySelectorAll('.day')].findLast((d) => d.getBoundingClientRect().top < top + 8);
  pill.textContent = day?.textContent ?? '';
  pill.dataset['shown'] = day ? 'yes' : '';
  clearTimeout(pillTimer);
  pillTimer = window.setTimeout(() => {
    pill.dataset['shown'] = '';
  }, PILL_MS);
}
