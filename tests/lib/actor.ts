// A device as a client keeps it: an outbox whose items are tried until answered, and a log without holes of every
// conversation. For tests that live through dying servers; what it asks and receives is recorded by its connection.
import { randomInt } from 'node:crypto';
import { Client } from './client.js';
import type { Json } from './http.js';
import { cmid, type User, wait } from './world.js';

interface Item {
  op: string;
  args: Json;
}

/** The number of the newest entry held; below the first, when there is none. */
function end(held: Held): number {
  return held.first + held.entries.length - 1;
}

/** The conversation as this device holds it. */
interface Held {
  /** Of the first entry: who joined a group that shows its log from then on begins later. */
  first: number;
  entries: Json[];
  /** The newest seq it has heard of. */
  last: number;
}

export class Actor {
  /** Conversations it knows of. */
  readonly held = new Map<string, Held>();
  /** What is written and not answered, in order. */
  readonly outbox: Item[] = [];
  refused = 0;
  private client: Client | undefined;
  private chasing = new Map<string, Promise<void>>();
  constructor(readonly user: User) {}

  get connected(): boolean {
    return this.client !== undefined && !this.client.ws.ended;
  }
  get groups(): string[] {
    return [...this.held.keys()].filter((conv) => conv.startsWith('g.'));
  }

  /** Connects, syncs, and sends again what was not answered. */
  async connect(url: string): Promise<void> {
    const client = await Client.open(url);
    client.onEvent = (event) => this.event(event);
    this.client = client;
    const have = Object.fromEntries([...this.held].map(([conv, h]) => [conv, end(h)]));
    const session = await client.hello(this.user.token, { sync: { have, limit: 500 } });
    for (const row of session.conversations) this.heard(row.conv, row.last_seq);
    for (const item of [...this.outbox]) void this.try(item);
  }
  drop(): void {
    this.client?.ws.destroy();
    this.client = undefined;
  }

  private log(conv: string): Held {
    let held = this.held.get(conv);
    if (!held) {
      held = { first: 1, entries: [], last: 0 };
      this.held.set(conv, held);
    }
    return held;
  }

  private event(event: Json): void {
    if (event.ev !== 'entry') return;
    const held = this.log(event.conv);
    if (event.seq === end(held) + 1) {
      const { ev, ...entry } = event;
      this.append(held, entry);
    }
    this.heard(event.conv, event.seq);
  }

  /** A change is applied to what it changes, as a page of history shows it. */
  private append(held: Held, entry: Json): void {
    held.entries.push(entry);
    const target = entry.target ? held.entries[entry.target - held.first] : undefined;
    if (entry.kind === 'edited' && target && !target.deleted_seq && entry.text !== undefined) {
      target.text = entry.text;
      target.edited_seq = entry.seq;
    }
    if (entry.kind !== 'deleted' || !target) return;
    for (const e of held.entries)
      if (e === target || (e.kind === 'edited' && e.target === entry.target)) {
        delete e.text;
        e.deleted_seq = entry.seq;
      }
  }

  private heard(conv: string, seq: number): void {
    const held = this.log(conv);
    held.last = Math.max(held.last, seq);
    if (end(held) < held.last && !this.chasing.has(conv))
      this.chasing.set(
        conv,
        this.chase(conv, held)
          .catch(() => wait(50))
          .finally(() => {
            this.chasing.delete(conv);
            // Refused, or its connection ended after the next one had told of the hole: asked for again.
            if (this.connected) this.heard(conv, held.last);
          }),
      );
  }

  /** Asks for what is missing until there is no hole. */
  private async chase(conv: string, held: Held): Promise<void> {
    while (end(held) < held.last && this.client) {
      const before = end(held);
      const page = await this.client.request('history', { conv, after_seq: before, limit: 200 });
      if (page.error?.code === 'not_member') {
        held.last = end(held);
        return;
      }
      if (!page.ok) throw new Error(page.error.code);
      const { entries, first_seq, last_seq } = page.ok;
      if (first_seq > end(held) + 1) {
        held.first = first_seq;
        held.entries = [];
      }
      for (const entry of entries) if (entry.seq === end(held) + 1) this.append(held, entry);
      held.last = Math.max(last_seq, end(held));
      if (end(held) <= before) await wait(50);
    }
  }

  /** Writes: into the outbox first, then on the wire. */
  write(op: string, args: Json): void {
    const item = { op, args: { ...args, cmid: cmid() } };
    this.outbox.push(item);
    void this.try(item);
  }
  private async try(item: Item): Promise<void> {
    const client = this.client;
    if (!client || client.ws.ended) return;
    let frame: Json;
    try {
      frame = await client.request(item.op, item.args, 60_000);
    } catch {
      return; // the connection ended: after the next one it is sent again
    }
    if (frame.error?.retry) {
      await wait(50);
      return this.try(item);
    }
    this.outbox.splice(this.outbox.indexOf(item), 1);
    if (frame.error) this.refused++;
    else this.heard(frame.ok.conv, frame.ok.seq);
  }

  /** Moves marks; nobody insists. */
  mark(conv: string): void {
    const held = this.held.get(conv);
    const seq = held ? end(held) : 0;
    if (seq > 0 && this.client)
      void this.client
        .request('ack', { [randomInt(2) ? 'read' : 'delivered']: { [conv]: randomInt(1, seq + 1) } })
        .catch(() => undefined);
  }

  /** Any request that only looks. */
  look(op: string, args: Json): Promise<Json> {
    if (!this.client) return Promise.reject(new Error('not connected'));
    return this.client.request(op, args);
  }

  /** The same, on another connection when this one ends: a machine that stands still for seconds ends it. */
  async lookAgain(url: string, op: string, args: Json): Promise<Json> {
    for (let tries = 1; ; tries++) {
      if (!this.connected) await this.connect(url);
      try {
        return await this.look(op, args);
      } catch (error) {
        if (this.connected || tries === 5) throw error;
      }
    }
  }

  /** Everything is answered, and there is no hole. */
  get settled(): boolean {
    const whole = [...this.held.values()].every((h) => end(h) >= h.last);
    return this.outbox.length === 0 && whole && this.chasing.size === 0;
  }
}
