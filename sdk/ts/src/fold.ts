// The form in which search compares texts: without case and accents (protocol/ADDITIONS.md, search). The same as the server's.

const accents =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each of these marks is meant by itself
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
const ignored = /\p{Default_Ignorable_Code_Point}/gu;
const blanks = /[\p{Z}\p{Cc}]/gu;
const plain = /^[ -~]*$/;

/** Without composing, so that each character of the original keeps its place. */
function loosen(text: string): string {
  const bare = text.normalize('NFKD').replace(ignored, '').replace(blanks, ' ');
  // Upper case first: it takes ß, the final sigma and the dotless i apart, as full folding does.
  return bare.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKD').replace(accents, '');
}

/** The folded form of a text. */
export function fold(text: string): string {
  return plain.test(text) ? text.toLowerCase() : loosen(text).normalize('NFC');
}

/** The words of a query: all of them must be in a text, in any order and anywhere in it. */
export class Query {
  readonly words: string[];

  constructor(text: string) {
    this.words = [...new Set(fold(text).split(' ').filter(Boolean))];
  }

  /** Nothing to search for. */
  get empty(): boolean {
    return this.words.length === 0;
  }

  matches(text: string): boolean {
    const folded = fold(text);
    return !this.empty && this.words.every((w) => folded.includes(w));
  }

  /** Where the words stand in a text, as UTF-16 positions: ascending, without overlaps. */
  ranges(text: string): [number, number][] {
    const { folded, from, to } = placed(text);
    const found: [number, number][] = [];
    for (const word of this.words) {
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
        found.push([from[at] ?? 0, to[at + word.length - 1] ?? text.length]);
      }
    }
    found.sort((a, b) => a[0] - b[0]);
    const merged: [number, number][] = [];
    for (const [begin, end] of found) {
      const last = merged.at(-1);
      if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
      else merged.push([begin, end]);
    }
    return merged;
  }
}

const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : undefined;

/** The folded text, and for each of its code units where in the text it comes from. */
function placed(text: string): { folded: string; from: number[]; to: number[] } {
  let folded = '';
  const from: number[] = [];
  const to: number[] = [];
  const parts = segmenter ? [...segmenter.segment(text)].map((s) => s.segment) : [...text];
  let at = 0;
  for (const part of parts) {
    for (const unit of fold(part).split('')) {
      folded += unit;
      from.push(at);
      to.push(at + part.length);
    }
    at += part.length;
  }
  return { folded, from, to };
}
