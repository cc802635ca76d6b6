// What can be done with a chat as a whole: by its menu, by swiping its row, and by keys.
import type { Conversation } from '@parley/sdk';
import { type MenuItem, openMenu, tell } from '../components/overlay.tsx';
import { exactTime } from '../lib/format.ts';
import type { Command } from '../lib/keys.ts';
import { theClient } from '../state/app.ts';
import { t } from '../strings.ts';

const FOREVER = 4_102_444_800_000;
const HOUR = 3_600_000;

export const isMuted = (conv: Conversation): boolean => conv.mutedUntil > Date.now();
export const isUnread = (conv: Conversation): boolean => conv.unread > 0 || conv.markedUnread;

/** Until when it is muted, in words; nothing for one that is muted for good. */
export const mutedWords = (conv: Conversation): string =>
  isMuted(conv) && conv.mutedUntil < FOREVER ? t.mutedUntil(exactTime(conv.mutedUntil)) : '';

export function toggleUnread(conv: Conversation): void {
  const c = theClient();
  const unread = isUnread(conv);
  if (unread) c.markRead(conv.id, conv.hi);
  c.set(conv.id, { marked_unread: !unread });
}

export function togglePin(conv: Conversation): void {
  theClient().set(conv.id, { pinned: !conv.pinned });
}

export function toggleArchive(conv: Conversation): void {
  theClient().set(conv.id, { archived: !conv.archived });
}

/** Unmutes at once; asks for how long before it mutes. */
export function toggleMute(conv: Conversation, at: { x: number; y: number }): void {
  const until = (ms: number) => () => theClient().set(conv.id, { muted_until: ms });
  if (isMuted(conv)) return until(0)();
  const now = Date.now();
  const choices: [string, number][] = [
    [t.muteHour, now + HOUR],
    [t.muteWorkday, now + 8 * HOUR],
    [t.muteWeek, now + 7 * 24 * HOUR],
    [t.muteAlways, FOREVER],
  ];
  openMenu(
    at,
    choices.map(([label, ms]) => ({ icon: 'mute', label, run: until(ms) })),
    { title: t.muteFor },
  );
}

export function chatItems(conv: Conversation, at: { x: number; y: number }): MenuItem[] {
  const muted = isMuted(conv);
  const unread = isUnread(conv);
  return [
    {
      icon: unread ? 'check' : 'chats',
      label: unread ? t.markRead : t.markUnread,
      run: () => toggleUnread(conv),
    },
    { icon: 'pin', label: conv.pinned ? t.unpin : t.pin, run: () => togglePin(conv) },
    {
      icon: muted ? 'bell' : 'mute',
      label: muted ? t.unmute : t.mute,
      run: () => toggleMute(conv, at),
    },
    {
      icon: 'archive',
      label: conv.archived ? t.unarchive : t.archive,
      run: () => toggleArchive(conv),
    },
  ];
}

export function chatMenu(conv: Conversation, at: { x: number; y: number }): void {
  openMenu(at, chatItems(conv, at));
}

/** The keys for the chat that is open; false when none is. */
export function chatCommands(open: string | undefined): Partial<Record<Command, () => boolean | undefined>> {
  const on = (run: (conv: Conversation) => void) => (): boolean | undefined => {
    if (open === undefined) return false;
    run(theClient().conversation(open));
    return undefined;
  };
  return {
    markUnread: on((conv) => {
      toggleUnread(conv);
      tell(conv.markedUnread ? t.markUnread : t.markRead);
    }),
    pin: on((conv) => {
      togglePin(conv);
      tell(conv.pinned ? t.pinned : t.unpin);
    }),
    mute: on((conv) => toggleMute(conv, { x: innerWidth / 2 - 100, y: innerHeight / 3 })),
  };
}
