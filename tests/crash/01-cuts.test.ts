// The power is cut anywhere in a run of the real server: the store opens, is whole, and holds all that anybody was told.
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { Client } from '../lib/client.js';
import { dropDir, parley, Server, tempDir } from '../lib/server.js';
import { Load } from './load.js';
import { Recording, SEED, times, WORK, wellCut } from './recording.js';

const PEOPLE = 6;

/** People write, the server is killed in the middle of a sync, killed between two operations, stopped; each time it comes back. */
async function record(options: string[] = [], answers = 200): Promise<{ recording: Recording; load: Load }> {
  const recording = new Recording(options);
  const load = new Load(recording, SEED);
  let server = await recording.start();
  try {
    await load.register(server, PEOPLE);
    for (const how of ['in sync', 'in sync', 'now', 'in sync'] as const) {
      await load.run(server, answers, () => recording.kill(server, how));
      server = await recording.start();
    }
    await load.run(server, answers, async () => {
      const dir = join(tempDir(), 'backup');
      const run = await parley(['store', 'backup', dir, '--data', recording.data]);
      assert.equal(run.code, 0, run.out + run.err);
    });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    server = await recording.start();
    await load.run(server, answers);
    await recording.kill(server, 'now');
  } finally {
    await server.drop();
  }
  return { recording, load };
}

let recording: Recording;
let load: Load;

describe('cuts of a recorded run', () => {
  before(async () => {
    ({ recording, load } = await record());
    const facts = recording.told();
    assert.ok(load.acked.length > 300 && facts > 1500, `${load.acked.length} acked, ${facts} facts`);
  });

  test('nothing told is lost, whatever survives of what was not synced', async () => {
    const cuts = await recording.cut('cuts', { cuts: times(500) });
    wellCut(cuts);
  });

  test('a second cut while it recovers loses nothing either', async () => {
    const cuts = await recording.cut('double', { cuts: times(12) });
    wellCut(cuts);
  });

  test('damage to what was durable shows itself, or does not matter', async () => {
    const any = await recording.cut('damage', { cuts: times(80) });
    assert.equal(any.bad, 0, any.said);
    // What recovery reads to its end, and takes an early end of for a crash.
    for (const file of ['MANIFEST', '.log']) {
      const cuts = await recording.cut('damage', { cuts: times(60), file });
      assert.equal(cuts.bad, 0, cuts.said);
    }
  });

  test('the real program verifies it, and answers each cmid with its first number', async () => {
    for (let i = 1; i <= times(3); i++) {
      const at = Math.floor((recording.records * i) / times(3)) - 5;
      await recording.cut('image', { at, rest: i % 2 ? 'nothing' : 'torn', seed: SEED + i });
      const verify = await parley(['store', 'verify', '--data', WORK]);
      assert.equal(verify.code, 0, `cut ${at}: ${verify.out}${verify.err}`);
      const server = await Server.start({ data: WORK });
      try {
        const told = load.acked.filter((a) => (recording.acked.get(a.args.cmid) ?? at) < at);
        if (i === times(3)) assert.ok(told.length > 50, `${told.length} acked before ${at}`);
        for (const person of load.people) {
          const c = await Client.open(server.url);
          await c.hello(person.token);
          const mine = told.filter((a) => a.user === person).slice(-100);
          const again = await Promise.all(mine.map((a) => c.ok('send', a.args, 30_000)));
          for (const [n, ok] of again.entries()) {
            assert.deepEqual(ok, { ...mine[n]!.ok, dup: true }, `cut ${at}: ${mine[n]!.args.cmid}`);
          }
          c.ws.destroy();
        }
      } finally {
        await server.drop();
      }
    }
  });
});

describe('that it can fail', () => {
  const lies: [string, string][] = [
    ['.log:1', 'no sync of the log is one'],
    ['.log:5', 'every fifth sync of the log is none'],
    ['.sst:1', 'no sync of a table is one'],
    ['db/:1', 'no sync of the folder of the database is one'],
    ['/:1', 'no sync of a folder is one'],
  ];
  for (const [lie, what] of lies) {
    test(`noticed: ${what}`, async () => {
      const cuts = await recording.cut('cuts', { cuts: 40, lie });
      assert.ok(cuts.lost + cuts.refused > 5, JSON.stringify(cuts));
      if (lie.startsWith('.log')) assert.ok(cuts.lost > 2, JSON.stringify(cuts));
    });
  }

  test('noticed: store.sync=false', async () => {
    const lazy = await record(['store.sync=false'], 100);
    lazy.recording.told();
    const cuts = await lazy.recording.cut('cuts', { cuts: 40 });
    assert.ok(cuts.lost > 5, JSON.stringify(cuts));
    dropDir(lazy.recording.dir);
  });

  test('noticed: a log cut off below what was synced, with the note and without', async () => {
    // With room for all rows in memory everything is in the last log.
    const { recording: one } = await record(['store.write_buffer_mb=64'], 50);
    one.told();
    const at = one.records;
    await one.cut('image', { at, rest: 'all' });
    const db = join(WORK, 'store', 'db');
    const logs = readdirSync(db).filter((f) => f.endsWith('.log'));
    const log = join(db, logs.sort().at(-1)!);
    truncateSync(log, Math.floor(statSync(log).size / 2));
    const verify = await parley(['store', 'verify', '--data', WORK]);
    assert.equal(verify.code, 2, verify.out + verify.err);
    assert.match(verify.err, /damaged: it ends at \d+, but what was confirmed to clients reached \d+/);
    rmSync(join(WORK, 'store', 'released'));
    const cuts = await one.cut('check', { at });
    assert.equal(cuts.lost, 1, cuts.said);
    dropDir(one.dir);
  });

  test('noticed: one fact that is not so', async () => {
    const facts = recording.toldFile;
    const at = recording.records;
    await recording.cut('image', { at, rest: 'all' });
    const whole = await recording.cut('check', { at });
    assert.equal(whole.good, 1, whole.said);
    appendFileSync(facts, `1 U 4711 nobody\n`);
    const cuts = await recording.cut('check', { at });
    assert.equal(cuts.lost, 1, cuts.said);
    truncateSync(facts, statSync(facts).size - 16);
  });
});
