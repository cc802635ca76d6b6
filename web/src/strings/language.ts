// What a language consists of. Only types: a language is loaded by itself, and shares no code with the page.
import type { Strings } from './en.ts';

/** One text for each form that the language has for a number (Intl.PluralRules); `#` becomes the number. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export interface Helpers {
  plural(n: number, forms: Forms): string;
  number(n: number): string;
}

export interface Language {
  tag: string;
  dir: 'ltr' | 'rtl';
  words(helpers: Helpers): Strings;
}
