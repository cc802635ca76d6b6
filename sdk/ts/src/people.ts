// Who people are, whether they are there, and whether they are typing.
import type { Env } from './env.ts';
import type { ConvId, Presence, Profile, ServerFrame, UserId } from './types.ts';

export interface PeopleHooks {
  online(): boolean;
  request(op: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  profile(id: UserId): Promise<Profile>;
  person(profile: Profile): void;
  /** Another answer than before about this person. */
  presence(user: UserId): void;
  typing(conv: ConvId): void;
}

const TYPING_SHOWN_MS = 6000;
const TYPING_EVERY_MS = 3000;
const TYPING_IDLE_MS = 5000;
const UNKNOWN_MS = 30000;
const WATCH_MS = 100;

export class People {
  private readonly env: Env;
  private readonly hooks: PeopleHooks;
  private readonly profiles = new Map<UserId, Profile>();
  private readonly asked = new Map<UserId, number>();
  private readonly statuses = new Map<UserId, Presence>();
  private readonly writers = new Map<ConvId, Map<UserId, unknown>>();
  private watched: UserId[] = [];
  private watchedFor: UserId[] = [];
  private watchTimer: unknown;
  private own: { conv: ConvId; sentAt: number; idle: unknown } | undefined;

  constructor(env: Env, hooks: PeopleHooks) {
    this.env = env;
    this.hooks = hooks;
  }

  restore(profiles: Profile[]): void {
    for (const p of profiles) this.profiles.set(p.id, p);
  }

  /** The profile if it is known; else it is asked for once, and `person` tells when it has come. */
  get(id: UserId): Profile | undefined {
    const known = this.profiles.get(id);
    if (!known && this.env.now() - (this.asked.get(id) ?? -UNKNOWN_MS) >= UNKNOWN_MS) {
      this.asked.set(id, this.env.now());
      this.refresh(id).catch(() => {});
    }
    return known;
  }

  async refresh(id: UserId): Promise<Profile> {
    const profile = await this.hooks.profile(id);
    this.learn(profile);
    return profile;
  }

  learn(profile: Profile): void {
    const known = this.profiles.get(profile.id);
    if (known && known.name === profile.name && known.display_name === profile.display_name) {
      if (profile.about === undefined || known.about === profile.about) return;
    }
    const merged = { ...known, ...profile };
    this.profiles.set(profile.id, merged);
    this.hooks.person(merged);
  }

  presenceOf(id: UserId): Presence | undefined {
    return this.statuses.get(id);
  }

  /** Replaces the list of people whose presence is wanted. */
  watch(users: Iterable<UserId>): void {
    const next = [...new Set(users)].sort().slice(0, 500);
    if (next.length === this.watched.length && next.every((u, i) => u === this.watched[i])) return;
    this.watched = next;
    if (this.watchTimer !== undefined) return;
    this.watchTimer = this.env.setTimeout(() => {
      this.watchTimer = undefined;
      this.sendWatch();
    }, WATCH_MS);
  }

  /** Watches these besides the own ones, for others that use this connection. Resolves with what is known of all. */
  watchFor(users: UserId[]): Promise<Presence[]> {
    this.watchedFor = users;
    return this.ask();
  }

  private async ask(): Promise<Presence[]> {
    const users = [...new Set([...this.watched, ...this.watchedFor])].slice(0, 500);
    const answer = await this.hooks.request('watch', { users });
    const list = (answer['users'] ?? []) as Presence[];
    for (const p of list) this.note(p);
    return list;
  }

  private async sendWatch(): Promise<void> {
    if (!this.hooks.online()) return;
    // What fails is asked again after the next hello.
    await this.ask().catch(() => {});
  }

  resume(): void {
    if (this.watched.length + this.watchedFor.length > 0) this.sendWatch();
  }

  /** Without a connection nothing is known about anybody. */
  offline(): void {
    const known = [...this.statuses.keys()];
    this.statuses.clear();
    for (const conv of [...this.writers.keys()]) {
      for (const timer of this.writers.get(conv)?.values() ?? []) this.env.clearTimeout(timer);
      this.writers.delete(conv);
      this.hooks.typing(conv);
    }
    if (this.own) this.env.clearTimeout(this.own.idle);
    this.own = undefined;
    for (const user of known) this.hooks.presence(user);
  }

  onPresence(frame: ServerFrame): void {
    const id = frame['user'] as UserId;
    const status = frame['status'] as Presence['status'];
    this.note({ id, status, last_seen: Number(frame['last_seen'] ?? 0) });
  }

  private note(now: Presence): void {
    const before = this.statuses.get(now.id);
    this.statuses.set(now.id, now);
    if (before?.status !== now.status || before.last_seen !== now.last_seen) this.hooks.presence(now.id);
  }

  typingIn(conv: ConvId): UserId[] {
    return [...(this.writers.get(conv)?.keys() ?? [])];
  }

  onTyping(conv: ConvId, user: UserId, on: boolean): void {
    let list = this.writers.get(conv);
    this.env.clearTimeout(list?.get(user));
    if (!on) {
      if (!list?.delete(user)) return;
      if (list.size === 0) this.writers.delete(conv);
    } else {
      if (!list) {
        list = new Map();
        this.writers.set(conv, list);
      }
      list.set(
        user,
        this.env.setTimeout(() => this.onTyping(conv, user, false), TYPING_SHOWN_MS),
      );
    }
    this.hooks.typing(conv);
  }

  /** A key was pressed in the composer: tells the others at most every 3 s, and again after 5 s of silence. */
  typing(conv: ConvId): void {
    const now = this.env.now();
    if (this.own && this.own.conv !== conv) this.typingStopped();
    const idle = this.env.setTimeout(() => this.typingStopped(), TYPING_IDLE_MS);
    if (this.own) this.env.clearTimeout(this.own.idle);
    if (!this.own || now - this.own.sentAt >= TYPING_EVERY_MS) {
      this.own = { conv, sentAt: now, idle };
      this.tell(conv, true);
    } else this.own.idle = idle;
  }

  /** The message was sent, or the composer emptied or left. */
  typingStopped(tell = true): void {
    const own = this.own;
    if (!own) return;
    this.env.clearTimeout(own.idle);
    this.own = undefined;
    if (tell) this.tell(own.conv, false);
  }

  private tell(conv: ConvId, on: boolean): void {
    if (this.hooks.online()) this.hooks.request('typing', { conv, on }).catch(() => {});
  }
}
