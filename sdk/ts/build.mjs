// Bundles the SDK (ESM, one file), and with --test its unit tests, which are then run by node:test.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const options = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'warning', sourcemap: true };

await build({
  ...options,
  entryPoints: [join(here, 'src/index.ts')],
  outfile: join(here, 'dist/index.js'),
  platform: 'neutral',
});

if (process.argv.includes('--test')) {
  const out = join(here, 'dist/test');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const tests = readdirSync(join(here, 'test')).filter((f) => f.endsWith('.test.ts'));
  await build({
    ...options,
    entryPoints: tests.map((f) => join(here, 'test', f)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    sourcemap: 'inline',
    packages: 'external',
    define: { REPOSITORY: JSON.stringify(join(here, '../..')) },
  });
  const files = tests.map((f) => join(out, f.replace(/\.ts$/, '.mjs')));
  const run = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', '--test-reporter=tap', ...files],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  process.stdout.write(run.stdout);
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, 'm').exec(run.stdout)?.[1] ?? 0);
  console.log(`${count('pass')} passed, ${count('fail') + count('cancelled')} failed`);
  process.exitCode = run.status ?? 1;
}
