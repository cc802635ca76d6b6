// Older pages of a conversation, when somebody scrolls up: from the store as far as it has them, then from the server.
import type { Conversation } from './conversation.ts';
import type { Ask } from './groups.ts';
import type { ConvId, Entry, HistoryAnswer } from './types.ts';

export interface OlderHooks {
  online(): boolean;
  request: Ask;
  stored(conv: ConvId, before: number, limit: number): Promise<Entry[]>;
  keep(entries: Entry[]): void;
  append(conv: Conversation, e: Entry): void;
}

/** One page; resolves with how many entries came. */
export async function loadOlder(conv: Conversation, limit: number, hooks: OlderHooks): Promise<number> {
  if (conv.hi > 0 && conv.memoryLo > conv.lo) {
    const came = conv.prepend(await hooks.stored(conv.id, conv.memoryLo, limit));
    if (came > 0) return came;
  }
  if (!hooks.online() || conv.atStart) return 0;
  const from = conv.hi > 0 ? { before_seq: conv.memoryLo } : {};
  const answer = (await hooks.request('history', {
    conv: conv.id,
    ...from,
    limit,
  })) as unknown as HistoryAnswer;
  conv.firstSeq = answer.first_seq;
  hooks.keep(answer.entries);
  if (conv.hi > 0) return conv.prepend(answer.entries);
  for (const e of answer.entries) hooks.append(conv, e);
  return answer.entries.length;
}
