// Random worlds: answers and events lost, connections cut, restarts from the store, retries refused for a while. In the
// end every message that was written is in the log once, in the order written, and every client shows the same log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client, MemoryStore } from '../src/index.ts';
import { A, AB, B, FakeServer } from './fake.ts';

type Step =
  | { do: 'send'; who: 0 | 1 }
  | { do: 'cut'; code: number }
  | { do: 'lose' }
  | { do: 'busy' }
  | { do: 'deafen'; on: boolean }
  | { do: 'restart'; who: 0 | 1 }
  | { do: 'read'; who: 0 | 1 }
  | { do: 'pause'; ms: number };

const who = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('cut' as const), code: fc.constantFrom(1006, 1001, 4408) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('busy' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deafen' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 12 }) }),
  },
);

const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));

class World {
  readonly server = new FakeServer();
  readonly stores = [new MemoryStore(), new MemoryStore()] as const;
  readonly clients: Client[] = [];
  readonly written: [string[], string[]] = [[], []];

  async begin(): Promise<void> {
    this.server.addUser(A, 'ann');
    this.server.addUser(B, 'bo');
    for (const i of [0, 1] as const) await this.restart(i);
  }

  /** The old client is dropped as a crash would drop it: nothing is flushed. */
  async restart(i: 0 | 1): Promise<void> {
    const old = this.clients[i];
    if (old) {
      const sockets = [...this.server.sockets].filter((s) => s.user === [A, B][i]);
      await old.stop();
      for (const s of sockets) s.close();
    }
    const id = [A, B][i] ?? '';
    const user = this.server.users.get(id);
    assert.ok(user);
    const client = new Client({
      url: 'http://fake',
      session: { token: `token-${id}`, user, device: '1' },
      store: this.stores[i],
      env: {
        socket: this.server.socket,
        // Waits shrink to a hundredth, so that a world ends in a second.
        setTimeout: (run, ms) => setTimeout(run, ms / 100),
        fetch: async () => ({ status: 200, text: async () => JSON.stringify(user) }),
      },
      transport: 'socket',
    });
    this.clients[i] = client;
    await client.start();
  }

  async run(s: Step): Promise<void> {
    const client = (i: 0 | 1): Client => {
      const c = this.clients[i];
      assert.ok(c);
      return c;
    };
    switch (s.do) {
      case 'send': {
        const text = `${s.who}-${this.written[s.who].length}`;
        this.written[s.who].push(text);
        await client(s.who).send(AB, text);
        break;
      }
      case 'cut':
        for (const socket of [...this.server.sockets]) socket.cut(s.code);
        break;
      case 'lose':
        this.server.faults.push({ op: 'send', kind: 'lose' });
        break;
      case 'busy':
        this.server.faults.push({
          op: 'send',
          kind: 'refuse',
          error: { code: 'overloaded', message: '', retry: true, retry_after_ms: 50 },
        });
        break;
      case 'deafen':
        if (s.on) this.server.loseEvents.add('entry');
        else this.server.loseEvents.clear();
        break;
      case 'restart':
        await this.restart(s.who);
        break;
      case 'read':
        client(s.who).markRead(AB, client(s.who).conversation(AB).hi);
        break;
      case 'pause':
        await pause(s.ms);
        break;
    }
  }

  /** The faults end; then everything has to come right by itself. */
  async settle(): Promise<void> {
    this.server.faults = [];
    this.server.loseEvents.clear();
    for (const socket of [...this.server.sockets]) socket.cut(1006);
    const log = this.server.conv(AB).log;
    const total = this.written[0].length + this.written[1].length;
    const end = Date.now() + 8000;
    for (;;) {
      const done = this.clients.every(
        (c) => c.pending().length === 0 && c.conversation(AB).hi === log.length,
      );
      if (done && log.length >= total) return;
      if (Date.now() > end) {
        const state = this.clients.map((c) => [c.status.state, c.pending().length, c.conversation(AB).hi]);
        assert.fail(`never settled: ${log.length} of ${total}, ${JSON.stringify(state)}`);
      }
      await pause(5);
    }
  }

  async check(): Promise<void> {
    const log = this.server.conv(AB).log.map((e) => e.text ?? '');
    for (const i of [0, 1] as const) {
      assert.deepEqual(
        log.filter((text) => text.startsWith(`${i}-`)),
        this.written[i],
      );
    }
    for (const c of this.clients) {
      while ((await c.loadOlder(AB)) > 0);
      assert.deepEqual(
        c.conversation(AB).entries.map((e) => e.text),
        log,
      );
    }
  }
}

test('whatever is lost, cut or restarted: every message once, in order, everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World();
      try {
        await world.begin();
        for (const s of steps) await world.run(s);
        await world.settle();
        await world.check();
      } finally {
        for (const c of world.clients) await c.stop();
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
});
