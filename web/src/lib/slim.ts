// What of a chat stays in memory: a page may be open for days, and all of it is in the store as well.
import type { Conversation } from '@parley/sdk';

/** Entries in memory of a chat that is not on the screen. */
export const HELD = 200;
/** As far as unread messages are counted one by one. */
const UNREAD_MAX = 999;

/** Lets go of old entries once there are twice as many as need be: the newest `least`, and what is unread. */
export function slim(conv: Conversation, least: number): void {
  const keep = Math.max(least, Math.min(UNREAD_MAX, conv.hi - conv.read) + 1);
  if (conv.entries.length > 2 * keep) conv.trim(keep);
}
