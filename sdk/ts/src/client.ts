// The client: one object that holds an account's conversations, keeps them complete, and sends what it is given.
import { CatchUp, HOLE_MAX } from './catchup.ts';
import type { ClientEvents, ClientOptions } from './client-types.ts';
import { Connection, type ConnectionStatus } from './connection.ts';
import { type ContactLists, Contacts } from './contacts.ts';
import { Conversation } from './conversation.ts';
import { Emitter } from './emitter.ts';
import { defaultEnv, type Env } from './env.ts';
import { type Ask, Groups, reliably } from './groups.ts';
import { directConv } from './ids.ts';
import { MarkTimes, type StoredTimes } from './mark-times.ts';
import { Marks, type Wanted } from './marks.ts';
import { entryOf, type NewItem, Outbox, type OutboxView } from './outbox.ts';
import { People } from './people.ts';
import { Persistence } from './persistence.ts';
import { Reader } from './reader.ts';
import { Rest } from './rest.ts';
import { type ConvSettings, Settings } from './settings.ts';
import { Shared } from './shared.ts';
import type { Slice } from './slice.ts';
import { MemoryStore } from './store.ts';
import { stateOf } from './tick.ts';
import {
  type ConvId,
  type ConvKind,
  type ConvRow,
  defaultLimits,
  type Entry,
  type HelloAnswer,
  type Limits,
  type Marks as MarkPair,
  type Member,
  type MessageState,
  type OutboxItem,
  type Profile,
  type ServerFrame,
  type SyncAnswer,
  type UserId,
  type WriteAnswer,
} from './types.ts';

export class Client extends Emitter<ClientEvents> {
  readonly rest: Rest;
  readonly people: People;
  readonly groups: Groups;
  /** One request, waiting for the connection and trying again while the answer allows it, at most 20 s. */
  readonly reliable: Ask;
  readonly contacts: Contacts;
  readonly shared: Shared;
  /** When others received and read, as far as this device saw it. */
  readonly markTimes: MarkTimes;
  readonly conversations = new Map<ConvId, Conversation>();
  me: Profile;
  limits: Limits = defaultLimits;
  /** Server time minus this device's, in ms. */
  clockSkew = 0;
  /** The newest answer to hello. */
  hello: HelloAnswer | undefined;

  private readonly env: Env;
  private readonly connection: Connection;
  private readonly outbox: Outbox;
  private readonly marks: Marks;
  private readonly settings: Settings;
  private readonly catchUp: CatchUp;
  private readonly persistence: Persistence;
  private readonly reader: Reader;
  private token: string | undefined;
  private storeId = '';
  private wasBusy = false;

  constructor(options: ClientOptions) {
    super();
    const env = defaultEnv(options.env);
    const url = options.url.replace(/\/$/, '');
    this.env = env;
    this.me = options.session.user;
    this.rest = new Rest(env, url, options.session.token);
    this.persistence = new Persistence(env, options.store ?? new MemoryStore(), (conv) =>
      this.ackDelivered(conv),
    );
    const online = (): boolean => this.connection.online;
    const request: Ask = async (op, body) => {
      const ok = await this.connection.request(op, body);
      this.emit('answered', { op, body });
      return ok;
    };
    this.connection = new Connection(
      env,
      {
        url,
        token: options.session.token,
        client: options.client ?? 'sdk/0.1',
        user: options.session.user.id,
        transport: options.transport ?? 'auto',
      },
      {
        hello: () => this.catchUp.first(this.conversations.values()),
        online: (answer) => this.onOnline(answer),
        offline: () => this.onOffline(),
        event: (frame) => {
          this.onEvent(frame);
          this.emit('frame', frame);
        },
        status: (status) => this.emit('status', status),
      },
    );
    this.outbox = new Outbox(env, {
      online,
      request,
      commit: (batch) => this.persistence.commit(batch),
      frameBytes: () => this.limits.frame_bytes,
      accepted: (item, answer) => this.onAccepted(item, answer),
      change: (conv) => this.changed(this.conversations.get(conv)),
    });
    this.marks = new Marks(env, {
      online,
      request,
      save: (wanted) => this.persistence.meta('marks', wanted),
    });
    this.settings = new Settings(env, {
      online,
      request,
      save: (pending) => this.persistence.meta('settings', pending),
    });
    this.people = new People(env, {
      online,
      request,
      profile: (id) => this.rest.user(id),
      person: (profile) => {
        this.persistence.person(profile);
        this.emit('person', profile);
      },
      presence: (user) => this.emit('presence', user),
      typing: (conv) => this.emit('typing', conv),
    });
    this.catchUp = new CatchUp(env, {
      online,
      request,
      token: () => this.token,
      row: (row) => this.onRow(row),
      entries: (conv, entries, restart) => this.onPage(conv, entries, restart),
      done: (token) => {
        if (token !== undefined) {
          this.token = token;
          this.persistence.meta('token', token);
        }
        this.tellBusy();
      },
    });
    const reliable: Ask = (op, body) => reliably(env, () => request(op, body));
    this.reliable = reliable;
    this.reader = new Reader({
      ...{ online, request, reliable },
      stored: (conv, before, limit) => this.persistence.store.entries(conv, before, limit),
      keep: (entries) => this.persistence.entries(entries),
      append: (conv, e) => this.append(conv, e, false),
      held: (conv, entries) => this.held(conv, entries),
      changed: (conv) => this.changed(conv),
      learn: (profile) => this.people.learn(profile),
    });
    this.shared = new Shared({
      ...{ conversations: this.conversations, persistence: this.persistence },
      ...{ outbox: this.outbox, marks: this.marks, catchUp: this.catchUp },
      meta: () => ({ store: this.storeId, token: this.token }),
      known: (convs) => this.restored(convs),
    });
    this.groups = new Groups(reliable, () => env.uuid());
    this.contacts = new Contacts(reliable, {
      save: (known) => this.persistence.meta('contacts', known),
      change: () => this.emit('contacts', undefined),
    });
    this.markTimes = new MarkTimes(env, (times) => this.persistence.meta('mark_times', times));
  }

  /** Loads what the store has, then connects. Resolves when the cache can be shown. */
  async start(): Promise<void> {
    const loaded = await this.persistence.store.load();
    this.token = loaded.meta['token'] as string | undefined;
    this.storeId = (loaded.meta['store'] as string | undefined) ?? '';
    this.me = (loaded.meta['me'] as Profile | undefined) ?? this.me;
    this.settings.restore((loaded.meta['settings'] as Record<ConvId, ConvSettings> | undefined) ?? {});
    this.marks.restore((loaded.meta['marks'] as Record<ConvId, Wanted> | undefined) ?? {});
    this.people.restore(loaded.people);
    this.markTimes.restore((loaded.meta['mark_times'] as StoredTimes | undefined) ?? []);
    this.contacts.restore(loaded.meta['contacts'] as ContactLists | undefined);
    this.people.learn(this.me);
    for (const s of loaded.conversations) this.conversations.set(s.conv, Conversation.restore(s, this.me.id));
    this.outbox.restore(loaded.outbox);
    this.restored(loaded.outbox.map((item) => item.conv));
    this.emit('list', undefined);
    this.connection.start();
  }

  /** Closes the connection and writes down what is still in memory only. */
  async stop(): Promise<void> {
    this.people.typingStopped(false);
    await this.hurry();
    this.connection.stop();
    this.catchUp.stop();
    await this.persistence.flush();
  }

  /** Sends at once what waits to be sent in batches, as the program may end in a moment. */
  async hurry(): Promise<void> {
    this.markTimes.flush();
    await Promise.allSettled([this.marks.flush(), this.settings.flush(), this.persistence.flush()]);
  }

  /** Ends the session on the server and forgets everything here. */
  async signOut(): Promise<void> {
    await this.rest.logout().catch(() => {});
    await this.forget();
  }

  /** Forgets everything here and writes nothing any more, as when another program of the device has signed out. */
  async forget(): Promise<void> {
    this.connection.stop();
    this.catchUp.stop();
    await this.persistence.forgetAll();
  }

  get status(): ConnectionStatus {
    return this.connection.status;
  }

  /** Drops what is kept of the server's, here and in the store, and loads it again. What waits to be sent stays. */
  clearCache(): void {
    this.dropCache();
    if (this.connection.online) this.catchUp.sync(undefined, true).catch(() => {});
  }

  /** The network came back, the page is shown again, or somebody pressed "Try now". */
  kick(): void {
    if (this.status.state === 'replaced') this.connection.start();
    else this.connection.kick();
  }

  /** One request as it stands; see `PROTOCOL` section 3. */
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.connection.request(op, body);
  }

  /** The conversation, made up if nothing is known of it yet (a direct one exists as soon as it is named). */
  conversation(id: ConvId): Conversation {
    let conv = this.conversations.get(id);
    if (!conv) {
      const kind: ConvKind = id.startsWith('d.') ? 'direct' : 'group';
      conv = new Conversation(id, kind, this.me.id);
      this.conversations.set(id, conv);
    }
    return conv;
  }

  directWith(user: UserId): ConvId {
    return directConv(this.me.id, user);
  }

  /** Puts a message in the outbox; resolves when it is durable here, which is when it may be shown. */
  send(conv: ConvId, text: string, replyTo?: number): Promise<OutboxItem> {
    this.people.typingStopped(false);
    const item: NewItem = { conv, op: 'send', text };
    return this.outbox.add(replyTo === undefined ? item : { ...item, reply_to: replyTo });
  }

  edit(conv: ConvId, seq: number, text: string): Promise<OutboxItem> {
    return this.outbox.add({ conv, op: 'edit', seq, text });
  }

  delete(conv: ConvId, seq: number): Promise<OutboxItem> {
    return this.outbox.add({ conv, op: 'delete', seq });
  }

  react(conv: ConvId, seq: number, emoji: string, on: boolean): Promise<OutboxItem> {
    return this.outbox.add({ conv, op: 'react', seq, emoji, on });
  }

  pending(conv?: ConvId): OutboxView[] {
    return this.outbox.list(conv);
  }

  retry(id: string): Promise<void> {
    return this.outbox.retry(id);
  }

  async discard(id: string): Promise<boolean> {
    const gone = await this.outbox.remove(id);
    if (gone) this.emit('discarded', id);
    return gone;
  }

  /** Another text for a message that waits in the outbox, whether or not a try has left already. */
  amend(id: string, text: string): Promise<void> {
    return this.outbox.amend(id, text);
  }

  /** Takes a message that waits out of the outbox; where the server may have it already, it is deleted for everyone. */
  async withdraw(id: string): Promise<void> {
    if (!(await this.discard(id))) await this.outbox.withdraw(id);
  }

  /** Everything of the conversation up to and with `seq` was seen by the person. */
  markRead(id: ConvId, seq: number): void {
    const conv = this.conversations.get(id);
    const to = Math.min(seq, conv?.hi ?? 0);
    if (!conv?.member || to <= conv.read) return;
    conv.applyMark(this.me.id, { delivered: Math.max(conv.delivered, to), read: to });
    this.marks.raise(id, { read: to });
    this.changed(conv);
  }

  /** Mute, pin, archive, mark as unread, draft: shown at once, sent when there is a connection. */
  set(id: ConvId, change: ConvSettings): void {
    const conv = this.conversation(id);
    conv.applyFields(change, false);
    this.settings.set(id, change);
    this.changed(conv);
    this.emit('set', { conv: id, change });
  }

  async setProfile(
    change: Partial<Pick<Profile, 'display_name' | 'about' | 'show_last_seen' | 'show_read' | 'show_typing'>>,
  ): Promise<Profile> {
    const answer = (await this.reliable('me.set', change)) as unknown as Profile & { user?: Profile };
    this.learnMe(answer.user ?? answer);
    return this.me;
  }

  async refreshMe(): Promise<Profile> {
    this.learnMe(await this.rest.me());
    return this.me;
  }

  stateOf(conv: Conversation, item: Entry | OutboxView): MessageState {
    return stateOf(conv, item);
  }

  /** Brings at least one page of the newest entries into memory. */
  open(id: ConvId): Promise<void> {
    return this.reader.open(this.conversation(id));
  }

  /** One more page of older entries, from the store or the server. Resolves with how many came. */
  loadOlder(id: ConvId): Promise<number> {
    return this.reader.loadOlder(this.conversation(id));
  }

  /** Loads older entries until `seq` is in memory; false when it cannot be reached. */
  reach(id: ConvId, seq: number): Promise<boolean> {
    return this.reader.reach(this.conversation(id), seq);
  }

  /** The part of a conversation around an old message, when it is too far away for `reach`; see `Slice`. */
  around(id: ConvId, seq: number): Promise<Slice | undefined> {
    return this.reader.around(this.conversation(id), seq);
  }

  /** One more page at an end of a slice. Once it has joined the conversation, that holds its entries. */
  grow(slice: Slice, way: 'older' | 'newer'): Promise<number> {
    return this.reader.grow(slice, way);
  }

  /** All members with their marks; kept current by events as long as the conversation is known. */
  members(id: ConvId, again = false): Promise<Member[]> {
    return this.reader.members(this.conversation(id), again);
  }

  // What the server says

  private onOnline(answer: HelloAnswer): void {
    const first = answer.conversations
      ? ({ ...answer, conversations: answer.conversations } as SyncAnswer)
      : undefined;
    this.hello = answer;
    this.limits = { ...defaultLimits, ...(answer.limits as Limits) };
    this.clockSkew = answer.server_time - this.env.now();
    this.learnMe({ ...this.me, ...answer.user });
    const changed = this.storeId !== '' && answer.store !== '' && answer.store !== this.storeId;
    if (changed) this.dropCache();
    if (answer.store) {
      this.storeId = answer.store;
      this.persistence.meta('store', answer.store);
    }
    this.catchUp.sync(changed ? undefined : first, changed || !first).catch(() => {});
    this.tellBusy();
    this.outbox.resume();
    this.marks.flush();
    this.settings.flush();
    this.people.resume();
    for (const conv of this.conversations.values()) {
      if (conv.hi > 0) this.ackDelivered(conv);
      // What was being asked for when the connection went, and no row will tell of again.
      if (conv.lastSeq > conv.hi) this.catchUp.fill(conv);
    }
  }

  private onOffline(): void {
    this.catchUp.stop();
    this.people.offline();
    this.tellBusy();
  }

  /** The server was restored from a backup: what we hold may never have happened. The outbox stays. */
  private dropCache(): void {
    this.token = undefined;
    this.persistence.dropCache();
    this.markTimes.clear();
    this.settings.keep();
    this.marks.keep();
    const waiting = new Set(this.outbox.list().map((i) => i.conv));
    this.conversations.clear();
    for (const id of waiting) this.conversation(id);
    this.emit('reset', undefined);
    this.emit('list', undefined);
  }

  private onRow(row: ConvRow): Conversation | undefined {
    const conv = this.conversation(row.conv);
    const behind = row.last_seq - row.delivered;
    if (conv.hi === 0 && row.member && row.unread > 0 && behind > 1 && behind <= HOLE_MAX) {
      conv.startBehind(row.delivered);
    }
    const before = conv.hi;
    const marks = { delivered: conv.delivered, read: conv.read };
    const missing = conv.applyRow(row, this.settings.has(row.conv));
    if (marks.read > row.read || marks.delivered > row.delivered) this.marks.raise(row.conv, marks);
    if (conv.hi > before) this.appended(conv, before, marks.delivered);
    if (conv.kind === 'group' && conv.members) this.members(conv.id, true).catch(() => {});
    this.changed(conv);
    return missing ? conv : undefined;
  }

  private onPage(conv: Conversation, entries: Entry[], restart: boolean): void {
    const before = restart ? (entries[0]?.seq ?? 1) - 1 : conv.hi;
    if (restart) this.persistence.forget(conv.id);
    conv.take(entries, restart);
    this.appended(conv, before, conv.delivered);
    this.changed(conv);
  }

  private append(conv: Conversation, e: Entry, fillHoles = true): void {
    const before = conv.hi === 0 ? e.seq - 1 : conv.hi;
    const offer = conv.offer(e);
    if (offer === 'appended') this.appended(conv, before, conv.delivered);
    else if (offer === 'gap' && fillHoles) this.catchUp.fill(conv);
    this.changed(conv);
  }

  /** Entries above `before` are new in memory: keep them, settle the outbox, tell those who listen. */
  private appended(conv: Conversation, before: number, delivered: number): void {
    const fresh: Entry[] = [];
    for (let seq = Math.max(before + 1, conv.memoryLo); seq <= conv.hi; seq++) {
      const e = conv.at(seq);
      if (e) fresh.push(e);
    }
    this.persistence.entries(fresh);
    const settled = this.outbox.settle(conv.id, conv.hi);
    if (settled.length > 0) this.persistence.outboxDone(settled);
    this.held(conv, fresh);
    for (const e of fresh) {
      if (e.kind === 'text') this.people.onTyping(conv.id, e.from, false);
      if (e.kind.startsWith('member_') || e.kind === 'created') this.membersChanged(conv);
      // Sharing a conversation is what lets people see each other: ask again whom one may see now.
      if (e.kind === 'created' || e.kind === 'member_added' || (e.seq === 1 && conv.kind === 'direct')) {
        this.people.resume();
      }
      if (e.kind === 'deleted' && e.target !== undefined) {
        const target = conv.at(e.target);
        if (target) this.persistence.entries([conv.view(target)]);
      }
      this.emit('entry', { entry: e, conversation: conv, fresh: e.seq > delivered });
    }
  }

  /** Own entries end their items, whatever became of these. */
  private held(conv: Conversation, entries: Entry[]): void {
    for (const e of entries) {
      if (e.cmid && e.from === this.me.id && this.outbox.seen(conv.id, e.cmid, e.seq)) {
        this.persistence.outboxDone([e.cmid]);
      }
    }
  }

  /** Items of these came from the store, where their entries may be already. */
  private restored(convs: ConvId[]): void {
    for (const id of convs) {
      const conv = this.conversation(id);
      this.held(conv, conv.entries);
      this.changed(conv);
    }
  }

  private membersChanged(conv: Conversation): void {
    if (conv.kind === 'group' && conv.member && this.connection.online && conv.memberCount <= 50) {
      this.members(conv.id, true).catch(() => {});
    }
  }

  private onAccepted(item: OutboxItem, answer: WriteAnswer): boolean {
    const conv = this.conversation(item.conv);
    const e = entryOf(item, answer, this.me.id);
    // What was accepted long ago may have changed since: history knows.
    if (answer.dup && answer.seq > conv.hi) {
      conv.lastSeq = Math.max(conv.lastSeq, answer.seq);
      this.catchUp.fill(conv);
    } else this.append(conv, e);
    return conv.hi >= answer.seq;
  }

  private onEvent(frame: ServerFrame): void {
    const id = frame['conv'] as string;
    switch (frame.ev) {
      case 'entry': {
        const { ev: _, ...entry } = frame;
        const known = this.conversations.has(id);
        const conv = this.conversation(id);
        this.append(conv, entry as unknown as Entry);
        // Nothing is known of this conversation beyond the entry itself: a row tells the rest.
        if (!known && conv.hi > 1) this.catchUp.sync(undefined, false);
        break;
      }
      case 'mark':
        this.onMark(this.conversations.get(id), frame);
        break;
      case 'sync':
        this.catchUp.sync(undefined, false);
        break;
      case 'presence':
        this.people.onPresence(frame);
        break;
      case 'typing':
        this.people.onTyping(id, frame['user'] as string, frame['on'] === true);
        break;
      case 'conv':
        this.onConv(this.conversation(id), frame);
        break;
    }
  }

  private onMark(conv: Conversation | undefined, frame: ServerFrame): void {
    if (!conv) return;
    if (frame['others']) conv.applyMark(undefined, frame['others'] as MarkPair);
    else {
      const user = frame['user'] as string;
      const marks = { delivered: Number(frame['delivered'] ?? 0), read: Number(frame['read'] ?? 0) };
      const before = conv.kind === 'direct' ? conv.others : conv.members?.get(user);
      if (before && user !== this.me.id) this.markTimes.note(conv.id, user, before, marks);
      conv.applyMark(user, marks);
      if (conv.kind === 'group' && user !== this.me.id) {
        if (conv.members) conv.recount();
        else this.members(conv.id).catch(() => {});
      }
    }
    this.changed(conv);
  }

  private onConv(conv: Conversation, frame: ServerFrame): void {
    conv.applyFields(frame, this.settings.has(conv.id));
    if (frame['member'] === false) this.marks.drop(conv.id);
    this.changed(conv);
  }

  private learnMe(profile: Profile): void {
    this.me = { ...this.me, ...profile };
    this.persistence.meta('me', this.me);
    this.people.learn(this.me);
    this.emit('me', this.me);
  }

  /** Delivered means kept: called when entries of the conversation have become durable here. */
  private ackDelivered(conv: Conversation): void {
    if (!conv.member || conv.hi <= conv.delivered) return;
    for (let i = conv.entries.length - 1; i >= 0; i--) {
      const e = conv.entries[i];
      if (!e || e.seq <= conv.delivered) return;
      if (e.from === this.me.id) continue;
      this.marks.raise(conv.id, { delivered: conv.hi });
      conv.applyMark(this.me.id, { delivered: conv.hi, read: conv.read });
      this.changed(conv);
      return;
    }
  }

  private changed(conv: Conversation | undefined): void {
    if (!conv) return;
    conv.version++;
    this.persistence.touch(conv);
    this.emit('conversation', conv.id);
    this.emit('list', undefined);
    this.tellBusy();
  }

  private tellBusy(): void {
    const busy = this.catchUp.busy;
    if (busy === this.wasBusy) return;
    this.wasBusy = busy;
    this.emit('updating', busy);
  }
}
