// People who use a server while it is recorded: they send, edit, delete, react, ack, and try again what nobody answered.
import assert from 'node:assert/strict';
import { Client } from '../lib/client.js';
import { type Json, Rest } from '../lib/http.js';
import type { Server } from '../lib/server.js';
import { cmid, directConv, eventually, PASSWORD, uniqueName, wait } from '../lib/world.js';
import type { Recording } from './recording.js';

/** Numbers that a seed fixes. */
export class Dice {
  constructor(private state: number) {}
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
  pick<T>(of: T[]): T {
    return of[this.below(of.length)]!;
  }
}

interface Open {
  op: string;
  args: Json;
}

/** What was sent by its sender's own account, and is known to be there. */
export interface Acked {
  user: Person;
  args: Json;
  ok: Json;
}

export class Person {
  /** Requests without a final answer: sent again after the next hello. */
  readonly open = new Map<string, Open>();
  client: Client | undefined;
  constructor(
    readonly id: string,
    readonly name: string,
    readonly token: string,
  ) {}
}

/** A group of people on one recorded server. */
export class Load {
  readonly people: Person[] = [];
  readonly groups: string[] = [];
  readonly acked: Acked[] = [];
  /** Errors that clients were told, by code. */
  readonly refused = new Map<string, number>();
  private own = new Map<string, { conv: string; seq: number }[]>();
  private highest = new Map<string, number>();
  private readonly dice: Dice;
  private answers = 0;
  private stopping = false;
  private founded = false;

  constructor(
    private readonly recording: Recording,
    seed: number,
  ) {
    this.dice = new Dice(seed);
  }

  async register(server: Server, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = uniqueName('crash');
      const body = { name, password: PASSWORD };
      const answer = await new Rest(server.url).ok('POST', '/v1/register', body, 201);
      this.people.push(new Person(answer.user.id, name, answer.token));
    }
  }

  private async ask(person: Person, op: string, args: Json): Promise<Json | undefined> {
    const id = this.recording.ask({ op, user: person.id, args });
    const frame = await person.client!.rawRequest(id, JSON.stringify({ op, id, ...args }), 30_000);
    this.answers++;
    if (frame.ok) return frame.ok;
    const { code, retry } = frame.error;
    // A change that is tried again may find that a later one has deleted its message.
    if (code === 'conflict' && args.seq && person.open.delete(args.cmid)) return undefined;
    assert.equal(retry, true, `${op}: ${JSON.stringify(frame)}`);
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    await wait(10);
    return undefined;
  }

  /** A request that is tried until it is answered, over any number of servers. */
  private async write(person: Person, op: string, args: Json): Promise<Json | undefined> {
    person.open.set(args.cmid, { op, args });
    const ok = await this.ask(person, op, args);
    if (!ok) return undefined;
    person.open.delete(args.cmid);
    if (op === 'send') {
      this.acked.push({ user: person, args, ok });
      const list = this.own.get(person.id) ?? [];
      this.own.set(person.id, list);
      list.push({ conv: ok.conv, seq: ok.seq });
    }
    return ok;
  }

  /** Makes a group that is used once it is complete; members come in one by one, which tests the rosters. */
  private async found(person: Person): Promise<void> {
    const others = this.people.filter((p) => p !== person);
    const members = others.slice(0, 3).map((p) => p.id);
    const made = await this.write(person, 'group.create', { name: 'Crash', members, cmid: cmid() });
    if (!made) return;
    for (const other of others.slice(3)) {
      const add = { conv: made.conv, users: [other.id], cmid: cmid(), changes: true };
      if (!(await this.write(person, 'group.add', add))) return;
    }
    this.groups.push(made.conv);
  }

  private convOf(person: Person): string {
    if (this.dice.below(3) === 0) return this.dice.pick(this.groups);
    return directConv(person.id, this.dice.pick(this.people.filter((p) => p !== person)).id);
  }

  private text(): string {
    const size = this.dice.below(12) === 0 ? 7000 : this.dice.below(400);
    return `${this.dice.below(1e9)} ${'x'.repeat(size)}`;
  }

  private async act(person: Person): Promise<void> {
    const d = this.dice.below(20);
    const mine = this.own.get(person.id) ?? [];
    if (d < 12 || mine.length < 3) {
      const conv = this.convOf(person);
      const n = 1 + this.dice.below(4);
      await Promise.all(
        Array.from({ length: n }, () =>
          this.write(person, 'send', { conv, cmid: cmid(), text: this.text() }),
        ),
      );
    } else if (d < 16) {
      const { conv, seq } = mine.splice(this.dice.below(mine.length), 1)[0]!;
      const edits = this.dice.below(2) === 0;
      if (edits) await this.write(person, 'edit', { conv, seq, cmid: cmid(), text: this.text() });
      else await this.write(person, 'delete', { conv, seq, cmid: cmid() });
    } else if (d === 16) {
      const { conv, seq } = this.dice.pick(mine);
      await this.write(person, 'react', { conv, seq, emoji: '+', on: true, cmid: cmid() });
    } else if (d === 17) {
      await this.ask(person, 'history', { conv: this.convOf(person), limit: 20 });
    } else if (d === 18) {
      await this.ask(person, 'sync', { limit: 20 });
    } else {
      const others = this.people.filter((p) => p !== person);
      await this.ask(person, 'contact.add', { user: this.dice.pick(others).id });
    }
  }

  /** Acks what came, as clients do. */
  private async ack(person: Person): Promise<void> {
    const marks: Record<string, number> = {};
    for (const e of person.client!.unseen('entry')) {
      const key = `${person.id} ${e.conv}`;
      if (e.seq > (this.highest.get(key) ?? 0)) {
        this.highest.set(key, e.seq);
        marks[e.conv] = e.seq;
      }
    }
    person.client!.forget();
    if (Object.keys(marks).length === 0) return;
    await this.ask(person, 'ack', this.dice.below(2) ? { delivered: marks } : { read: marks });
  }

  private async live(person: Person, url: string): Promise<void> {
    const c = await Client.open(url);
    person.client = c;
    try {
      const hello = { token: person.token, client: 'crash/1.0', sync: {} };
      while (!(await this.ask(person, 'hello', hello))) if (this.stopping) return;
      const again = [...person.open.values()];
      await Promise.all(again.map((open) => this.write(person, open.op, open.args)));
      if (!this.founded && person === this.people[0]) {
        while (this.groups.length < 2 && !this.stopping) await this.found(person);
        this.founded = this.groups.length === 2;
      }
      while (!this.founded && !this.stopping) await wait(5);
      while (!this.stopping) {
        await this.act(person);
        await this.ack(person);
      }
    } catch (err) {
      if (c.ws.ended && /closed with|connection ended/.test(String(err))) return;
      this.stopping = true;
      throw err;
    } finally {
      c.ws.destroy();
    }
  }

  /** Everybody uses the server until there were so many answers more, and then `meanwhile` is done, or until it ends. */
  async run(
    server: Server,
    answers: number,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    this.stopping = false;
    const enough = this.answers + answers;
    const lives = Promise.all(this.people.map((p) => this.live(p, server.url)));
    lives.catch(() => undefined);
    const answered = async (): Promise<boolean> => this.stopping || (this.founded && this.answers >= enough);
    await eventually(answered, `${answers} answers`, 60_000);
    await meanwhile();
    this.stopping = true;
    await lives;
  }
}
