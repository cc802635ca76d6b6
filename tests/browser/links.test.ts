// Addresses in texts: examples, laws that hold for any text, and linkify-it as oracle for those it knows as we do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
// @ts-expect-error It comes without types.
import LinkifyIt from 'linkify-it';
import { pieces } from '../../web/src/lib/address.ts';

const SEED = Number(process.env.PARLEY_SEED ?? 0) || undefined;
const check = <T>(name: string, property: fc.IProperty<T>, numRuns: number): void =>
  fc.assert(property, { numRuns, ...(SEED === undefined ? {} : { seed: SEED }), verbose: name.length > 0 });

const linksOf = (text: string): string[] =>
  pieces(text).flatMap((p) => (p.href === undefined ? [] : [p.text]));

test('what is an address, and where it ends', () => {
  const examples: [string, string[]][] = [
    ['See https://example.org/a, and http://b.example.', ['https://example.org/a', 'http://b.example']],
    ['(https://example.org/wiki/Tent_(camping))', ['https://example.org/wiki/Tent_(camping)']],
    ['[here](https://example.org/x)', ['https://example.org/x']],
    ['“https://example.org/?q=1&b=[2]”…', ['https://example.org/?q=1&b=[2]']],
    ['mailto:ann@example.org?subject=Hi!', ['mailto:ann@example.org?subject=Hi']],
    ['地図はhttps://example.org/map。ありがとう', ['https://example.org/map']],
    ['HTTPS://EXAMPLE.ORG/A', ['HTTPS://EXAMPLE.ORG/A']],
    ['http://localhost:8080/c/1 http://[::1]:80/x', ['http://localhost:8080/c/1', 'http://[::1]:80/x']],
    ['xhttps://example.org javascript:alert(1) data:text/html,x ftp://example.org http://', []],
    ['https://bank.example@evil.example/', []],
    ['https://example.org\u202egpj.exe', ['https://example.org']],
  ];
  for (const [text, links] of examples) assert.deepEqual(linksOf(text), links, text);
});

test('the name of a host is shown as written only when its scripts go together', () => {
  assert.deepEqual(linksOf('https://münchen.de/ https://例え.jp/ https://пример.рф/x'), [
    'https://münchen.de/',
    'https://例え.jp/',
    'https://пример.рф/x',
  ]);
  assert.deepEqual(linksOf('https://pаypal.com/login'), ['https://xn--pypal-4ve.com/login'], 'a Cyrillic а');
  assert.deepEqual(linksOf('https://аррӏе.com'), ['https://xn--80ak6aa92e.com'], 'Cyrillic with a Latin end');
  assert.deepEqual(linksOf('http://2130706433/ http://%65xample.org/'), [
    'http://127.0.0.1/',
    'http://example.org/',
  ]);
  assert.deepEqual(linksOf('mailto:ann@pаypal.com'), []);
});

const safe = /^(?:https?:|mailto:)/;
const bits = fc.constantFrom(
  ...[
    'http://',
    'https://',
    'mailto:',
    'javascript:',
    '//',
    '@',
    'a',
    'example.org',
    'пример',
    '例え',
    '.',
    ',',
    '…',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '"',
    "'",
    ' ',
    '\n',
    '\u202e',
    '👍🏽',
    '%',
    '%41',
    '#',
    '?',
    ':80',
    '\\',
  ],
  ...['\u0000', '\ud800', 'é', 'xn--', '&', '=', '-', '_', '*', '。'],
);
const anyText = fc.oneof(
  fc.array(bits, { maxLength: 24 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

test('for any text: nothing is lost, nothing but these three schemes, and no place but the one that is shown', () => {
  check(
    'laws',
    fc.property(anyText, (text) => {
      let at = 0;
      for (const piece of pieces(text)) {
        if (piece.href !== undefined) {
          assert.match(piece.href, safe);
          assert.equal(new URL(piece.text).href, piece.href, 'what is shown leads to the same place');
          assert.doesNotMatch(piece.text, /[\s<>"\u202a-\u202e\u2066-\u2069]/);
        }
        // A host that is shown in another way than it was written ends the comparison.
        if (piece.href !== undefined && !text.startsWith(piece.text, at)) return;
        assert.equal(text.slice(at, at + piece.text.length), piece.text);
        at += piece.text.length;
      }
      assert.equal(at, text.length);
    }),
    3000,
  );
});

const oracle = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
  .add('ftp:', null)
  .add('//', null);
const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const host = fc.tuple(word, fc.constantFrom('org', 'example', 'de')).map(([a, b]) => `${a}x.${b}`);
const inBrackets = fc.tuple(word, fc.constantFrom('()', '[]', '{}')).map(([a, b]) => `${b[0]}${a}${b[1]}`);
const path = fc
  .array(fc.oneof(word, inBrackets), { maxLength: 4 })
  .map((parts) => parts.map((p) => `/${p}`).join(''));
const query = fc.option(
  fc.tuple(word, word).map(([a, b]) => `?${a}=${b}`),
  { nil: '' },
);
const fragment = fc.option(
  word.map((w) => `#${w}`),
  { nil: '' },
);
const address = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('http', 'https'),
      host,
      fc.option(
        fc.nat(65535).map((p) => `:${p + 1 > 65535 ? 1 : p + 1}`),
        { nil: '' },
      ),
      path,
      query,
      fragment,
    )
    .map(([scheme, h, port, p, q, f]) => `${scheme}://${h}${port}${p}${q}${f}`),
  fc.tuple(word, host).map(([who, h]) => `mailto:${who}@${h}`),
);
const wrapped = fc
  .tuple(
    fc.constantFrom('', '(', '[', '{', '"', '<', 'see '),
    address,
    fc.constantFrom(
      '',
      ')',
      ']',
      '}',
      '"',
      '>',
      '.',
      ',',
      '!',
      '?',
      ';',
      ').',
      ')]',
      '!',
      '?',
      ' and',
      ' or',
    ),
  )
  .map((parts) => parts.join(''));

test('the oracle finds the same addresses in sentences', () => {
  check(
    'oracle',
    fc.property(fc.array(wrapped, { minLength: 1, maxLength: 4 }), (sentences) => {
      const text = sentences.join(' ');
      const theirs = ((oracle.match(text) ?? []) as { raw: string }[]).map((m) => m.raw);
      assert.deepEqual(linksOf(text), theirs, text);
    }),
    3000,
  );
});

test('a long text takes a short time', () => {
  const nasty = `https://example.org/${')'.repeat(60_000)} ${'https://a.example/('.repeat(4000)} ${'mailto:'.repeat(8000)}`;
  assert.equal(
    pieces(nasty).reduce((n, p) => n + p.text.length, 0),
    nasty.length,
  );
});
