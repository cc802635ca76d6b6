// Text to nodes: addresses become links, everything else stays text; never HTML.
import type { ComponentChild } from 'preact';

const candidate = /\b(?:https?:\/\/|mailto:)[^\s<>"]+/gi;
const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** Cuts what belongs to the sentence and not to the address: punctuation, and closing brackets that were not opened. */
export function trimAddress(raw: string): string {
  let end = raw.length;
  while (end > 0) {
    const ch = raw[end - 1] ?? '';
    const open = closers[ch];
    if (/[.,;:!?'"…]/.test(ch)) end--;
    else if (open && raw.slice(0, end).split(open).length < raw.slice(0, end).split(ch).length) end--;
    else break;
  }
  return raw.slice(0, end);
}

export function withLinks(text: string): ComponentChild[] {
  const out: ComponentChild[] = [];
  let at = 0;
  for (const match of text.matchAll(candidate)) {
    const address = trimAddress(match[0]);
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      continue;
    }
    if (match.index > at) out.push(text.slice(at, match.index));
    out.push(
      <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
    at = match.index + address.length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}
