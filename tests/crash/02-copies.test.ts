// The power is cut during backup, restore, export and import: a copy is complete, or says that it is none.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parley } from '../lib/server.js';
import { Load } from './load.js';
import { type Cuts, Recording, SEED, times, wellCut } from './recording.js';

const recording = new Recording([], 'data');
/** The records behind which each began, and ended. */
const steps: Record<string, { began: number; ended: number }> = {};
const at = (name: string): string => join(recording.root, name);

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const began = recording.position();
  await work();
  steps[name] = { began, ended: recording.position() };
}

/** Cuts during a step and after it; the copy must hold what was told before `facts`. */
async function cuts(name: string, facts: string, options: Record<string, string | number>): Promise<void> {
  const { began, ended } = steps[name]!;
  const all = { cuts: times(80), after: began, done: ended, facts: steps[facts]!.began, ...options };
  const found: Cuts = await recording.cut('cuts', all);
  assert.equal(found.bad, 0, found.said);
  assert.ok(found.refused > 0 && found.good > 0, JSON.stringify({ ...found, said: '' }));
}

describe('cuts during copies', () => {
  before(async () => {
    const load = new Load(recording, SEED);
    let server = await recording.start();
    try {
      await load.register(server, 4);
      await load.run(server, 150, () => recording.kill(server, 'now'));
      server = await recording.start();
      await load.run(server, 100, () =>
        step('backup', async () => {
          const run = await parley(['store', 'backup', at('backup'), '--data', recording.data]);
          assert.equal(run.code, 0, run.out + run.err);
        }),
      );
      await load.run(server, 50);
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
    } finally {
      await server.drop();
    }
    await step('restore', () => recording.run('store', 'restore', at('backup'), '--data', at('restored')));
    await step('export', () => recording.run('store', 'export', at('export'), '--data', recording.data));
    await step('import', () => recording.run('store', 'import', at('export'), '--data', at('imported')));
    await recording.run('store', 'verify', '--data', at('imported'));
    assert.ok(recording.told() > 500, 'enough was told');
  });

  test('the store itself loses nothing', async () => {
    const found = await recording.cut('cuts', { cuts: times(100), store: 'data/store' });
    wellCut(found);
  });

  test('a backup restores completely, or is refused', () =>
    cuts('backup', 'backup', { store: 'elsewhere/store', restore: 'backup' }));

  test('a backup that is opened as it is, likewise', () => cuts('backup', 'backup', { store: 'backup' }));

  test('a restored store', () => cuts('restore', 'backup', { store: 'restored/store' }));

  test('a restore that was cut can be done again, and an import', async () => {
    const again = {
      restore: { restore: 'backup', store: 'restored/store' },
      import: { import: 'export', store: 'imported/store' },
    };
    for (const [name, copy] of Object.entries(again)) {
      const { began, ended } = steps[name]!;
      const facts = steps[name === 'restore' ? 'backup' : 'export']!.began;
      const all = { cuts: times(30), after: began, before: ended, done: ended, facts, ...copy };
      const found = await recording.cut('cuts', all);
      assert.equal(found.bad, 0, found.said);
      // Refused is only what had ended before: there is a store already.
      assert.ok(found.good > found.refused * 3, JSON.stringify({ ...found, said: '' }));
    }
  });

  test('an export imports completely, or is refused', () =>
    cuts('export', 'export', { store: 'elsewhere/store', import: 'export' }));

  test('an imported store', () => cuts('import', 'export', { store: 'imported/store' }));
});
