// Whoever wants an emoji asks here; the picker itself is loaded when it is first wanted.
import { signal } from '@preact/signals';

interface Asked {
  /** Where on the page it was asked for. */
  at: DOMRect;
  pick: (sign: string) => void;
  /** Has the focus again when nothing was chosen. */
  opener: HTMLElement | null;
}

export const emojiAsked = signal<Asked | null>(null);

/** Opens the picker near `at`; `pick` is called with the one that was chosen, if any. */
export function askEmoji(at: DOMRect, pick: (sign: string) => void): void {
  const focused = document.activeElement;
  emojiAsked.value = { at, pick, opener: focused instanceof HTMLElement ? focused : null };
}
