// The shapes of the protocol, version 1: entries, conversations, profiles, answers and events.

export type UserId = string;
export type ConvId = string;

export type ConvKind = 'direct' | 'group';
export type Role = 'owner' | 'admin' | 'member';

export type EntryKind =
  | 'text'
  | 'edited'
  | 'deleted'
  | 'reaction'
  | 'created'
  | 'member_added'
  | 'member_removed'
  | 'member_left'
  | 'role_changed'
  | 'renamed'
  | 'void';

/** One number in the log of a conversation. `kind` may be one that this version does not know. */
export interface Entry {
  conv: ConvId;
  seq: number;
  ts: number;
  from: UserId;
  kind: EntryKind | (string & {});
  text?: string;
  cmid?: string;
  reply_to?: number;
  client_ts?: number;
  target?: number;
  on?: boolean;
  users?: UserId[];
  role?: Role;
  edited_seq?: number;
  deleted_seq?: number;
}

export interface Marks {
  delivered: number;
  read: number;
}

/** A row of `sync`. */
export interface ConvRow {
  conv: ConvId;
  kind: ConvKind;
  name: string;
  last_seq: number;
  last_entry: Entry | null;
  unread: number;
  delivered: number;
  read: number;
  others: Marks;
  member: boolean;
  member_count: number;
  muted_until: number;
  archived: boolean;
  pinned: boolean;
  marked_unread: boolean;
  draft: string;
}

export interface Profile {
  id: UserId;
  name: string;
  display_name: string;
  about?: string;
  show_last_seen?: boolean;
  show_read?: boolean;
  show_typing?: boolean;
}

export interface Member extends Marks {
  user: UserId;
  name: string;
  display_name: string;
  role: Role;
  joined_seq: number;
}

export interface Device {
  id: string;
  name: string;
  last_used: number;
  current: boolean;
}

export interface Presence {
  id: UserId;
  status: 'online' | 'offline';
  last_seen: number;
}

export interface Limits {
  text_code_points: number;
  text_bytes: number;
  frame_bytes: number;
  group_members: number;
  history_page: number;
  presence_ids: number;
  name_code_points: number;
  [name: string]: number;
}

export const defaultLimits: Limits = {
  text_code_points: 8000,
  text_bytes: 32768,
  frame_bytes: 65536,
  group_members: 500,
  history_page: 200,
  presence_ids: 500,
  name_code_points: 64,
};

export interface SyncRequest {
  have?: Record<ConvId, number>;
  since?: string;
  cursor?: string;
  limit?: number;
}

export interface SyncAnswer {
  conversations: ConvRow[];
  cursor?: string;
  sync_token?: string;
}

export interface HelloAnswer extends Partial<SyncAnswer> {
  user: Profile;
  device: string;
  store: string;
  server_time: number;
  limits: Partial<Limits>;
  heartbeat_ms: number;
  /** The oldest version of this client that may connect; missing: any. */
  oldest_client?: string;
}

export interface HistoryAnswer {
  entries: Entry[];
  first_seq: number;
  last_seq: number;
  more: boolean;
  next_cursor?: string;
}

export interface WriteAnswer {
  conv: ConvId;
  seq: number;
  ts: number;
  dup: boolean;
}

export interface Session {
  token: string;
  user: Profile;
  device: string;
}

export interface ErrorBody {
  code: string;
  message: string;
  retry: boolean;
  retry_after_ms?: number;
}

/** What a server may send: an answer (`re`) or an event (`ev`). */
export interface ServerFrame {
  re?: number | null;
  ok?: Record<string, unknown>;
  error?: ErrorBody;
  ev?: string;
  [member: string]: unknown;
}

/** A write that waits in the outbox, in the words of the protocol. */
export type WriteOp = 'send' | 'edit' | 'delete' | 'react';

export interface OutboxItem {
  /** The cmid; also the key in the store. */
  id: string;
  conv: ConvId;
  op: WriteOp;
  text?: string;
  reply_to?: number;
  seq?: number;
  emoji?: string;
  on?: boolean;
  client_ts: number;
  /** Place in the queue; a retry by hand moves the item to the end. */
  order: number;
  /** How often the request has left this device. */
  tries: number;
  /** Set once the server refused for good. */
  failed?: { code: string; message: string };
  /** Decided after a try had left the device: what follows as soon as the server has accepted it. */
  after?: { op: 'edit'; text: string } | { op: 'delete' };
}

/** What a client shows beside its own message. */
export type MessageState = 'sending' | 'sent' | 'delivered' | 'read' | 'failed';
