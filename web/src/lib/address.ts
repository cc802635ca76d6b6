// Finds the addresses in a text: http, https and mailto, written out. What looks like another place than it leads to is
// shown as what it is, or stays text.

export interface Piece {
  text: string;
  /** Where it leads; missing for what is only text. */
  href?: string;
}

/** Up to a space, what encloses, punctuation of East Asia, controls, and marks that turn the direction of writing. */
const candidate =
  /(?<!\w)(?:https?:\/\/|mailto:)[^\s<>"\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u3001\u3002\u300a-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]+/giu;
const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
const sentence = new Set([...'.,;:!?\'…"”’»›*_~|`']);

/** Cuts what belongs to the sentence and not to the address: punctuation, and closing brackets that were not opened. */
export function trimAddress(raw: string): string {
  const balance: Record<string, number> = {};
  for (const ch of raw) balance[ch] = (balance[ch] ?? 0) + 1;
  let end = raw.length;
  while (end > 0) {
    const ch = raw[end - 1] ?? '';
    const open = closers[ch];
    const extra = open !== undefined && (balance[ch] ?? 0) > (balance[open] ?? 0);
    if (!extra && !sentence.has(ch)) break;
    balance[ch] = (balance[ch] ?? 0) - 1;
    end--;
  }
  return raw.slice(0, end);
}

/** Scripts that are written together; every name of a host is of one of these sets. */
const sets = [
  'Latin Han Hiragana Katakana',
  'Latin Han Hangul',
  'Latin Han Bopomofo',
  ...'Arabic Armenian Bengali Cyrillic Devanagari Georgian Greek Hebrew Tamil Thai'.split(' '),
].map((set) => {
  const scripts = `${set} Common Inherited`.split(' ').map((s) => `\\p{Script=${s}}`);
  return new RegExp(`^[${scripts.join('')}]*$`, 'u');
});

const oneScript = (host: string): boolean => sets.some((set) => set.test(host));

const web = /^(https?:\/\/)([^/?#\\]*)(.*)$/isu;
const mail = /^mailto:[^@\s?]+@([^@\s?/]+)(?:\?.*)?$/iu;

function link(address: string): Piece | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  const to = mail.exec(address);
  if (to) return oneScript(to[1] ?? '') ? { text: address, href: url.href } : undefined;
  const parts = web.exec(address);
  // An empty host would be filled from the path, and a name before the host is what tricks use:
  // `https://bank.example@evil.example`.
  if (!parts?.[2] || url.username || url.password) return undefined;
  const [, scheme = '', host = '', rest = ''] = parts;
  if (!/^(?:[a-z0-9._-]+|\[.*\])$/.test(url.hostname)) return undefined;
  const plain =
    /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(host) && host.toLowerCase().startsWith(url.hostname);
  const shown = plain || (oneScript(host) && url.hostname.includes('xn--')) ? host : url.host;
  return { text: scheme + shown + rest, href: url.href };
}

export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(candidate)) {
    const address = trimAddress(match[0]);
    const found = link(address);
    if (!found) continue;
    if (match.index > at) out.push({ text: text.slice(at, match.index) });
    out.push(found);
    at = match.index + address.length;
  }
  if (at < text.length) out.push({ text: text.slice(at) });
  return out;
}
