// Changes in the log that are not messages, as sentences.
import type { Entry } from '@parley/sdk';
import { nameOf, theClient } from '../state/app.ts';
import { t } from '../strings.ts';
import { joinNames } from './format.ts';

export function who(user: string): string {
  return user === theClient().me.id ? t.you : nameOf(user);
}

/** Names that are said one by one; beyond that, how many others there are. */
const NAMED = 2;

function namesOf(users: string[]): string {
  const names = users.map((u) => (u === theClient().me.id ? t.youObject : nameOf(u)));
  if (names.length <= NAMED + 1) return joinNames(names);
  return joinNames([...names.slice(0, NAMED), t.others(names.length - NAMED)]);
}

/** Sentences for changes in a row: what one person did to several others becomes one. */
export function foldedNotes(entries: Entry[]): string[] {
  const folded: Entry[] = [];
  for (const e of entries) {
    const before = folded.at(-1);
    const alike = before?.kind === e.kind && before.from === e.from && before.role === e.role;
    if (before && alike && e.users && before.users) {
      folded[folded.length - 1] = { ...before, users: [...new Set([...before.users, ...e.users])] };
    } else folded.push(e);
  }
  return folded.map(entryWords);
}

export function entryWords(e: Entry): string {
  const names = namesOf(e.users ?? []);
  switch (e.kind) {
    case 'text':
      return e.deleted_seq ? t.deleted : (e.text ?? '');
    case 'created':
      return t.created(who(e.from), e.text ?? '');
    case 'member_added':
      return t.added(who(e.from), names);
    case 'member_removed':
      return t.removed(who(e.from), names);
    case 'member_left':
      return t.left(who(e.from));
    case 'renamed':
      return t.renamed(who(e.from), e.text ?? '');
    case 'role_changed':
      return t.roleChanged(who(e.from), names, t.roleWords[e.role ?? 'member']);
    case 'reaction':
      return t.reacted(who(e.from), e.text ?? '');
    case 'edited':
      return t.changedMessage(who(e.from));
    case 'deleted':
      return t.deleted;
    default:
      return t.unknownEntry;
  }
}
