// Bundles and runs the tests in a real browser: `node run.mjs [part of a file name]…`. They need Debian's chromium (or
// the program that $PARLEY_CHROMIUM names) and leave their pictures in build/screenshots (or $PARLEY_SHOTS).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const words = process.argv.slice(2);
const files = readdirSync(here).filter(
  (f) => f.endsWith('.test.ts') && (!words.length || words.some((w) => f.includes(w))),
);

// Beside the packages, as the bundles still load playwright-core from there.
const out = mkdtempSync(join(root, 'node_modules', '.parley-browser-'));
try {
  await build({
    entryPoints: files.map((f) => join(here, f)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    sourcemap: 'inline',
    external: ['playwright-core', 'axe-core'],
    logLevel: 'warning',
  });
  const tests = files.map((f) => join(out, f.replace(/\.ts$/, '.mjs')));
  const run = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', '--test-reporter=tap', ...tests],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { PARLEY_ROOT: root, ...process.env },
    },
  );
  process.stdout.write(run.stdout);
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, 'm').exec(run.stdout)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  console.log(`${count('pass')} passed, ${failed} failed`);
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
