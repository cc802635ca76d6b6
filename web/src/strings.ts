// The words that the page shows now: in the language that was chosen on this device, else in one that the browser asks for.
import { signal } from '@preact/signals';
import { en, type Strings } from './strings/en.ts';
import type { Forms, Helpers, Language } from './strings/language.ts';

/** The words of the language in use. Read it while drawing, not while a module is loaded: the language comes later. */
export let t: Strings;
/** For Intl: the language in use, with the browser's region where the browser speaks that language too. */
export let locale: string;

/** Every language there is, by its own name. */
export const languages = { en: 'English', de: 'Deutsch' };
export type LanguageTag = keyof typeof languages;

/** Those that are not part of the page itself: each is a file that only its readers load. */
const files: Partial<Record<LanguageTag, () => Promise<Language>>> = {
  de: async () => (await import('./strings/de.ts')).language,
};

const KEY = 'parley.language';
const known = (tag: string | null | undefined): tag is LanguageTag => tag != null && tag in languages;
const base = (tag: string): string => tag.split('-')[0] ?? tag;

const saved = localStorage.getItem(KEY);
/** What was chosen here; empty: as the browser has it. */
export const chosenLanguage = signal<LanguageTag | ''>(known(saved) ? saved : '');
/** Changes when `t` has become other words; whoever shows them draws again. */
export const language = signal('');

function helpers(): Helpers {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat(locale);
  const number = (n: number): string => digits.format(n);
  return {
    number,
    plural: (n: number, forms: Forms) => (forms[rules.select(n)] ?? forms.other).replace('#', number(n)),
  };
}

function use(next: Language): void {
  locale = navigator.languages.find((l) => base(l) === base(next.tag)) ?? next.tag;
  t = next.words(helpers());
  document.documentElement.lang = next.tag;
  document.documentElement.dir = next.dir;
  language.value = next.tag;
}

use(en);

/** Loads the words of the language that is asked for. Without a network it may stay at the one before. */
export async function loadLanguage(): Promise<void> {
  const tag = chosenLanguage.value || (navigator.languages.map(base).find(known) ?? 'en');
  const load = files[tag];
  try {
    const next = load ? await load() : en;
    if (next.tag !== language.value) use(next);
  } catch {
    // What is shown stays readable.
  }
}

export function chooseLanguage(tag: LanguageTag | ''): Promise<void> {
  chosenLanguage.value = tag;
  if (tag) localStorage.setItem(KEY, tag);
  else localStorage.removeItem(KEY);
  return loadLanguage();
}

/** What went wrong and what to do about it, for a code of the protocol. */
export function wordsFor(code: string, message = ''): string {
  return (t.errors as Record<string, string>)[code] ?? (message || t.errors.unknown);
}
