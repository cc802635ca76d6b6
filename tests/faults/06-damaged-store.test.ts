// A damaged store is refused with a clear line and an exit code; never a silent new one.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parley, tempDir } from '../lib/server.js';
import { cmid, World } from '../lib/world.js';

/** All files below a folder. */
function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(dir, e.name)) : e.isFile() ? [join(dir, e.name)] : [],
  );
}

describe('damaged store', () => {
  let good = '';

  before(async () => {
    good = tempDir();
    const w = new World({ own: true, data: good });
    await w.start();
    const [a, b] = await w.users(2);
    const c = await a.connect();
    for (let i = 0; i < 200; i++) await c.ok('send', { to: b.id, cmid: cmid(), text: 'x'.repeat(2000) });
    w.closeAll();
    assert.equal((await w.server!.stop()).code, 0);
  });

  const damages: [string, RegExp, (file: string) => void][] = [
    ['CURRENT is gone', /\/CURRENT$/, (f) => rmSync(f)],
    ['CURRENT is empty', /\/CURRENT$/, (f) => truncateSync(f, 0)],
    ['CURRENT names nothing', /\/CURRENT$/, (f) => writeFileSync(f, 'MANIFEST-999999\n')],
    ['the manifest is gone', /\/MANIFEST-\d+$/, (f) => rmSync(f)],
    [
      'the manifest is garbage',
      /\/MANIFEST-\d+$/,
      (f) => writeFileSync(f, Buffer.alloc(statSync(f).size, 0xa5)),
    ],
    [
      'the format is newer',
      /\/FORMAT$/,
      (f) => writeFileSync(f, readFileSync(f, 'utf8').replace(/\d+/, '9999')),
    ],
    ['the format is garbage', /\/FORMAT$/, (f) => writeFileSync(f, Buffer.alloc(100, 0xa5))],
    ['the format is empty', /\/FORMAT$/, (f) => truncateSync(f, 0)],
    ['the tables are gone', /\.(sst|log)$/, (f) => rmSync(f)],
  ];

  for (const [what, which, damage] of damages) {
    test(what, async () => {
      const data = join(tempDir(), 'data');
      cpSync(good, data, { recursive: true });
      const hit = files(data).filter((f) => which.test(f));
      assert.ok(hit.length > 0, `a file like ${which}`);
      for (const f of hit) damage(f);
      const before = files(data).length;
      const run = await parley(['serve', '--listen', '127.0.0.1:0', '--data', data]);
      assert.ok(run.code !== 0 && run.code !== null, `refused, got ${run.code} ${run.signal}\n${run.err}`);
      assert.doesNotMatch(run.out, /ready/);
      assert.match(run.err, /store|damaged|corrupt/i);
      assert.ok(files(data).length >= before, 'nothing was cleared away');
      const verify = await parley(['store', 'verify', '--data', data]);
      assert.ok(verify.code !== 0 && verify.code !== null, 'verify says so too');
    });
  }

  test('a table with flipped bits is not served as if it were whole', async () => {
    const data = join(tempDir(), 'data');
    cpSync(good, data, { recursive: true });
    const tables = files(data).filter((f) => f.endsWith('.sst') && statSync(f).size > 1000);
    const logs = files(data).filter((f) => /\/\d+\.log$/.test(f) && statSync(f).size > 1000);
    for (const f of tables.length ? tables : logs) {
      const bytes = readFileSync(f);
      for (let at = 200; at < bytes.length; at += 997) bytes[at]! ^= 0x10;
      writeFileSync(f, bytes);
    }
    const verify = await parley(['store', 'verify', '--data', data]);
    assert.ok(
      verify.code !== 0 && verify.code !== null,
      `verify: ${verify.code}\n${verify.out}${verify.err}`,
    );
  });
});
