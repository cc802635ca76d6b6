// Search: over the messages that this device holds, and over all by the server.
import type { Conversation } from './conversation.ts';
import { Query } from './fold.ts';
import type { Ask } from './groups.ts';
import type { Store } from './store.ts';
import type { ConvId, Entry, UserId } from './types.ts';

/** What to search for; the times are without the two themselves. */
export interface SearchFor {
  query: string;
  conv?: ConvId;
  from?: UserId;
  after_ts?: number;
  before_ts?: number;
}

export interface SearchPage {
  /** Newest first. */
  results: Entry[];
  /** For the next page; none when everything was looked at. */
  cursor?: string;
}

/** Of a `Client` what a search needs. */
export interface SearchClient {
  conversations: Map<ConvId, Conversation>;
  request: Ask;
  reliable: Ask;
}

const PAGE = 200;

export class Search {
  private readonly client: SearchClient;
  private readonly store: Pick<Store, 'entries'>;

  /** The store is the client's. */
  constructor(client: SearchClient, store: Pick<Store, 'entries'>) {
    this.client = client;
    this.store = store;
  }

  /** A page of the server's. It may be empty and have a cursor all the same. */
  async server(what: SearchFor, limit = 20, cursor?: string): Promise<SearchPage> {
    const body = { ...what, limit, ...(cursor === undefined ? {} : { cursor }) };
    return (await this.client.reliable('search', body)) as unknown as SearchPage;
  }

  /**
   * What this device holds, as it is found: conversation by conversation, the newest activity first, and each from its
   * newest message down. To end it early, leave the loop.
   */
  async *local(what: SearchFor): AsyncGenerator<Entry, void, void> {
    const query = new Query(what.query);
    const all = [...this.client.conversations.values()].filter((c) => !what.conv || c.id === what.conv);
    for (const conv of all.sort((a, b) => b.activity - a.activity)) {
      for await (const e of this.held(conv)) {
        if (e.ts <= (what.after_ts ?? -1)) break;
        if (e.kind !== 'text' || e.deleted_seq || e.text === undefined) continue;
        if (what.from !== undefined && e.from !== what.from) continue;
        if (what.before_ts !== undefined && e.ts >= what.before_ts) continue;
        if (query.matches(e.text)) yield e;
      }
    }
  }

  /** The first entry of a conversation that is not older than `ts`; undefined when there is none. */
  async firstAt(id: ConvId, ts: number): Promise<number | undefined> {
    const conv = this.client.conversations.get(id);
    const page = await this.client
      .request('history', { conv: id, before_ts: ts, limit: 1 })
      .then((p) => p as unknown as { entries: Entry[]; first_seq: number; last_seq: number })
      .catch(() => undefined);
    if (page) {
      const seq = page.entries.length > 0 ? (page.entries[0]?.seq ?? 0) + 1 : page.first_seq;
      return seq <= page.last_seq ? seq : undefined;
    }
    let found: number | undefined;
    if (!conv) return found;
    for await (const e of this.held(conv)) {
      if (e.ts < ts) break;
      found = e.seq;
    }
    return found;
  }

  /** Entries in their newest state, newest first: from memory, then from the store. */
  private async *held(conv: Conversation): AsyncGenerator<Entry, void, void> {
    const edits = new Map<number, Entry>();
    const gone = new Map<number, number>();
    for (const e of [...conv.entries].reverse()) yield conv.view(e);
    let before = conv.entries[0]?.seq ?? conv.hi + 1;
    for (;;) {
      const page = await this.store.entries(conv.id, before, PAGE);
      for (const e of page.reverse()) {
        // Whatever changes an entry lies above it, and so was seen before it.
        if (e.kind === 'edited' && e.target && !edits.has(e.target)) edits.set(e.target, e);
        if (e.kind === 'deleted' && e.target) gone.set(e.target, e.seq);
        yield newest(conv.view(e), edits.get(e.seq), gone.get(e.seq));
      }
      const lowest = page.at(-1)?.seq;
      if (lowest === undefined || lowest <= 1) return;
      before = lowest;
    }
  }
}

function newest(e: Entry, edit: Entry | undefined, deleted: number | undefined): Entry {
  if (deleted !== undefined) return { ...e, deleted_seq: deleted };
  if (!edit || edit.seq <= (e.edited_seq ?? 0)) return e;
  return edit.text === undefined
    ? { ...e, edited_seq: edit.seq }
    : { ...e, edited_seq: edit.seq, text: edit.text };
}
