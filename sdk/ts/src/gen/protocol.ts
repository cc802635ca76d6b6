// What goes over the wire, made by tools/gen-protocol from protocol/schema: change it there.

/** Any integer the client likes; comes back as `re`. */
export type RequestId = number;

/** A user: decimal digits of a 63-bit number, never reused. */
export type UserId = string;

/** Users; one named twice counts once. */
export type UserList = UserId[];

/** Users; one named twice counts once. */
export type WatchList = UserId[];

/** One installation of a client of one user. */
export type DeviceId = string;

/** A conversation: `d.<smaller user id>.<larger user id>`, or a group's opaque id. */
export type ConvId = string;

/** The number of an entry in its conversation: 1, 2, 3 … without holes. */
export type Seq = number;

/** A `seq`, or 0 for before the first. */
export type SeqOr0 = number;

/** Milliseconds since 1970. */
export type Ts = number;

/** The client's own id of an entry, given before the first try; clients use UUIDs. */
export type Cmid = string;

/** Text of a message: at most `text_code_points` code points and `text_bytes` bytes. */
export type Text = string;

/** Text not yet sent; empty: none. */
export type Draft = string;

export type Emoji = string;

export type GroupName = string;

export type DisplayName = string;

/** Unique: 2-32 of a-z, 0-9, `_` and `.`. */
export type UserName = string;

export type About = string;

/** Opaque: as an earlier answer gave it. */
export type Cursor = string;

export type Role = 'owner' | 'admin' | 'member';

/** What one added later sees: everything, or what follows the own `member_added`. */
export type HistoryMode = 'all' | 'joined';

export type PushKind = 'apns' | 'fcm' | 'webpush';

export type Status = 'online' | 'offline';

export type ConvKind = 'direct' | 'group';

export type EntryKind = 'text' | 'edited' | 'deleted' | 'reaction' | 'created' | 'member_added' | 'member_removed' | 'member_left' | 'role_changed' | 'renamed' | 'void';

/** For each conversation the highest `seq` held without a hole. */
export type Have = Record<string, SeqOr0>;

/** A `seq` for each conversation. */
export type Marks = Record<string, Seq>;

/** What `PushSubscription.toJSON()` gives in a browser. */
export interface Subscription {
  endpoint: string;
  keys: SubscriptionKeys;
}

export interface SubscriptionKeys {
  p256dh: string;
  auth: string;
}

export interface SyncAsk {
  have?: Have;
  limit?: number;
  cursor?: Cursor;
  /** The `sync_token` of an earlier sync. */
  since?: Cursor;
}

export interface Limits {
  text_code_points: number;
  text_bytes: number;
  frame_bytes: number;
  group_members: number;
  /** 0: no limit. */
  sends_per_second: number;
  sends_burst: number;
  /** 0: no limit. */
  ops_per_second: number;
  devices: number;
  history_page: number;
  presence_ids: number;
  name_code_points: number;
  json_depth: number;
}

export type ErrorCode = 'bad_request' | 'unknown_op' | 'too_large' | 'unauthorized' | 'forbidden' | 'not_found' | 'not_member' | 'blocked' | 'group_full' | 'name_taken' | 'weak_password' | 'conflict' | 'gone' | 'rate_limited' | 'overloaded' | 'unavailable' | 'internal';

export interface Error {
  code: ErrorCode;
  /** For people who debug; names the member that was wrong. */
  message: string;
  /** True: keep it in the outbox and ask again. False: final. */
  retry: boolean;
  retry_after_ms: number;
}

export interface User {
  id: UserId;
  name: UserName;
  display_name: string;
}

export interface Profile {
  id: UserId;
  name: UserName;
  display_name: string;
  about: string;
}

export interface OwnProfile {
  id: UserId;
  name: UserName;
  display_name: string;
  about: string;
  show_last_seen: boolean;
  show_read: boolean;
  show_typing: boolean;
}

export interface Written {
  conv: ConvId;
  seq: Seq;
  ts: Ts;
  /** This cmid had been accepted before: the same `seq` and `ts`. */
  dup: boolean;
}

export type Empty = Record<string, unknown>;

export interface Entry {
  conv: ConvId;
  seq: Seq;
  ts: Ts;
  /** Who wrote it; `0`: nobody (void). */
  from: string;
  kind: EntryKind;
  /** Text; of a reaction the emoji; of `created` and `renamed` the name. Absent once deleted. */
  text?: string;
  /** Only to the writer's own devices. */
  cmid?: Cmid;
  reply_to?: Seq;
  client_ts?: number;
  /** The entry that an edit, a deletion or a reaction is about. */
  target?: Seq;
  /** Of a reaction: set, or taken back. */
  on?: boolean;
  users?: UserList;
  role?: Role;
  history?: HistoryMode;
  /** In history: the edit whose text is shown. */
  edited_seq?: Seq;
  /** In history: the entry that deleted this one. */
  deleted_seq?: Seq;
}

/** The least of the other current members' marks. */
export interface Others {
  delivered: SeqOr0;
  read: SeqOr0;
}

export interface Conversation {
  conv: ConvId;
  kind: ConvKind;
  /** Of a direct one: the other's display name. */
  name: string;
  last_seq: SeqOr0;
  last_entry: Entry | null;
  /** 999 means that or more. */
  unread: number;
  delivered: SeqOr0;
  read: SeqOr0;
  others: Others;
  member: boolean;
  member_count: number;
  muted_until: Ts;
  archived: boolean;
  pinned: boolean;
  marked_unread: boolean;
  draft: string;
}

export interface SyncPage {
  conversations: Conversation[];
  cursor?: Cursor;
  /** For `since` of the next sync; the same on all pages. */
  sync_token: string;
}

export interface PresenceRow {
  id: string;
  status: Status;
  last_seen: Ts;
}

export interface PresenceRows {
  /** In the order asked. */
  users: PresenceRow[];
}

export interface MemberRow {
  user: UserId;
  name: UserName;
  display_name: string;
  role: Role;
  joined_seq: SeqOr0;
  delivered: SeqOr0;
  read: SeqOr0;
}

export interface MembersPage {
  members: MemberRow[];
  cursor?: Cursor;
}

export interface Answer {
  re: number | null;
  ok?: Record<string, unknown>;
  error?: Error;
}

/** Signs the connection in; the first frame. */
export interface HelloRequest {
  op: 'hello';
  id: RequestId;
  token: string;
  /** Name and version, as "web/1.0". */
  client: string;
  sync?: SyncAsk;
}

export interface HelloAnswer {
  user: User;
  device: DeviceId;
  /** Changes only when a backup was restored. */
  store: string;
  server_time: Ts;
  limits: Limits;
  heartbeat_ms: number;
  /** The oldest version of this client that may connect, as "web/1.2". */
  oldest_client?: string;
  conversations?: Conversation[];
  cursor?: Cursor;
  sync_token?: string;
}

/** Writes a message to a conversation, or to a user's direct one. */
export interface SendRequest {
  op: 'send';
  id: RequestId;
  conv?: ConvId;
  to?: UserId;
  cmid: Cmid;
  text: Text;
  reply_to?: Seq;
  client_ts?: Ts;
}

export type SendAnswer = Written;

/** Replaces the text of an own message. */
export interface EditRequest {
  op: 'edit';
  id: RequestId;
  conv: ConvId;
  seq: Seq;
  cmid: Cmid;
  text: Text;
}

export type EditAnswer = Written;

/** Deletes a message. */
export interface DeleteRequest {
  op: 'delete';
  id: RequestId;
  conv: ConvId;
  seq: Seq;
  cmid: Cmid;
}

export type DeleteAnswer = Written;

/** Sets a reaction, or takes it back. */
export interface ReactRequest {
  op: 'react';
  id: RequestId;
  conv: ConvId;
  seq: Seq;
  emoji: Emoji;
  on: boolean;
  cmid: Cmid;
}

export type ReactAnswer = Written;

/** A page of entries. */
export interface HistoryRequest {
  op: 'history';
  id: RequestId;
  conv: ConvId;
  before_seq?: SeqOr0;
  after_seq?: SeqOr0;
  before_ts?: Ts;
  around_seq?: SeqOr0;
  limit?: number;
}

export interface HistoryAnswer {
  entries: Entry[];
  /** The oldest this user may see. */
  first_seq: Seq;
  /** The newest. */
  last_seq: SeqOr0;
  /** There is more in the direction asked. */
  more: boolean;
  /** The `ts` of the oldest returned, whenever something older exists. */
  next_cursor?: string;
}

/** Messages that hold all words of a query. */
export interface SearchRequest {
  op: 'search';
  id: RequestId;
  /** Words with blanks between; compared without case and accents. */
  query: string;
  /** Only there. */
  conv?: ConvId;
  /** Only what this user wrote. */
  from?: UserId;
  /** Only what is newer. */
  after_ts?: Ts;
  /** Only what is older. */
  before_ts?: Ts;
  limit?: number;
  cursor?: Cursor;
}

export interface SearchAnswer {
  /** Text entries in their newest state, newest first. */
  results: Entry[];
  /** While there is more to look at. */
  cursor?: Cursor;
}

/** The conversations that differ from what the client holds. */
export interface SyncRequest {
  op: 'sync';
  id: RequestId;
  have?: Have;
  limit?: number;
  cursor?: Cursor;
  /** The `sync_token` of an earlier sync. */
  since?: Cursor;
}

export type SyncAnswer = SyncPage;

/** Moves the own marks. */
export interface AckRequest {
  op: 'ack';
  id: RequestId;
  delivered?: Marks;
  read?: Marks;
}

export type AckAnswer = Empty;

/** Who is on line. */
export interface PresenceRequest {
  op: 'presence';
  id: RequestId;
  users: WatchList;
}

export type PresenceAnswer = PresenceRows;

/** Replaces the list of those whose presence comes as events. */
export interface WatchRequest {
  op: 'watch';
  id: RequestId;
  users: WatchList;
}

export type WatchAnswer = PresenceRows;

/** Tells the others that one types; never stored. */
export interface TypingRequest {
  op: 'typing';
  id: RequestId;
  conv: ConvId;
  on: boolean;
}

export type TypingAnswer = Empty;

/** Makes a group. */
export interface GroupCreateRequest {
  op: 'group.create';
  id: RequestId;
  name: GroupName;
  members: UserList;
  history?: HistoryMode;
  /** Unique per user. */
  cmid: Cmid;
}

export type GroupCreateAnswer = Written;

/** Adds members. */
export interface GroupAddRequest {
  op: 'group.add';
  id: RequestId;
  conv: ConvId;
  users: UserList;
  cmid: Cmid;
}

export type GroupAddAnswer = Written;

/** Removes members. */
export interface GroupRemoveRequest {
  op: 'group.remove';
  id: RequestId;
  conv: ConvId;
  users: UserList;
  cmid: Cmid;
}

export type GroupRemoveAnswer = Written;

/** Leaves. */
export interface GroupLeaveRequest {
  op: 'group.leave';
  id: RequestId;
  conv: ConvId;
  cmid: Cmid;
}

export type GroupLeaveAnswer = Written;

/** Gives a new name. */
export interface GroupRenameRequest {
  op: 'group.rename';
  id: RequestId;
  conv: ConvId;
  name: GroupName;
  cmid: Cmid;
}

export type GroupRenameAnswer = Written;

/** Gives a member a role. */
export interface GroupRoleRequest {
  op: 'group.role';
  id: RequestId;
  conv: ConvId;
  user: UserId;
  role: Role;
  cmid: Cmid;
}

export type GroupRoleAnswer = Written;

/** A page of members with their marks. */
export interface MembersRequest {
  op: 'members';
  id: RequestId;
  conv: ConvId;
  cursor?: Cursor;
  limit?: number;
}

export type MembersAnswer = MembersPage;

/** The own settings of a conversation. */
export interface ConvSetRequest {
  op: 'conv.set';
  id: RequestId;
  conv: ConvId;
  /** 0: not muted. */
  muted_until?: Ts;
  archived?: boolean;
  pinned?: boolean;
  marked_unread?: boolean;
  draft?: Draft;
}

export type ConvSetAnswer = Empty;

/** Adds a contact. */
export interface ContactAddRequest {
  op: 'contact.add';
  id: RequestId;
  user: UserId;
}

export type ContactAddAnswer = Empty;

/** Removes a contact. */
export interface ContactRemoveRequest {
  op: 'contact.remove';
  id: RequestId;
  user: UserId;
}

export type ContactRemoveAnswer = Empty;

/** Blocks a user. */
export interface BlockRequest {
  op: 'block';
  id: RequestId;
  user: UserId;
}

export type BlockAnswer = Empty;

/** Unblocks a user. */
export interface UnblockRequest {
  op: 'unblock';
  id: RequestId;
  user: UserId;
}

export type UnblockAnswer = Empty;

/** Contacts and blocked users. */
export interface ContactsRequest {
  op: 'contacts';
  id: RequestId;
}

export interface ContactsAnswer {
  contacts: UserId[];
  blocked: UserId[];
}

/** Changes the own profile. */
export interface MeSetRequest {
  op: 'me.set';
  id: RequestId;
  display_name?: DisplayName;
  about?: About;
  show_last_seen?: boolean;
  show_read?: boolean;
  show_typing?: boolean;
}

export type MeSetAnswer = OwnProfile;

/** Stores a push token of this device. */
export interface PushRegisterRequest {
  op: 'push.register';
  id: RequestId;
  kind: PushKind;
  /** Of APNs or FCM. */
  token?: string;
  /** Of a browser. It replaces the former one of this device. */
  subscription?: Subscription;
  /** True, or absent: pushes to this device carry the text; false: only that there is a new message. */
  show_text?: boolean;
}

export interface PushRegisterAnswer {
  push_id: string;
}

/** Forgets a push token. */
export interface PushUnregisterRequest {
  op: 'push.unregister';
  id: RequestId;
  push_id: string;
}

export type PushUnregisterAnswer = Empty;

/** Asks for a push to this subscription, to see whether it arrives. */
export interface PushTestRequest {
  op: 'push.test';
  id: RequestId;
  push_id: string;
}

export type PushTestAnswer = Empty;

/** Asks the server's time. */
export interface PingRequest {
  op: 'ping';
  id: RequestId;
}

export interface PingAnswer {
  server_time: Ts;
}

/** The next entry of a conversation. It goes to every connected device of every member; the connection that wrote it has its answer instead. */
export type EventEntry = Entry & {
  ev: 'entry';
};

/** A member's marks moved; or, in a group of over 50 members, the least of the others' marks. */
export interface EventMark {
  ev: 'mark';
  conv: ConvId;
  user?: UserId;
  delivered?: SeqOr0;
  read?: SeqOr0;
  others?: Others;
}

/** Events may have been lost: ask `sync` with your `since`. */
export interface EventSync {
  ev: 'sync';
}

/** A watched user went on line, or off. */
export interface EventPresence {
  ev: 'presence';
  user: UserId;
  status: Status;
  last_seen: Ts;
}

/** Shown for 6 s at most. */
export interface EventTyping {
  ev: 'typing';
  conv: ConvId;
  user: UserId;
  on: boolean;
}

/** Settings changed on another device; or one was added to a group, or taken out. */
export interface EventConv {
  ev: 'conv';
  conv: ConvId;
  kind?: ConvKind;
  name?: string;
  member?: boolean;
  muted_until?: Ts;
  archived?: boolean;
  pinned?: boolean;
  marked_unread?: boolean;
  draft?: string;
}

/** This server is about to stop: reconnect after a random part of that time. */
export interface EventDrain {
  ev: 'drain';
  retry_after_ms: number;
}

export interface RegisterBody {
  name: UserName;
  /** At least 8 code points. */
  password: string;
  display_name?: DisplayName;
  device_name?: DeviceName;
  /** Where registration is by invitation. */
  invite?: string;
}

export interface LoginBody {
  name: string;
  password: string;
  device_name?: DeviceName;
}

export interface MessageBody {
  conv?: ConvId;
  to?: UserId;
  cmid: Cmid;
  text: Text;
  reply_to?: Seq;
  client_ts?: Ts;
}

export interface ServerMessageBody {
  sender_id: UserId;
  receiver_id: UserId;
  text: Text;
  cmid?: Cmid;
}

export interface GroupBody {
  name: GroupName;
  members: UserList;
  history?: HistoryMode;
  cmid: Cmid;
}

export interface GroupPatchBody {
  name: GroupName;
  /** Made by the server if absent. */
  cmid?: Cmid;
}

export interface GroupMembersBody {
  users: UserList;
  cmid: Cmid;
}

export interface MemberPatchBody {
  role: Role;
  /** Made by the server if absent. */
  cmid?: Cmid;
}

export interface PushBody {
  kind: PushKind;
  token?: string;
  subscription?: Subscription;
  show_text?: boolean;
}

export type DeviceName = string;

/** `<conv>:<seq>` */
export type MessageId = string;

export interface SignedInAnswer {
  /** For `Authorization: Bearer` and for `hello`. */
  token: string;
  user: User;
  device: DeviceId;
}

export interface UsersAnswer {
  users: Profile[];
}

export interface DeviceRow {
  id: DeviceId;
  name: string;
  last_used: Ts;
  current: boolean;
}

export interface DevicesAnswer {
  devices: DeviceRow[];
}

export interface MessageAnswer {
  conv: ConvId;
  seq: Seq;
  ts: Ts;
  dup: boolean;
  message_id: MessageId;
}

export interface ConversationsAnswer {
  conversations: Conversation[];
  /** While there is more. */
  cursor?: Cursor;
}

export type MessageRow = Entry & {
  message_id: MessageId;
};

export interface MessagesAnswer {
  /** Newest first; ascending for `after_seq`. */
  messages: MessageRow[];
  /** For `before_ts`; whenever something older exists. */
  next_cursor?: string;
  more: boolean;
}

export interface StatusRow {
  user_id: string;
  status: 'ONLINE' | 'OFFLINE';
  last_seen: Ts;
}

export type StatusAnswer = StatusRow[];

export interface PushAnswer {
  push_id: string;
}

export interface PushKeyAnswer {
  /** The VAPID public key, base64url. */
  key: string;
}

export interface PollAnswer {
  cursor: string;
  /** Events as on the socket. */
  events: (Record<string, unknown>)[];
  /** When a session is opened: the oldest versions of clients that may connect. */
  oldest_clients?: string[];
}

export interface ErrorAnswer {
  error: Error;
}

/** What an operation asks and answers, by its name. */
export interface Operations {
  'hello': { request: HelloRequest; answer: HelloAnswer };
  'send': { request: SendRequest; answer: SendAnswer };
  'edit': { request: EditRequest; answer: EditAnswer };
  'delete': { request: DeleteRequest; answer: DeleteAnswer };
  'react': { request: ReactRequest; answer: ReactAnswer };
  'history': { request: HistoryRequest; answer: HistoryAnswer };
  'search': { request: SearchRequest; answer: SearchAnswer };
  'sync': { request: SyncRequest; answer: SyncAnswer };
  'ack': { request: AckRequest; answer: AckAnswer };
  'presence': { request: PresenceRequest; answer: PresenceAnswer };
  'watch': { request: WatchRequest; answer: WatchAnswer };
  'typing': { request: TypingRequest; answer: TypingAnswer };
  'group.create': { request: GroupCreateRequest; answer: GroupCreateAnswer };
  'group.add': { request: GroupAddRequest; answer: GroupAddAnswer };
  'group.remove': { request: GroupRemoveRequest; answer: GroupRemoveAnswer };
  'group.leave': { request: GroupLeaveRequest; answer: GroupLeaveAnswer };
  'group.rename': { request: GroupRenameRequest; answer: GroupRenameAnswer };
  'group.role': { request: GroupRoleRequest; answer: GroupRoleAnswer };
  'members': { request: MembersRequest; answer: MembersAnswer };
  'conv.set': { request: ConvSetRequest; answer: ConvSetAnswer };
  'contact.add': { request: ContactAddRequest; answer: ContactAddAnswer };
  'contact.remove': { request: ContactRemoveRequest; answer: ContactRemoveAnswer };
  'block': { request: BlockRequest; answer: BlockAnswer };
  'unblock': { request: UnblockRequest; answer: UnblockAnswer };
  'contacts': { request: ContactsRequest; answer: ContactsAnswer };
  'me.set': { request: MeSetRequest; answer: MeSetAnswer };
  'push.register': { request: PushRegisterRequest; answer: PushRegisterAnswer };
  'push.unregister': { request: PushUnregisterRequest; answer: PushUnregisterAnswer };
  'push.test': { request: PushTestRequest; answer: PushTestAnswer };
  'ping': { request: PingRequest; answer: PingAnswer };
}

export type Op = keyof Operations;

export type ServerEvent =
  | EventEntry
  | EventMark
  | EventSync
  | EventPresence
  | EventTyping
  | EventConv
  | EventDrain;

/** The limits that hold when a server says nothing else. */
export const protocolLimits: Limits = {
  text_code_points: 8000,
  text_bytes: 32768,
  frame_bytes: 65536,
  group_members: 500,
  sends_per_second: 20,
  sends_burst: 100,
  ops_per_second: 1000,
  devices: 10,
  history_page: 200,
  presence_ids: 500,
  name_code_points: 64,
  json_depth: 16,
};
