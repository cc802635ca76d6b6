// What a person has chosen for this device: looks and habits. One record, kept in the browser.
import { effect, signal } from '@preact/signals';
import type { Noise } from '../lib/quiet.ts';

export type Theme = 'system' | 'light' | 'dark';

export interface Prefs extends Noise {
  theme: Theme;
  /** Of the browser's own text size, in per cent. */
  textSize: number;
  compact: boolean;
  /** No movement, also where the system would allow it. */
  calm: boolean;
  /** Where a chat opens that has unread messages. */
  openAt: 'unread' | 'newest';
  /** What Enter does; `auto`: it sends with a keyboard and breaks the line on a touch screen. */
  enter: 'auto' | 'send' | 'break';
  /** Keys with Ctrl+Shift and Ctrl+Alt, which other programs may want for themselves. */
  moreKeys: boolean;
  /** Width of the chat list, in px. */
  listWidth: number;
}

export const textSizes = [85, 100, 115, 130, 140];
export const listWidths = { least: 280, usual: 340, most: 440 };

const KEY = 'parley.prefs';
const standard: Prefs = {
  theme: 'system',
  textSize: 100,
  compact: false,
  calm: false,
  openAt: 'unread',
  enter: 'auto',
  moreKeys: true,
  listWidth: listWidths.usual,
  sound: true,
  quiet: false,
  quietFrom: '22:00',
  quietTo: '07:00',
};

function read(): Prefs {
  try {
    return { ...standard, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs>) };
  } catch {
    return standard;
  }
}

export const prefs = signal<Prefs>(read());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.value = { ...prefs.value, ...change };
  localStorage.setItem(KEY, JSON.stringify(prefs.value));
}

effect(() => {
  const { theme, textSize, compact, calm, listWidth } = prefs.value;
  const root = document.documentElement;
  root.dataset['theme'] = theme;
  root.dataset['rows'] = compact ? 'compact' : 'roomy';
  root.dataset['motion'] = calm ? 'calm' : 'system';
  root.style.setProperty('--text-size', `${textSize}%`);
  root.style.setProperty('--list-width', `${listWidth}px`);
});

// The other tabs of this browser look alike.
addEventListener('storage', (e) => {
  if (e.key === KEY) prefs.value = read();
});

const touch = matchMedia('(hover: none) and (pointer: coarse)');

/** Input by fingers, as far as the browser knows. */
export const isTouch = (): boolean => touch.matches;

export const enterSends = (): boolean => {
  const { enter } = prefs.value;
  return enter === 'auto' ? !isTouch() : enter === 'send';
};

/** Whether things may move; `scrollTo` and the like do not ask the style sheet. */
export const scrollBehavior = (): ScrollBehavior =>
  prefs.value.calm || matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
