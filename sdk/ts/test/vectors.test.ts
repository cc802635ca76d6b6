// Runs protocol/vectors/client.json on a whole client: frames in, frames out, and the state that every client must reach.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SocketLike } from '../src/env.ts';
import { Client, MemoryStore } from '../src/index.ts';
import type { ConvRow, Entry } from '../src/types.ts';
import { VirtualTime } from './time.ts';

declare const REPOSITORY: string;

type Step = {
  event?: Record<string, unknown>;
  history?: Entry[];
  row?: ConvRow;
  send?: { cmid: string; text: string };
  accepted?: { cmid: string; seq: number; ts: number; dup: boolean };
  refused?: { cmid: string; code: string; retry: boolean };
  pass?: number;
  expect?: Record<string, unknown>;
};
type Case = { name: string; self: string; start: { row: ConvRow; entries: Entry[] }; steps: Step[] };
type Frame = Record<string, unknown> & { op: string; id: number };

/** A moment in which the client does what it has to do at once. */
const MOMENT_MS = 50;

class Run {
  readonly time = new VirtualTime();
  readonly store = new MemoryStore();
  readonly client: Client;
  private readonly conv: string;
  private readonly asked: Frame[] = [];
  private readonly tries = new Map<string, Frame[]>();
  private socket: SocketLike | undefined;
  private cmid = '';

  constructor(test: Case) {
    const run = this;
    this.conv = test.start.row.conv;
    this.client = new Client({
      url: 'http://fake',
      session: { token: 'token', user: { id: test.self, name: 'me', display_name: 'Me' }, device: '1' },
      store: this.store,
      transport: 'socket',
      env: {
        now: this.time.now,
        random: () => 0.5,
        uuid: () => this.cmid,
        setTimeout: this.time.setTimeout,
        clearTimeout: this.time.clearTimeout,
        fetch: async () => ({ status: 404, text: async () => '{}' }),
        socket: class implements SocketLike {
          onopen: ((event: unknown) => void) | null = null;
          onmessage: ((event: { data: unknown }) => void) | null = null;
          onclose: ((event: { code: number; reason: string }) => void) | null = null;
          onerror: ((event: unknown) => void) | null = null;
          constructor() {
            run.socket = this;
            run.time.setTimeout(() => this.onopen?.({}), 0);
          }
          send(data: string): void {
            run.asked.push(JSON.parse(data) as Frame);
          }
          close(): void {}
        },
      },
    });
  }

  private async give(frame: object): Promise<void> {
    this.socket?.onmessage?.({ data: JSON.stringify(frame) });
    await this.time.settle();
  }

  private take(op: string): Frame {
    const at = this.asked.findIndex((f) => f.op === op);
    const frame = this.asked[at];
    assert.ok(frame, `nothing of op ${op} was asked`);
    this.asked.splice(at, 1);
    return frame;
  }

  /** Answers to a send are answers to its newest try. */
  private tryOf(cmid: string): Frame {
    const frame = this.tries.get(cmid)?.at(-1);
    assert.ok(frame, `${cmid} was not sent`);
    return frame;
  }

  async begin(start: Case['start']): Promise<void> {
    const { row, entries } = start;
    const first = entries[0];
    if (first) {
      const kept = { ...row, lo: first.seq, hi: entries.at(-1)?.seq ?? 0, first_seq: 1 };
      await this.store.commit({ conversations: [kept], entries });
    }
    await this.client.start();
    await this.client.open(this.conv);
    await this.time.pass(0);
    await this.give({
      re: this.take('hello').id,
      ok: {
        ...{ user: this.client.me, device: '1', store: 'first', server_time: this.time.now(), limits: {} },
        ...{ heartbeat_ms: 25000, conversations: [row], sync_token: 't1' },
      },
    });
    assert.equal(this.client.status.state, 'online');
  }

  async step(s: Step): Promise<void> {
    if (s.event) await this.give(s.event);
    if (s.history) {
      const last_seq = s.history.at(-1)?.seq ?? 0;
      const ok = { entries: s.history, first_seq: 1, last_seq, more: false };
      await this.give({ re: this.take('history').id, ok });
    }
    if (s.row) {
      await this.give({ ev: 'sync' });
      await this.give({ re: this.take('sync').id, ok: { conversations: [s.row], sync_token: 't2' } });
    }
    if (s.send) {
      this.cmid = s.send.cmid;
      await this.client.send(this.conv, s.send.text);
    }
    if (s.accepted) {
      const { cmid, ...ok } = s.accepted;
      await this.give({ re: this.tryOf(cmid).id, ok: { conv: this.conv, ...ok } });
    }
    if (s.refused) {
      const { cmid, ...error } = s.refused;
      await this.give({ re: this.tryOf(cmid).id, error: { ...error, message: 'no', retry_after_ms: 0 } });
    }
    if (s.pass) await this.time.pass(s.pass);
    // A frame of the outbox leaves at once; a hole is asked for when it has had a moment.
    if (s.expect) await this.time.pass(MOMENT_MS);
    await this.time.settle();
    for (let at = 0; at < this.asked.length; ) {
      const frame = this.asked[at];
      if (frame?.op !== 'send') {
        at++;
        continue;
      }
      const cmid = String(frame['cmid']);
      this.tries.set(cmid, [...(this.tries.get(cmid) ?? []), frame]);
      this.asked.splice(at, 1);
    }
    if (s.expect) assert.deepEqual(this.look(s.expect), s.expect);
  }

  private state(cmid: string): string | undefined {
    const conv = this.client.conversation(this.conv);
    const item =
      this.client.pending().find((i) => i.id === cmid) ?? conv.entries.find((e) => e.cmid === cmid);
    if (!item) return undefined;
    const state = this.client.stateOf(conv, item);
    return state === 'sending' || state === 'failed' ? state : 'sent';
  }

  private look(want: Record<string, unknown>): Record<string, unknown> {
    const c = this.client.conversation(this.conv);
    const texts = c.entries.filter((e) => e.kind === 'text').map((e) => c.view(e));
    const reactions: Record<string, Record<string, string[]>> = {};
    for (const e of texts) {
      const list = c.reactionsOf(e.seq);
      if (list.length === 0) continue;
      reactions[e.seq] = Object.fromEntries(list.map((r) => [r.emoji, [...r.users].sort()]));
    }
    const each = <T>(key: string, value: (name: string) => T): Record<string, T> =>
      Object.fromEntries(Object.keys((want[key] ?? {}) as object).map((name) => [name, value(name)]));
    const all: Record<string, unknown> = {
      held: c.hi,
      asks: this.asked.find((f) => f.op === 'history')?.['after_seq'] ?? null,
      shown: texts.map((e) => [e.seq, e.deleted_seq ? null : e.text]),
      reactions,
      ticks: each('ticks', (seq) => {
        const e = c.at(Number(seq));
        return e && this.client.stateOf(c, e);
      }),
      states: each('states', (cmid) => this.state(cmid)),
      tries: each('tries', (cmid) => this.tries.get(cmid)?.length ?? 0),
      unread: c.unread,
      delivered: c.delivered,
      read: c.read,
      name: c.name,
      member: c.member,
      member_count: c.memberCount,
      archived: c.archived,
      pinned: c.pinned,
      muted_until: c.mutedUntil,
      draft: c.draft,
    };
    return Object.fromEntries(Object.keys(want).map((k) => [k, all[k]]));
  }
}

const cases = JSON.parse(readFileSync(`${REPOSITORY}/protocol/vectors/client.json`, 'utf8')) as Case[];
for (const one of cases) {
  test(`vector: ${one.name}`, async () => {
    const run = new Run(one);
    await run.begin(one.start);
    for (const s of one.steps) await run.step(s);
  });
}
