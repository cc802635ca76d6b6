// The emoji that the picker offers, and how they are found.
import { fold } from '@parley/sdk';
import { signal } from '@preact/signals';
import { emojiText } from './list.ts';

export interface Emoji {
  sign: string;
  names: { en: string; de: string };
  /** Everything by which it is found, folded. */
  words: string;
}

export type GroupName =
  | 'faces'
  | 'hearts'
  | 'people'
  | 'nature'
  | 'food'
  | 'doing'
  | 'places'
  | 'things'
  | 'signs';

export interface Group {
  name: GroupName;
  list: Emoji[];
}

function parse(text: string): Group[] {
  const out: Group[] = [];
  for (const line of text.trim().split('\n')) {
    if (line.startsWith('#')) out.push({ name: line.slice(1) as GroupName, list: [] });
    else {
      const [sign = '', en = '', enWords = '', de = '', deWords = ''] = line.split('|');
      const words = fold(`${en} ${enWords} ${de} ${deWords}`);
      out.at(-1)?.list.push({ sign, names: { en, de }, words });
    }
  }
  return out;
}

export const groups = parse(emojiText);
const all = groups.flatMap((g) => g.list);
const bySign = new Map(all.map((e) => [e.sign, e]));

/** Those that have a word beginning with each word of the query, in any language that there is; names first. */
export function findEmoji(query: string): Emoji[] {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const has = (text: string): boolean => {
    const padded = ` ${text}`;
    return wanted.every((w) => padded.includes(` ${w}`));
  };
  const named = (e: Emoji): boolean => has(fold(`${e.names.en} ${e.names.de}`));
  const found = all.filter((e) => has(e.words));
  return [...found.filter(named), ...found.filter((e) => !named(e))];
}

const KEY = 'parley.emoji';
const KEPT = 18;

function readRecent(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as string[];
  } catch {
    return [];
  }
}

const signs = signal(readRecent());

/** Those that were chosen last on this device, the newest first. */
export const recentEmoji = (): Emoji[] => signs.value.flatMap((s) => bySign.get(s) ?? []);

export function rememberEmoji(sign: string): void {
  signs.value = [sign, ...signs.value.filter((s) => s !== sign)].slice(0, KEPT);
  localStorage.setItem(KEY, JSON.stringify(signs.value));
}
