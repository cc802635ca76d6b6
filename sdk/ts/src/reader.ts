// What is loaded because somebody looks: older pages, the surroundings of one message, the members.
import type { Conversation } from './conversation.ts';
import { type Ask, allMembers } from './groups.ts';
import { loadOlder, type OlderHooks } from './older.ts';
import { growSlice, type Slice, sliceAround } from './slice.ts';
import type { Entry, Member, Profile } from './types.ts';

const PAGE = 40;

export interface ReaderHooks extends OlderHooks {
  reliable: Ask;
  /** Entries came into memory. */
  held(conv: Conversation, entries: Entry[]): void;
  changed(conv: Conversation): void;
  learn(profile: Profile): void;
}

export class Reader {
  private readonly hooks: ReaderHooks;
  private readonly loading = new Map<string, Promise<unknown>>();

  constructor(hooks: ReaderHooks) {
    this.hooks = hooks;
  }

  async open(conv: Conversation): Promise<void> {
    if (conv.entries.length < PAGE && !conv.atStart) await this.loadOlder(conv);
  }

  loadOlder(conv: Conversation): Promise<number> {
    return this.once(`older ${conv.id}`, async () => {
      const came = await loadOlder(conv, PAGE, this.hooks);
      this.hooks.held(conv, conv.entries.slice(0, came));
      this.hooks.changed(conv);
      return came;
    });
  }

  async reach(conv: Conversation, seq: number): Promise<boolean> {
    while (conv.memoryLo > seq) {
      if ((await this.loadOlder(conv)) === 0) return false;
    }
    return conv.at(seq) !== undefined;
  }

  around(conv: Conversation, seq: number): Promise<Slice | undefined> {
    return sliceAround(conv, seq, PAGE, this.hooks);
  }

  async grow(slice: Slice, way: 'older' | 'newer'): Promise<number> {
    const { conv } = slice;
    const end = way === 'older' ? slice.lo : slice.hi;
    const came = await this.once(`${way} ${conv.id} ${end}`, () => growSlice(slice, way, PAGE, this.hooks));
    if (slice.joined && slice.lo < conv.memoryLo) {
      this.hooks.keep(slice.entries.filter((e) => e.seq < conv.memoryLo));
      conv.prepend(slice.entries);
      this.hooks.changed(conv);
    }
    return came;
  }

  members(conv: Conversation, again: boolean): Promise<Member[]> {
    return this.once(`members ${conv.id}`, async () => {
      if (conv.members && !again) return [...conv.members.values()];
      const map = await allMembers(this.hooks.reliable, conv.id);
      conv.members = map;
      for (const m of map.values()) {
        this.hooks.learn({ id: m.user, name: m.name, display_name: m.display_name });
      }
      if (conv.kind === 'group') conv.memberCount = map.size;
      conv.recount();
      this.hooks.changed(conv);
      return [...map.values()];
    });
  }

  /** What is under way already is not asked for twice. */
  private once<T>(key: string, run: () => Promise<T>): Promise<T> {
    const under = this.loading.get(key) as Promise<T> | undefined;
    if (under) return under;
    const started = run().finally(() => this.loading.delete(key));
    this.loading.set(key, started);
    return started;
  }
}
