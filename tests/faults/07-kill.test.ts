// kill -9 at random moments under load: every acked message is there once, in order, after every one.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { Checker } from '../lib/checker.js';
import { Client } from '../lib/client.js';
import type { Json } from '../lib/http.js';
import { dropDir, parley, Server, tempDir } from '../lib/server.js';
import { cmid, type User, World, wait } from '../lib/world.js';

const ROUNDS = process.env.PARLEY_SOAK ? 200 : 20;
const WRITERS = 6;

/** One user who writes to a conversation of their own, retrying unanswered cmids as clients do. */
class Writer {
  readonly open = new Map<string, string>();
  marks = 0;
  private n = 0;
  constructor(
    readonly user: User,
    readonly reader: User,
    readonly check: Checker,
  ) {}
  get conv(): string {
    return this.user.direct(this.reader);
  }

  private async send(c: Client, id: string, text: string): Promise<void> {
    this.check.try(this.conv, id, text);
    this.open.set(id, text);
    const frame = await c.request('send', { conv: this.conv, cmid: id, text }, 60_000);
    if (!frame.ok) {
      assert.equal(frame.error.retry, true, JSON.stringify(frame));
      return;
    }
    this.open.delete(id);
    this.check.ack(this.conv, id, text, frame.ok);
  }

  /** Writes until the server is gone. */
  async run(url: string): Promise<void> {
    const c = await Client.open(url);
    try {
      await c.hello(this.user.token);
      await Promise.all([...this.open].map(([id, text]) => this.send(c, id, text)));
      while (!c.ws.ended) {
        const batch = Array.from({ length: randomInt(1, 20) }, () =>
          this.send(c, cmid(), `${this.user.name} ${this.n++} ${'x'.repeat(randomInt(0, 500))}`),
        );
        await Promise.all(batch);
      }
    } catch (err) {
      if (err instanceof assert.AssertionError && !/connection ended|closed with/.test(err.message))
        throw err;
    } finally {
      c.ws.destroy();
    }
  }
}

describe('kill -9', () => {
  test(`${ROUNDS} times under load, then verify`, async () => {
    const data = tempDir();
    const check = new Checker();
    const w = new World({ own: true, data });
    await w.start();
    const users = await w.users(WRITERS + 2);
    const readers = users.slice(0, 2);
    const writers = users.slice(2).map((u, i) => new Writer(u, readers[i % 2]!, check));
    const marks = new Map<string, number>();
    let server = w.server!;
    for (let round = 0; round < ROUNDS; round++) {
      const watching = await Promise.all(
        readers.map(async (r) => {
          const c = await Client.open(server.url);
          await c.hello(r.token);
          return c;
        }),
      );
      const load = writers.map((x) => x.run(server.url));
      // One acks what it sees; an answered ack must survive as well.
      const acking = (async () => {
        const c = watching[0]!;
        try {
          while (!c.ws.ended) {
            await wait(20);
            const delivered: Record<string, number> = {};
            for (const e of c.history('entry').slice(-50)) delivered[e.conv] = e.seq;
            if (Object.keys(delivered).length === 0) continue;
            await c.ok('ack', { delivered });
            for (const [conv, seq] of Object.entries(delivered)) {
              marks.set(conv, Math.max(marks.get(conv) ?? 0, seq));
            }
          }
        } catch {
          // The server was killed in the middle: not answered, not promised.
        }
      })();
      await wait(randomInt(30, 700));
      await server.kill();
      await Promise.all(load);
      await acking;
      for (const c of watching) {
        assert.equal(c.ws.fault, undefined);
        for (const e of c.history('entry')) check.event(e);
        c.ws.destroy();
      }
      if (round % 7 === 6) {
        const run = await parley(['store', 'verify', '--data', data]);
        assert.equal(run.code, 0, `after kill ${round + 1}: ${run.out}${run.err}`);
      }
      server = await Server.start({ data });
    }
    assert.ok(check.count > ROUNDS * 10, `${check.count} acked in all`);
    let entries = 0;
    for (const x of writers) {
      const c = await Client.open(server.url);
      await c.hello(x.user.token);
      for (const [id, text] of x.open) {
        const ok: Json = await c.ok('send', { conv: x.conv, cmid: id, text });
        check.ack(x.conv, id, text, ok);
      }
      entries += await check.checkLog(c, x.conv);
      const { members } = await c.ok('members', { conv: x.conv });
      const row = members.find((m: Json) => m.user === x.reader.id);
      assert.ok(row.delivered >= (marks.get(x.conv) ?? 0), 'an answered ack survives');
      c.ws.destroy();
    }
    assert.equal(entries, check.count, 'each cmid is there once');
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const verify = await parley(['store', 'verify', '--data', data]);
    assert.equal(verify.code, 0, verify.out + verify.err);
    dropDir(data);
  });
});
