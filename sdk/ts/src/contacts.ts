// Contacts and blocked people: the lists as last heard, kept for when there is no connection, and what changes them.
import type { Ask } from './groups.ts';
import type { UserId } from './types.ts';

export interface ContactLists {
  contacts: UserId[];
  blocked: UserId[];
}

export interface ContactsHooks {
  save(lists: ContactLists): void;
  change(): void;
}

export class Contacts {
  private readonly reliable: Ask;
  private readonly hooks: ContactsHooks;
  private lists: ContactLists | undefined;

  constructor(reliable: Ask, hooks: ContactsHooks) {
    this.reliable = reliable;
    this.hooks = hooks;
  }

  restore(lists: ContactLists | undefined): void {
    this.lists = lists;
  }

  /** As last heard; undefined before the first time. */
  get known(): ContactLists | undefined {
    return this.lists;
  }

  async add(user: UserId): Promise<void> {
    await this.reliable('contact.add', { user });
    this.put('contacts', user, true);
  }

  async remove(user: UserId): Promise<void> {
    await this.reliable('contact.remove', { user });
    this.put('contacts', user, false);
  }

  async block(user: UserId): Promise<void> {
    await this.reliable('block', { user });
    this.put('blocked', user, true);
  }

  async unblock(user: UserId): Promise<void> {
    await this.reliable('unblock', { user });
    this.put('blocked', user, false);
  }

  /** Asks the server. */
  async list(): Promise<ContactLists> {
    const answer = await this.reliable('contacts', {});
    const lists = {
      contacts: (answer['contacts'] ?? []) as UserId[],
      blocked: (answer['blocked'] ?? []) as UserId[],
    };
    this.keep(lists);
    return lists;
  }

  private put(list: keyof ContactLists, user: UserId, on: boolean): void {
    if (!this.lists) return;
    const rest = this.lists[list].filter((u) => u !== user);
    this.keep({ ...this.lists, [list]: on ? [...rest, user] : rest });
  }

  private keep(lists: ContactLists): void {
    this.lists = lists;
    this.hooks.save(lists);
    this.hooks.change();
  }
}
