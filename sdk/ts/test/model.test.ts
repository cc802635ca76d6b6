// Random worlds: requests, answers and events lost, late, doubled and overtaking each other, connections cut, final
// refusals of what an earlier try brings after all, clocks that jump, disks that take their time, two tabs of one device,
// and losses of power or of a tab between any two of these. In the end the reference model, a fold over the server's log, and every client say the same; what a
// device once promised to send is there once, and in the order written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Client, Entry, Marks } from '../src/index.ts';
import { Device } from './device.ts';
import { A, AB, B, FakeServer } from './fake.ts';
import { VirtualTime } from './time.ts';

type Who = 0 | 1;
type Step =
  | { do: 'send' | 'kill' | 'killTab' | 'read' | 'older' | 'retry'; who: Who }
  | { do: 'discard'; who: Who; pick: boolean }
  | { do: 'change'; who: Who; kind: 'edit' | 'delete' | 'react'; pick: number }
  | { do: 'cut'; code: number }
  | { do: 'fault'; kind: 'cut' | 'lose' | 'ignore' }
  | { do: 'refuse'; retry: boolean }
  | { do: 'late'; ms: number }
  | { do: 'deaf' | 'jitter' | 'double' | 'down'; on: boolean }
  | { do: 'jump' | 'pause'; ms: number };

const who = fc.constantFrom<Who>(0, 1);
const on = fc.boolean();
const is = <T extends string>(...words: T[]): fc.Arbitrary<T> => fc.constantFrom(...words);
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: is('send'), who }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: is('pause'), ms: fc.constantFrom(0, 1, 3, 10, 50, 300, 2000, 21000) }),
    },
    { weight: 2, arbitrary: fc.record({ do: is('kill', 'killTab'), who }) },
    { weight: 3, arbitrary: fc.record({ do: is('read', 'older', 'retry'), who }) },
    { weight: 1, arbitrary: fc.record({ do: is('discard'), who, pick: on }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: is('change'), who, kind: is('edit', 'delete', 'react'), pick: fc.nat(9) }),
    },
    { weight: 1, arbitrary: fc.record({ do: is('cut'), code: fc.constantFrom(1006, 1001, 4408) }) },
    { weight: 2, arbitrary: fc.record({ do: is('fault'), kind: is('cut', 'lose', 'ignore') }) },
    { weight: 2, arbitrary: fc.record({ do: is('refuse'), retry: on }) },
    { weight: 1, arbitrary: fc.record({ do: is('late'), ms: fc.constantFrom(5, 500, 25000, 60000) }) },
    { weight: 3, arbitrary: fc.record({ do: is('deaf', 'jitter', 'double', 'down'), on }) },
    { weight: 1, arbitrary: fc.record({ do: is('jump'), ms: fc.integer({ min: -1e9, max: 1e9 }) }) },
  ),
  { minLength: 5, maxLength: 60 },
);

/** What is shown of a conversation: each text in its newest state, null when it was deleted, and who reacted with what. */
type Shown = { seq: number; text: string | null; reactions: string[] }[];

/** The reference: a fold over the whole log. */
function fold(log: Entry[]): Shown {
  const texts = new Map<number, { text: string | null; reactions: Map<string, boolean> }>();
  for (const e of log) {
    if (e.kind === 'text') texts.set(e.seq, { text: e.text ?? '', reactions: new Map() });
    const target = texts.get(e.target ?? 0);
    if (!target) continue;
    if (e.kind === 'deleted') target.text = null;
    else if (e.kind === 'reaction') target.reactions.set(`${e.text} ${e.from}`, e.on !== false);
    else if (target.text !== null) target.text = e.text ?? '';
  }
  return [...texts].map(([seq, t]) => ({
    seq,
    text: t.text,
    reactions: [...t.reactions].flatMap(([r, set]) => (set ? [r] : [])).sort(),
  }));
}

function shown(client: Client): Shown {
  const conv = client.conversation(AB);
  const texts = conv.entries.filter((e) => e.kind === 'text').map((e) => conv.view(e));
  return texts.map((e) => ({
    seq: e.seq,
    text: e.deleted_seq ? null : (e.text ?? ''),
    reactions: conv
      .reactionsOf(e.seq)
      .flatMap((r) => r.users.map((u) => `${r.emoji} ${u}`))
      .sort(),
  }));
}

class World {
  readonly time = new VirtualTime();
  readonly server = new FakeServer();
  readonly devices: [Device, Device];
  /** The texts whose send was answered as durable, by the life of the tab that wrote them. */
  readonly kept = new Map<string, string[]>();
  /** Taken out after a refusal, which an earlier try may outdo; and before any try, which is for ever. */
  readonly discarded = new Set<string>();
  readonly unsent = new Set<string>();
  private state: number;
  private written = 0;

  constructor(seed: number) {
    this.state = seed >>> 0;
    this.server.setTimeout = this.time.setTimeout;
    this.server.addUser(A, 'ann');
    this.server.addUser(B, 'bo');
    const random = (): number => this.random();
    this.devices = [
      new Device(this.time, this.server, A, 2, random),
      new Device(this.time, this.server, B, 1, random),
    ];
  }

  /** What was there before: texts of both, every other one changed since, some twice. */
  begin(entries: number): void {
    for (let n = 0; n < entries; n++) {
      const { seq, from } = this.server.write(AB, n % 3 ? A : B, { text: `old ${n}`, cmid: `old ${n}` });
      for (let more = 0; more < n % 4; more++) {
        const target = Math.max(1, seq - 3 * (n % 7));
        const kind = (n + more) % 5 ? 'edited' : 'deleted';
        if (this.server.conv(AB).log[target - 1]?.kind === 'text') {
          this.server.write(AB, from, {
            kind,
            target,
            text: `changed ${n} ${more}`,
            cmid: `old ${n} ${more}`,
          });
        }
      }
    }
  }

  /** Of the world's own, so that a failing one runs again alike. */
  private random(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32;
  }

  /** The client of one of the tabs. */
  private client(i: Who): Client {
    return this.devices[i].client(Math.floor(this.random() * 2));
  }

  async run(s: Step): Promise<void> {
    const { server } = this;
    switch (s.do) {
      case 'send': {
        const text = `${s.who}-${this.written++}`;
        const pick = Math.floor(this.random() * 2);
        const device = this.devices[s.who];
        const life = device.life(pick);
        const send = device.client(pick).send(AB, text);
        send.then(() => this.kept.set(life, [...(this.kept.get(life) ?? []), text]));
        break;
      }
      case 'change': {
        const client = this.client(s.who);
        const own = client
          .conversation(AB)
          .entries.filter((e) => e.kind === 'text' && e.from === client.me.id);
        const target = own[s.pick];
        if (!target) break;
        if (s.kind === 'edit') client.edit(AB, target.seq, `changed ${this.written++}`);
        else if (s.kind === 'delete') client.delete(AB, target.seq);
        else client.react(AB, target.seq, '👍', s.pick % 2 === 0);
        break;
      }
      case 'kill':
        await this.devices[s.who].kill();
        break;
      case 'killTab':
        await this.devices[s.who].killTab(Math.floor(this.random() * 2));
        break;
      case 'read': {
        const client = this.client(s.who);
        client.markRead(AB, client.conversation(AB).hi);
        break;
      }
      case 'older':
        this.client(s.who)
          .loadOlder(AB)
          .catch(() => {});
        break;
      case 'retry':
        this.retry(s.who);
        break;
      case 'discard': {
        const client = this.client(s.who);
        const item = client.pending(AB).find((i) => i.op === 'send' && (i.failed || s.pick));
        if (!item || !(await this.within(client.discard(item.id)))) break;
        this.discarded.add(item.text ?? '');
        if (!item.failed) this.unsent.add(item.text ?? '');
        break;
      }
      case 'cut':
        for (const socket of [...server.sockets]) socket.cut(s.code);
        break;
      case 'fault':
        server.faults.push({ op: 'send', kind: s.kind });
        break;
      case 'refuse': {
        const code = s.retry ? 'overloaded' : 'blocked';
        const error = { code, message: '', retry: s.retry, retry_after_ms: s.retry ? 50 : 0 };
        server.faults.push({ op: 'send', kind: 'refuse', error });
        break;
      }
      case 'late':
        server.faults.push({ op: 'send', kind: 'late', ms: s.ms });
        break;
      case 'deaf':
        if (s.on) server.loseEvents.add('entry');
        else server.loseEvents.clear();
        break;
      case 'jitter':
        server.delay = s.on ? () => Math.floor(this.random() * 40) : () => 1;
        break;
      case 'double':
        server.copies = s.on ? () => 2 : () => 1;
        break;
      case 'down':
        server.up = !s.on;
        if (s.on) for (const socket of [...server.sockets]) socket.cut(1006);
        break;
      case 'jump':
        this.time.wall = Math.max(0, this.time.wall + s.ms);
        break;
      case 'pause':
        await this.time.pass(s.ms);
        break;
    }
    await this.time.settle();
    // Nothing is shown as waiting or failed whose entry is shown, too.
    for (const client of this.devices.flatMap((d) => d.clients)) {
      const held = new Set(client.conversation(AB).entries.map((e) => e.cmid));
      for (const item of client.pending(AB)) assert.ok(!held.has(item.id), JSON.stringify(item));
    }
  }

  /** What a call under virtual time resolves with. */
  private async within<T>(promise: Promise<T>): Promise<T | undefined> {
    let value: T | undefined;
    promise.then((v) => {
      value = v;
    });
    await this.time.pass(20);
    return value;
  }

  private retry(i: Who): void {
    for (const client of this.devices[i].clients) {
      for (const item of client.pending()) if (item.failed) client.retry(item.id);
    }
  }

  private marks(i: Who): Marks {
    return this.server.conv(AB).marks.get(this.devices[i].user) ?? { delivered: 0, read: 0 };
  }

  /** Held to the end, everything said and answered. */
  private calm(i: Who): boolean {
    const mine = this.marks(i);
    const theirs = this.marks(i === 0 ? 1 : 0);
    const device = this.devices[i];
    // What is delivered is what the leader keeps; nobody else is asked.
    const { leader } = device;
    const delivered = leader?.conversation(AB).delivered === mine.delivered;
    return delivered && device.clients.every((client) => this.calmTab(client, mine, theirs));
  }

  private calmTab(client: Client, mine: Marks, theirs: Marks): boolean {
    const conv = client.conversation(AB);
    return (
      client.pending().length === 0 &&
      conv.hi === this.server.conv(AB).log.length &&
      conv.read === mine.read &&
      conv.others.delivered === theirs.delivered &&
      conv.others.read === theirs.read
    );
  }

  /** The faults end; then everything has to come right by itself, but for what a person must press Retry for. */
  async settle(): Promise<void> {
    const { server } = this;
    server.up = true;
    server.faults = [];
    server.loseEvents.clear();
    server.delay = () => 1;
    server.copies = () => 1;
    await this.time.pass(61000);
    // Whatever was lost, the server says so, or the connection ends.
    for (const socket of [...server.sockets]) {
      if (this.random() < 0.5) socket.cut(1006);
      else socket.deliver({ ev: 'sync' });
    }
    for (let seconds = 0; seconds < 120; seconds++) {
      await this.time.pass(1000);
      this.retry(0);
      this.retry(1);
      if (this.calm(0) && this.calm(1)) return;
    }
    const state = this.devices.map((d, i) => [
      this.marks(i as Who),
      ...d.clients.map((c) => {
        const { hi, lastSeq, delivered, read, others } = c.conversation(AB);
        return [c.status.state, c.pending(), { hi, lastSeq, delivered, read, others }];
      }),
    ]);
    assert.fail(`never settled: ${server.conv(AB).log.length} entries, ${JSON.stringify(state, null, 1)}`);
  }

  checkLog(): void {
    const { log } = this.server.conv(AB);
    const cmids = log.map((e) => e.cmid);
    assert.equal(new Set(cmids).size, cmids.length, 'nothing twice');
    const texts = log.filter((e) => e.kind === 'text');
    const has = new Set(texts.map((e) => e.text));
    const shownTexts = new Set(fold(log).map((e) => e.text));
    for (const text of this.unsent) {
      assert.ok(!shownTexts.has(text), `${text} was taken out before any try of its own tab`);
    }
    const refused = new Set(
      texts.flatMap((e) => (this.server.refused.has(e.cmid ?? '') ? [e.text ?? ''] : [])),
    );
    for (const kept of this.kept.values()) {
      for (const text of kept) assert.ok(has.has(text) || this.discarded.has(text), `${text} is lost`);
      const inOrder = kept.filter((t) => has.has(t) && !refused.has(t));
      const wanted = new Set(inOrder);
      assert.deepEqual(
        texts.flatMap((e) => (wanted.has(e.text ?? '') ? [e.text] : [])),
        inOrder,
        'in the order written',
      );
    }
  }

  async checkClients(what: string): Promise<void> {
    const reference = fold(this.server.conv(AB).log);
    for (const client of this.devices.flatMap((d) => d.clients)) {
      const conv = client.conversation(AB);
      while (((await this.within(client.loadOlder(AB))) ?? 0) > 0);
      assert.deepEqual(shown(client), reference, what);
      assert.deepEqual(client.pending(), [], what);
      const unread = reference.filter(
        (t) => t.text !== null && conv.at(t.seq)?.from !== client.me.id && t.seq > conv.read,
      );
      assert.equal(conv.unread, unread.length, `${what}: unread`);
    }
  }
}

/** Worlds that failed once. */
const found: [number, number, Step[]][] = [
  // Killed between writing a delivered mark and saying it: the next life never said it.
  [
    0,
    1,
    [
      { do: 'pause', ms: 50 },
      { do: 'kill', who: 0 },
    ],
  ],
  // Cut while a hole was being filled: no row told of it again.
  [
    0,
    2,
    [
      { do: 'fault', kind: 'lose' },
      { do: 'fault', kind: 'cut' },
      { do: 'send', who: 0 },
      { do: 'pause', ms: 2000 },
      { do: 'send', who: 1 },
      { do: 'late', ms: 5 },
      { do: 'read', who: 1 },
      { do: 'kill', who: 1 },
      { do: 'pause', ms: 0 },
    ],
  ],
  // The entry was written by one tab, its end in the outbox not yet by the other.
  [
    -142248457,
    1,
    [
      { do: 'send', who: 1 },
      { do: 'send', who: 0 },
      { do: 'pause', ms: 50 },
      { do: 'kill', who: 0 },
      { do: 'pause', ms: 0 },
      { do: 'older', who: 0 },
      { do: 'send', who: 0 },
    ],
  ],
  [
    1025749051,
    2,
    [
      { do: 'pause', ms: 2000 },
      { do: 'cut', code: 1006 },
      { do: 'send', who: 0 },
      { do: 'change', who: 0, kind: 'edit', pick: 1 },
      { do: 'send', who: 0 },
      { do: 'send', who: 0 },
      { do: 'send', who: 0 },
      { do: 'send', who: 0 },
      { do: 'pause', ms: 3 },
      { do: 'killTab', who: 0 },
      { do: 'refuse', retry: false },
      { do: 'pause', ms: 0 },
      { do: 'discard', who: 0, pick: true },
      { do: 'change', who: 0, kind: 'edit', pick: 0 },
    ],
  ],
];

test('whatever happens: every message once, in order, and everywhere what the reference model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.nat(60), steps, async (seed, entries, list) => {
      const world = new World(seed);
      world.begin(entries);
      for (const d of world.devices) await d.start();
      for (const s of list) await world.run(s);
      await world.settle();
      world.checkLog();
      await world.checkClients('connected');
      // What is written down says the same, without a server.
      await world.time.pass(1000);
      world.server.up = false;
      for (const d of world.devices) await d.kill();
      await world.checkClients('started anew, without a server');
    }),
    { numRuns: Number(process.env['PARLEY_MODEL_RUNS'] ?? 300), examples: found },
  );
});
