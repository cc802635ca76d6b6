// Names of conversations: a direct one is computed from its two users.
import type { ConvId, UserId } from './types.ts';

/** Decimal strings compared as numbers, without ever becoming numbers (they have 64 bits). */
export function compareIds(a: UserId, b: UserId): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function directConv(a: UserId, b: UserId): ConvId {
  return compareIds(a, b) < 0 ? `d.${a}.${b}` : `d.${b}.${a}`;
}

/** The other user of a direct conversation; undefined for a group or a conversation of two others. */
export function peerOf(conv: ConvId, me: UserId): UserId | undefined {
  if (!conv.startsWith('d.')) return undefined;
  const [, a, b] = conv.split('.');
  if (a === me) return b;
  if (b === me) return a;
  return undefined;
}
