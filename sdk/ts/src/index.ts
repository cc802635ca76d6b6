// Public surface of the Parley SDK.
export { Backoff } from './backoff.ts';
export { Client } from './client.ts';
export type { ClientEvents, ClientOptions } from './client-types.ts';
export type { ConnectionState, ConnectionStatus } from './connection.ts';
export type { ContactLists } from './contacts.ts';
export { Conversation, type Reaction } from './conversation.ts';
export { defaultEnv, type Env, type FetchLike, type SocketConstructor, type SocketLike } from './env.ts';
export { ParleyError } from './errors.ts';
export { fold, Query } from './fold.ts';
export { compareIds, directConv, peerOf } from './ids.ts';
export type { OutboxView } from './outbox.ts';
export { Push, type PushSubscriptionInit } from './push.ts';
export { type RegisterRequest, Rest } from './rest.ts';
export { Search, type SearchClient, type SearchFor, type SearchPage } from './search.ts';
export type { ConvSettings } from './settings.ts';
export { Slice } from './slice.ts';
export { type Loaded, MemoryStore, type Store, type StoreBatch, type StoredConv } from './store.ts';
export { type TabChannel, Tabs } from './tabs.ts';
export { leastOfOthers, messageState, type TickInput } from './tick.ts';
export * from './types.ts';
export { isOlder } from './version.ts';

import { defaultEnv, type Env } from './env.ts';
import { Rest } from './rest.ts';

/** Calls that need no session yet: register and login. */
export function rest(url: string, env?: Partial<Env>): Rest {
  return new Rest(defaultEnv(env), url);
}
