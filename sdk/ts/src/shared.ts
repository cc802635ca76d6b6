// What a client does for others that share its store and its connection (tabs.ts).
import type { CatchUp } from './catchup.ts';
import type { Conversation } from './conversation.ts';
import type { Marks } from './marks.ts';
import type { Outbox } from './outbox.ts';
import type { Persistence } from './persistence.ts';
import type { ConvId } from './types.ts';

export interface SharedParts {
  readonly conversations: Map<ConvId, Conversation>;
  readonly persistence: Persistence;
  readonly outbox: Outbox;
  readonly marks: Marks;
  readonly catchUp: CatchUp;
  /** What `meta` of the store holds besides what its parts keep there. */
  meta(): Record<string, unknown>;
  /** The outbox has these conversations, too. */
  known(convs: ConvId[]): void;
}

export class Shared {
  private readonly parts: SharedParts;

  constructor(parts: SharedParts) {
    this.parts = parts;
  }

  /** Something may have changed that no event told of. */
  refresh(): void {
    this.parts.catchUp.sync(undefined, false).catch(() => {});
  }

  /** Takes over what others left in the outbox of the store. */
  async adopt(): Promise<void> {
    const { outbox } = await this.parts.persistence.store.load();
    this.parts.outbox.restore(outbox);
    this.parts.known(outbox.map((item) => item.conv));
    this.parts.outbox.pump();
  }

  /** Another one discarded it. What was sent from here in the meantime is deleted: nobody is to see it. */
  forget(id: string): void {
    const { outbox, conversations } = this.parts;
    if (outbox.forget(id)) return;
    for (const conv of conversations.values()) {
      const sent = conv.entries.find((e) => e.cmid === id && e.kind === 'text');
      if (sent && !conv.view(sent).deleted_seq) outbox.add({ conv: conv.id, op: 'delete', seq: sent.seq });
    }
  }

  /** Writes down everything that is in memory, and says what is held and read, as if nothing of it had been. */
  keepAll(): void {
    const { conversations, persistence, marks } = this.parts;
    for (const [key, value] of Object.entries(this.parts.meta())) persistence.meta(key, value);
    for (const conv of conversations.values()) {
      persistence.entries(conv.entries);
      persistence.touch(conv);
      if (conv.hi > 0) marks.raise(conv.id, { delivered: conv.delivered, read: conv.read });
    }
  }
}
