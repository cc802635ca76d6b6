// Groups: requests that a person waits for, repeated with the same cmid until there is an answer.
import type { Env } from './env.ts';
import { ParleyError } from './errors.ts';
import type { ConvId, Member, Role, UserId, WriteAnswer } from './types.ts';

const RELIABLE_MS = 20000;

/** Repeats a request while the answer allows it, with growing pauses, at most 20 s. */
export async function reliably<T>(env: Env, ask: () => Promise<T>): Promise<T> {
  const end = env.now() + RELIABLE_MS;
  for (let wait = 300; ; wait = Math.min(3000, wait * 2)) {
    let pause = wait;
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ParleyError) || !error.retry) throw error;
      pause = Math.max(pause, error.retryAfterMs);
      if (env.now() + pause > end) throw error;
    }
    await new Promise<void>((go) => env.setTimeout(() => go(), pause));
  }
}

/** All pages of `members`. */
export async function allMembers(ask: Ask, conv: ConvId): Promise<Map<UserId, Member>> {
  const map = new Map<UserId, Member>();
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? { conv } : { conv, cursor };
    const answer = await ask('members', { ...from, limit: 500 });
    for (const m of (answer['members'] ?? []) as Member[]) map.set(m.user, m);
    cursor = answer['cursor'] as string | undefined;
  } while (cursor);
  return map;
}

/** Sends one request; what becomes of it is for whoever made this to say. */
export type Ask = (op: string, body: Record<string, unknown>) => Promise<Record<string, unknown>>;

export class Groups {
  private readonly reliable: Ask;
  private readonly uuid: () => string;

  constructor(reliable: Ask, uuid: () => string) {
    this.reliable = reliable;
    this.uuid = uuid;
  }

  private async write(op: string, body: Record<string, unknown>): Promise<WriteAnswer> {
    return (await this.reliable(op, { ...body, cmid: this.uuid() })) as unknown as WriteAnswer;
  }

  create(name: string, members: UserId[], history: 'all' | 'joined' = 'all'): Promise<WriteAnswer> {
    return this.write('group.create', { name, members, history });
  }

  add(conv: ConvId, users: UserId[]): Promise<WriteAnswer> {
    return this.write('group.add', { conv, users });
  }

  remove(conv: ConvId, users: UserId[]): Promise<WriteAnswer> {
    return this.write('group.remove', { conv, users });
  }

  leave(conv: ConvId): Promise<WriteAnswer> {
    return this.write('group.leave', { conv });
  }

  rename(conv: ConvId, name: string): Promise<WriteAnswer> {
    return this.write('group.rename', { conv, name });
  }

  setRole(conv: ConvId, user: UserId, role: Role): Promise<WriteAnswer> {
    return this.write('group.role', { conv, user, role });
  }
}
