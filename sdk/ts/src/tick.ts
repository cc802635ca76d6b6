// The state of an own message: derived by this one function, stored nowhere.
import type { OutboxView } from './outbox.ts';
import type { Entry, Marks, MessageState } from './types.ts';

export interface TickInput {
  /** The number the server gave; absent while the message is in the outbox. */
  seq?: number | undefined;
  /** True once the server refused the message for good. */
  failed?: boolean;
  /** The least of the other current members' marks. */
  others: Marks;
  /** How many other current members there are; with none, a message stays "sent". */
  otherCount: number;
}

export function messageState(input: TickInput): MessageState {
  if (input.failed) return 'failed';
  if (input.seq === undefined) return 'sending';
  if (input.otherCount < 1) return 'sent';
  if (input.others.read >= input.seq) return 'read';
  if (input.others.delivered >= input.seq) return 'delivered';
  return 'sent';
}

/** Of an entry, or of something in the outbox. */
export function stateOf(
  conv: Pick<TickInput, 'others' | 'otherCount'>,
  item: Entry | OutboxView,
): MessageState {
  const waits = 'order' in item;
  const seq = waits ? item.accepted?.seq : item.seq;
  const failed = waits && item.failed !== undefined;
  return messageState({ seq, failed, others: conv.others, otherCount: conv.otherCount });
}

/** The least marks of all members but one; undefined when there is nobody else. */
export function leastOfOthers(members: Iterable<Marks & { user: string }>, me: string): Marks | undefined {
  let least: Marks | undefined;
  for (const m of members) {
    if (m.user === me) continue;
    if (!least) least = { delivered: m.delivered, read: m.read };
    else {
      least.delivered = Math.min(least.delivered, m.delivered);
      least.read = Math.min(least.read, m.read);
    }
  }
  return least;
}
