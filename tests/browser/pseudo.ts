// A language that nobody speaks: English with accents, 40 % longer, each text in brackets of its own. What is shown
// without them was not taken from the words of the language.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { ROOT } from '../lib/server.js';

const source = (dir: 'ltr' | 'rtl'): string => `
  import { en } from './web/src/strings/en.ts';
  const plain = 'aeiouyAEIOUYcnsz', accented = 'áéíóúýÁÉÍÓÚÝčñšž';
  const strange = (text) => {
    if (!/\\p{L}/u.test(text)) return text;
    const letters = [...text].map((ch) => (plain.includes(ch) ? accented[plain.indexOf(ch)] : ch)).join('');
    return '⟦' + letters + ' ' + 'ñ'.repeat(Math.max(1, Math.round(text.length * 0.4) - 1)) + '⟧';
  };
  const all = (words) => Object.fromEntries(Object.entries(words).map(([key, value]) => [
    key,
    typeof value === 'string' ? strange(value)
      : typeof value === 'function' ? (...given) => strange(value(...given))
      : all(value),
  ]));
  export const language = { tag: 'de', dir: '${dir}', words: (helpers) => all(en.words(helpers)) };
`;

/** In this context the German words are these; the browser must ask for German. */
export async function speakPseudo(context: BrowserContext, dir: 'ltr' | 'rtl'): Promise<void> {
  const { build } = createRequire(join(ROOT, 'package.json'))('esbuild') as typeof import('esbuild');
  const made = await build({
    stdin: { contents: source(dir), resolveDir: ROOT, loader: 'js' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const body = made.outputFiles[0]?.text ?? '';
  await context.route(/\/de-\w+\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body }));
}

/** Texts that are shown and are no words of the language, but for these. What people wrote is marked as such by \`dir\`. */
export const strangers = (known: string[]): string => `(() => {
  const known = new Set(${JSON.stringify(known)});
  const theirs = '[dir=auto], bdi, time, .avatar, kbd, body [lang], .log, .row-preview, [data-theirs]';
  const found = new Set();
  const look = (text, el) => {
    const words = text.trim();
    if (!/\\p{L}{2}/u.test(words) || words.includes('⟦') || known.has(words) || el.closest(theirs)) return;
    if (el.getClientRects().length > 0) found.add(el.tagName + '.' + el.className + ': ' + words);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) look(node.data, node.parentElement);
  for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
    for (const el of document.querySelectorAll('[' + name + ']')) look(el.getAttribute(name), el);
  return [...found];
})()`;
