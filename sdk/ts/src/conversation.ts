// One conversation as this device knows it: a range of the log without holes that ends at the newest entry held,
// and everything derived from it. Edits, deletions and reactions are laid over the raw entries when they are shown.
import type { StoredConv } from './store.ts';
import { leastOfOthers } from './tick.ts';
import type { ConvId, ConvKind, ConvRow, Entry, Marks, Member, UserId } from './types.ts';

/** appended: also everything parked that now fits · dropped: held already · gap: parked until the hole is filled */
export type Offer = 'appended' | 'dropped' | 'gap';

export interface Reaction {
  emoji: string;
  users: UserId[];
}

/** Unread counts stop here; it means "that or more". */
const UNREAD_MAX = 999;
/** Entries behind a hole that are kept while it is filled; beyond that they are asked for again. */
const PARKED_MAX = 500;

export class Conversation {
  readonly id: ConvId;
  readonly kind: ConvKind;
  name = '';
  member = true;
  memberCount = 0;
  mutedUntil = 0;
  archived = false;
  pinned = false;
  markedUnread = false;
  draft = '';
  delivered = 0;
  read = 0;
  others: Marks = { delivered: 0, read: 0 };
  members: Map<UserId, Member> | undefined;
  /** The oldest seq this user may see, as far as known. */
  firstSeq = 1;
  /** The newest seq that the server is known to have. */
  lastSeq = 0;
  /** The range held without a hole, in the store and in memory together; hi 0 means none. */
  lo = 1;
  hi = 0;
  /** Nothing is held, and history is about to be read from the first entry on: events wait behind it. */
  fromStart = false;
  /** The newest part of the range, dense: the last one has seq `hi`. */
  entries: Entry[] = [];
  /** Grows with every change that is worth a new look. */
  version = 0;

  private readonly me: UserId;
  private lastEntry: Entry | undefined;
  private base = { unread: 0, seq: 0, read: 0 };
  private readonly parked = new Map<number, Entry>();
  private readonly edits = new Map<number, { seq: number; text: string }>();
  private readonly deletions = new Map<number, number>();
  private readonly reactions = new Map<number, Map<string, { seq: number; on: boolean }>>();

  constructor(id: ConvId, kind: ConvKind, me: UserId) {
    this.id = id;
    this.kind = kind;
    this.me = me;
  }

  /** The oldest seq in memory; hi + 1 when there is none. */
  get memoryLo(): number {
    return this.hi + 1 - this.entries.length;
  }

  /** True when nothing older exists that this user may see. */
  get atStart(): boolean {
    return this.hi > 0 && this.memoryLo <= Math.max(1, this.firstSeq);
  }

  get otherCount(): number {
    return this.kind === 'direct' ? 1 : Math.max(0, this.memberCount - 1);
  }

  get newest(): Entry | undefined {
    return this.entries.at(-1) ?? this.lastEntry;
  }

  /** Time of the last activity, for the order of the list. */
  get activity(): number {
    return Math.max(this.newest?.ts ?? 0, this.lastEntry?.ts ?? 0);
  }

  /** Text entries of others above the read mark that are not deleted, up to 999. */
  get unread(): number {
    if (this.read >= Math.max(this.hi, this.lastSeq)) return 0;
    if (this.base.seq > this.hi && this.base.read >= this.read) return this.base.unread;
    const exact = this.memoryLo <= this.read + 1;
    const from = exact ? this.read : Math.max(this.base.seq, this.read);
    let count = exact || this.base.read < this.read ? 0 : this.base.unread;
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const e = this.entries[i];
      if (!e || e.seq <= from) break;
      if (this.countsAsUnread(e)) count++;
    }
    return Math.min(UNREAD_MAX, count);
  }

  private countsAsUnread(e: Entry): boolean {
    return e.kind === 'text' && e.from !== this.me && !e.deleted_seq && !this.deletions.has(e.seq);
  }

  /** The newest entry that a chat list should show: changes to older messages do not count. */
  get preview(): Entry | undefined {
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const e = this.entries[i];
      if (e && e.kind !== 'reaction' && e.kind !== 'edited' && e.kind !== 'deleted' && e.kind !== 'void') {
        return this.view(e);
      }
    }
    return this.lastEntry;
  }

  at(seq: number): Entry | undefined {
    return this.entries[seq - this.memoryLo];
  }

  /** A text entry in its newest state; the same object as long as nothing was laid over it. */
  view(e: Entry): Entry {
    if (e.kind !== 'text' && e.kind !== 'edited') return e;
    const target = e.kind === 'edited' ? (e.target ?? 0) : e.seq;
    const deleted = this.deletions.get(target);
    if (deleted !== undefined) {
      return e.deleted_seq && !e.text ? e : { ...e, text: '', deleted_seq: deleted };
    }
    const edit = e.kind === 'text' ? this.edits.get(e.seq) : undefined;
    if (edit && edit.seq > (e.edited_seq ?? 0) && !e.deleted_seq) {
      return { ...e, text: edit.text, edited_seq: edit.seq };
    }
    return e;
  }

  reactionsOf(seq: number): Reaction[] {
    const byEmoji = new Map<string, UserId[]>();
    for (const [key, state] of this.reactions.get(seq) ?? []) {
      if (!state.on) continue;
      const cut = key.indexOf(' ');
      const emoji = key.slice(cut + 1);
      const users = byEmoji.get(emoji) ?? [];
      users.push(key.slice(0, cut));
      byEmoji.set(emoji, users);
    }
    return [...byEmoji].map(([emoji, users]) => ({ emoji, users }));
  }

  /** An entry from an event, an answer or the tail of a sync row. */
  offer(e: Entry): Offer {
    this.lastSeq = Math.max(this.lastSeq, e.seq);
    if (this.hi === 0 && !this.fromStart) {
      this.lo = e.seq;
      this.hi = e.seq - 1;
    }
    if (e.seq <= this.hi) return 'dropped';
    if (e.seq > this.hi + 1) {
      if (this.parked.size < PARKED_MAX) this.parked.set(e.seq, e);
      return 'gap';
    }
    this.append(e);
    for (let next = this.parked.get(this.hi + 1); next; next = this.parked.get(this.hi + 1)) {
      this.parked.delete(next.seq);
      this.append(next);
    }
    return 'appended';
  }

  private append(e: Entry): void {
    this.entries.push(e);
    this.hi = e.seq;
    this.lay(e);
    this.applyMembership(e);
    this.version++;
  }

  /** A page of history that continues what is held, or with `restart` replaces it. */
  take(page: Entry[], restart: boolean): void {
    this.fromStart = false;
    if (restart) return this.restart(page);
    for (const e of page) this.offer(e);
  }

  /** Nothing is held yet, and what this account has not been given begins behind `delivered`: read from there. */
  startBehind(delivered: number): void {
    if (this.hi > 0) return;
    if (delivered === 0) this.fromStart = true;
    this.lo = delivered + 1;
    this.hi = delivered;
  }

  /** Older entries that end right below `memoryLo`; anything else is ignored. */
  prepend(older: Entry[]): number {
    const fits = older.filter((e) => e.seq < this.memoryLo);
    const last = fits.at(-1);
    if (!last || last.seq !== this.memoryLo - 1) return 0;
    for (const e of fits) this.lay(e);
    this.entries = [...fits, ...this.entries];
    this.lo = Math.min(this.lo, this.memoryLo);
    this.version++;
    return fits.length;
  }

  /** Forgets what is held and starts again with these newest entries: a hole too big to fill. */
  restart(newest: Entry[]): void {
    const first = newest[0];
    if (!first) return;
    this.entries = [];
    this.lo = first.seq;
    this.hi = first.seq - 1;
    for (const seq of this.parked.keys()) if (seq < first.seq) this.parked.delete(seq);
    for (const e of newest) this.offer(e);
    this.version++;
  }

  /** Drops older entries from memory (they stay in the store), so that a long visit stays small. */
  trim(keep: number): void {
    if (this.entries.length <= keep) return;
    this.entries = this.entries.slice(-keep);
    this.version++;
  }

  /** Entries of this conversation are shown that it does not hold: lays what they change over the others. */
  overlay(entries: Entry[]): void {
    for (const e of entries) this.lay(e);
  }

  /** True while entries are known to be missing at the end of what is held. */
  get behind(): boolean {
    return this.hi > 0 && this.lastSeq > this.hi;
  }

  private lay(e: Entry): void {
    if (e.target === undefined) return;
    if (e.kind === 'edited' && e.text !== undefined && !e.deleted_seq) {
      const held = this.edits.get(e.target);
      if (!held || held.seq < e.seq) this.edits.set(e.target, { seq: e.seq, text: e.text });
    } else if (e.kind === 'deleted') this.deletions.set(e.target, e.seq);
    else if (e.kind === 'reaction') {
      let list = this.reactions.get(e.target);
      if (!list) {
        list = new Map();
        this.reactions.set(e.target, list);
      }
      const key = `${e.from} ${e.text ?? ''}`;
      const held = list.get(key);
      if (!held || held.seq < e.seq) list.set(key, { seq: e.seq, on: e.on !== false });
    }
  }

  private applyMembership(e: Entry): void {
    const users = e.users ?? [];
    const mine = users.includes(this.me);
    switch (e.kind) {
      case 'created':
        this.name = e.text ?? this.name;
        this.memberCount = new Set([...users, e.from]).size;
        break;
      case 'renamed':
        this.name = e.text ?? this.name;
        break;
      case 'member_added':
        if (this.lastCounted < e.seq) this.memberCount += users.length;
        if (mine) this.member = true;
        break;
      case 'member_removed':
        if (this.lastCounted < e.seq) this.memberCount -= users.length;
        if (mine) this.member = false;
        for (const u of users) this.members?.delete(u);
        break;
      case 'member_left':
        if (this.lastCounted < e.seq) this.memberCount -= 1;
        if (e.from === this.me) this.member = false;
        this.members?.delete(e.from);
        break;
      case 'role_changed':
        for (const u of users) {
          const m = this.members?.get(u);
          if (m && e.role) m.role = e.role;
        }
        break;
    }
  }

  /** Membership entries up to here are already in `memberCount`, because a row or a member list said so. */
  private get lastCounted(): number {
    return this.base.seq;
  }

  /** A row of sync. Marks never go back. Returns true when entries are missing afterwards. */
  applyRow(row: ConvRow, keepDraft: boolean): boolean {
    this.name = row.name || this.name;
    this.member = row.member;
    this.memberCount = row.member_count;
    this.mutedUntil = row.muted_until;
    this.archived = row.archived;
    this.pinned = row.pinned;
    this.markedUnread = row.marked_unread;
    if (!keepDraft) this.draft = row.draft ?? '';
    this.delivered = Math.max(this.delivered, row.delivered);
    this.read = Math.max(this.read, row.read);
    this.others = { ...row.others };
    this.lastSeq = Math.max(this.lastSeq, row.last_seq);
    this.base = { unread: row.unread, seq: row.last_seq, read: row.read };
    if (row.last_entry && row.last_entry.seq >= (this.lastEntry?.seq ?? 0)) this.lastEntry = row.last_entry;
    if (row.last_entry && (this.hi === 0 || row.last_entry.seq === this.hi + 1)) this.offer(row.last_entry);
    this.version++;
    return this.lastSeq > this.hi;
  }

  /** Changed fields of a `conv` event, or of an own change of settings. */
  applyFields(fields: object, keepDraft: boolean): void {
    const f = fields as Partial<ConvRow>;
    if (f.name !== undefined) this.name = f.name;
    if (f.member !== undefined) this.member = f.member;
    if (f.member_count !== undefined) this.memberCount = f.member_count;
    if (f.muted_until !== undefined) this.mutedUntil = f.muted_until;
    if (f.archived !== undefined) this.archived = f.archived;
    if (f.pinned !== undefined) this.pinned = f.pinned;
    if (f.marked_unread !== undefined) this.markedUnread = f.marked_unread;
    if (f.draft !== undefined && !keepDraft) this.draft = f.draft;
    this.version++;
  }

  /** Moves marks of one member, or the least of the others; own ones too. Never back. */
  applyMark(user: UserId | undefined, marks: Marks): boolean {
    if (user === this.me) {
      if (marks.delivered <= this.delivered && marks.read <= this.read) return false;
      this.delivered = Math.max(this.delivered, marks.delivered);
      this.read = Math.max(this.read, marks.read);
    } else if (user === undefined || this.kind === 'direct') {
      this.others = raise(this.others, marks);
    } else {
      const m = this.members?.get(user);
      if (!m) return false;
      Object.assign(m, raise(m, marks));
    }
    this.version++;
    return true;
  }

  /** The least of the others' marks, anew from the members: somebody came, went, or moved. */
  recount(): void {
    if (this.kind !== 'group' || !this.members) return;
    const least = leastOfOthers(this.members.values(), this.me);
    if (least) this.others = least;
  }

  stored(): StoredConv {
    const out: StoredConv = {
      conv: this.id,
      kind: this.kind,
      name: this.name,
      last_seq: this.lastSeq,
      last_entry: this.newest ? this.view(this.newest) : null,
      unread: this.unread,
      delivered: this.delivered,
      read: this.read,
      others: this.others,
      member: this.member,
      member_count: this.memberCount,
      muted_until: this.mutedUntil,
      archived: this.archived,
      pinned: this.pinned,
      marked_unread: this.markedUnread,
      draft: this.draft,
      lo: this.lo,
      hi: this.hi,
      first_seq: this.firstSeq,
    };
    return out;
  }

  static restore(s: StoredConv, me: UserId): Conversation {
    const c = new Conversation(s.conv, s.kind, me);
    c.lo = s.lo;
    c.hi = s.hi;
    c.firstSeq = s.first_seq;
    c.applyRow({ ...s, last_entry: null }, false);
    if (s.last_entry) c.lastEntry = s.last_entry;
    return c;
  }
}

function raise(a: Marks, b: Marks): Marks {
  const read = Math.max(a.read, b.read);
  return { delivered: Math.max(a.delivered, b.delivered, read), read };
}
