// The disk fills up at any operation: nothing acked is lost, clients hear `unavailable`, and it goes on when there is space.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { call } from '../lib/http.js';
import { parley, type Server } from '../lib/server.js';
import { eventually, wait } from '../lib/world.js';
import { Load } from './load.js';
import { Recording, SEED, times, wellCut } from './recording.js';

/** Each kind of file fails at its first operations: any, the log, tables, the list of them, the note. */
const PARTS: [string, number][] = [
  ['', 12],
  ['.log', 4],
  ['.sst', 6],
  ['MANIFEST', 4],
  ['released', 2],
];

describe('a full disk', () => {
  const recording = new Recording(['store.reserve_mb=0']);
  const load = new Load(recording, SEED);
  let server: Server;

  before(async () => {
    recording.full(0);
    server = await recording.start(recording.fullEnv);
    await load.register(server, 4);
    await load.run(server, 100);
  });
  after(() => server.drop());

  const ready = (): Promise<boolean> =>
    eventually(async () => (await call(server.url, 'GET', '/readyz')).status === 200, 'ready', 30_000);

  for (const [part, most] of PARTS) {
    test(`from an operation on ${part || 'any file'} on, and then space again`, async () => {
      const before = load.refused.get('unavailable') ?? 0;
      let hits = 0;
      for (let k = 1; k <= times(most); k++) {
        recording.full(k, part);
        await load.run(server, 120, async () => {
          hits += Number(recording.wasFull);
          recording.full(0);
          await ready();
          await wait(30);
        });
      }
      assert.ok(server.alive, server.log.slice(-2000));
      assert.ok(hits > 0, 'the disk was full');
      const heard = (load.refused.get('unavailable') ?? 0) - before;
      if (part === '' || part === '.log') assert.ok(heard > 0, 'clients heard of it');
      const others = [...load.refused.keys()].filter((c) => !['unavailable', 'overloaded'].includes(c));
      assert.deepEqual(others, []);
    });
  }

  test('at each operation of a start in turn: it says so, and starts when there is space', async () => {
    await load.run(server, 50, () => recording.kill(server, 'now'));
    let failed = 0;
    for (let k = 1; k <= times(40); k++) {
      recording.full(k);
      const run = await parley(['store', 'verify', '--data', recording.data], '', recording.fullEnv);
      assert.equal(run.signal, null, `operation ${k}: ${run.err}`);
      if (run.code === 0) continue;
      failed++;
      assert.match(run.err, /full|No space|cannot be|takes no writes/i);
      assert.doesNotMatch(run.err, /damaged/);
    }
    assert.ok(failed > 5, `${failed} failed`);
    recording.full(0);
    server = await recording.start(recording.fullEnv);
    await load.run(server, 300);
    for (const person of load.people)
      assert.deepEqual([...person.open.keys()], [], 'all was accepted in the end');
  });

  test('nothing that was told is lost, with a power cut on top', async () => {
    await recording.kill(server, 'now');
    assert.ok(recording.told() > 500, 'enough was told');
    const cuts = await recording.cut('cuts', { cuts: times(60) });
    wellCut(cuts);
  });
});
