// Changes in the log that are not messages, as sentences.
import type { Entry } from '@parley/sdk';
import { nameOf, theClient } from '../state/app.ts';
import { t } from '../strings.ts';
import { joinNames } from './format.ts';

export function who(user: string): string {
  return user === theClient().me.id ? t.you : nameOf(user);
}

export function entryWords(e: Entry): string {
  const names = joinNames((e.users ?? []).map((u) => (u === theClient().me.id ? t.youObject : nameOf(u))));
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
