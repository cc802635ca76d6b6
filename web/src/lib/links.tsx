// Text to nodes: addresses become links, everything else stays text; never HTML.
import type { ComponentChild } from 'preact';
import { pieces } from './address.ts';

export function withLinks(text: string): ComponentChild[] {
  return pieces(text).map((piece) =>
    piece.href === undefined ? (
      piece.text
    ) : (
      <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
        {piece.text}
      </a>
    ),
  );
}
