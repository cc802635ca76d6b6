// What a client is made of, and what it tells those who listen.
import type { ConnectionStatus } from './connection.ts';
import type { Conversation } from './conversation.ts';
import type { Env } from './env.ts';
import type { ConvSettings } from './settings.ts';
import type { Store } from './store.ts';
import type { ConvId, Entry, Profile, ServerFrame, Session, UserId } from './types.ts';

export interface ClientOptions {
  /** Where the server is: `http://host:port` or `https://host`. */
  url: string;
  session: Session;
  /** Name and version of the program, as in `web/1.0`. */
  client?: string;
  store?: Store;
  env?: Partial<Env>;
  transport?: 'auto' | 'socket' | 'poll';
}

export interface ClientEvents {
  status: ConnectionStatus;
  /** Something about this conversation, or its part of the outbox, changed. */
  conversation: ConvId;
  /** The order or the rows of the list may have changed. */
  list: undefined;
  /** An entry was appended to a log, in order, once. `fresh`: no device of this account had it before. */
  entry: { entry: Entry; conversation: Conversation; fresh: boolean };
  person: Profile;
  /** Whether this person is there, or when they were last, is another answer now than before. */
  presence: UserId;
  typing: ConvId;
  /** Catching up began or ended. */
  updating: boolean;
  /** The server came back from a backup: the cache was dropped. */
  reset: undefined;
  me: Profile;
  /** Contacts or blocked people changed. */
  contacts: undefined;
  /** An event as the server sent it, after it was applied here. */
  frame: ServerFrame;
  /** A request of this client's own was granted. */
  answered: { op: string; body: Record<string, unknown> };
  /** An item was taken out of the outbox here. */
  discarded: string;
  /** Settings were changed here. */
  set: { conv: ConvId; change: ConvSettings };
}
