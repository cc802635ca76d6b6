// What can be done with a message: by its menu, and by a letter while it has the focus.
import type { Conversation, Entry, OutboxView } from '@parley/sdk';
import { askEmoji } from '../emoji/ask.ts';
import { go } from '../lib/route.ts';
import { theClient } from '../state/app.ts';
import { t } from '../strings.ts';
import { confirm, type MenuItem, openMenu, tell } from './overlay.tsx';
import { discard } from './pending.ts';

export const quickEmojis = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

export interface MessageActions {
  reply: (entry: Entry) => void;
  edit: (entry: Entry) => void;
  jump: (seq: number) => void;
}

interface MessageItem extends MenuItem {
  /** As `KeyboardEvent.key` has it, in lower case. */
  key: string;
}

function copy(text: string): void {
  navigator.clipboard?.writeText(text).then(
    () => tell(t.copied),
    () => {},
  );
}

function itemsOf(conv: Conversation, e: Entry, actions: MessageActions): MessageItem[] {
  const c = theClient();
  const mine = e.from === c.me.id;
  const role = conv.members?.get(c.me.id)?.role;
  const beside = (panel: 'message' | 'forward') => () =>
    go({ screen: 'conversation', conv: conv.id, panel, seq: e.seq });
  const items: (MessageItem | false)[] = [
    conv.member && { key: 'r', icon: 'reply', label: t.reply, run: () => actions.reply(e) },
    { key: 'c', icon: 'copy', label: t.copy, run: () => copy(e.text ?? '') },
    { key: 'f', icon: 'forward', label: t.forward, run: beside('forward') },
    mine && conv.member && { key: 'e', icon: 'edit', label: t.edit, run: () => actions.edit(e) },
    mine && { key: 'i', icon: 'info', label: t.info, run: beside('message') },
    conv.member &&
      (mine || role === 'owner' || role === 'admin') && {
        key: 'delete',
        icon: 'trash',
        label: t.delete,
        danger: true,
        run: async () => {
          if (await confirm(t.deleteConfirm, t.delete)) c.delete(conv.id, e.seq);
        },
      },
  ];
  return items.filter((i): i is MessageItem => i !== false);
}

export function toggleReaction(conv: Conversation, seq: number, emoji: string): void {
  const c = theClient();
  const has = conv.reactionsOf(seq).some((r) => r.emoji === emoji && r.users.includes(c.me.id));
  c.react(conv.id, seq, emoji, !has);
}

export function openMessageMenu(
  conv: Conversation,
  e: Entry,
  actions: MessageActions,
  at: { x: number; y: number },
): void {
  const run = (emoji: string): void => toggleReaction(conv, e.seq, emoji);
  const emojis = { list: quickEmojis, run, more: (place: DOMRect) => askEmoji(place, run) };
  openMenu(at, itemsOf(conv, e, actions), conv.member ? { emojis } : {});
}

/** The letter of an action; false when there is none for it. */
export function messageLetter(conv: Conversation, e: Entry, actions: MessageActions, key: string): boolean {
  const item = itemsOf(conv, e, actions).find((i) => i.key === key.toLowerCase());
  item?.run();
  return item !== undefined;
}

/** Of one that waits in the outbox. */
export function openPendingMenu(item: OutboxView, edit: () => void, at: { x: number; y: number }): void {
  const c = theClient();
  const retry: MenuItem[] = item.failed
    ? [{ icon: 'send', label: t.retry, run: () => c.retry(item.id) }]
    : [];
  openMenu(at, [
    ...retry,
    { icon: 'edit', label: t.edit, run: edit },
    { icon: 'copy', label: t.copy, run: () => copy(item.text ?? '') },
    { icon: 'trash', label: t.delete, danger: true, run: () => discard(item) },
  ]);
}
