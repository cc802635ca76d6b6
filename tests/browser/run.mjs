// Bundles and runs the tests in a real browser: `node run.mjs [part of a file name]…`. They need Debian's chromium (or
// the program that $PARLEY_CHROMIUM names), the one named `firefox` its firefox-esr (or $PARLEY_FIREFOX), and leave their
// pictures in build/screenshots (or $PARLEY_SHOTS). $PARLEY_BROWSER_LIMIT: after so many seconds what has not ended has failed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const LIMIT_S = Number(process.env.PARLEY_BROWSER_LIMIT ?? 1200);
const words = process.argv.slice(2);
// What measures, and what needs another browser, runs by itself, when it is asked for.
const ALONE = ['budgets.test.ts', 'firefox.test.ts'];
const files = readdirSync(here).filter(
  (f) => f.endsWith('.test.ts') && (words.length ? words.some((w) => f.includes(w)) : !ALONE.includes(f)),
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
  const run = spawn(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=tap', ...tests], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PARLEY_ROOT: root, ...process.env },
    detached: true,
  });
  // What never ends is a failure like any other, and told as one.
  const limit = setTimeout(() => {
    console.log(`not finished after ${LIMIT_S} s`);
    process.kill(-run.pid, 'SIGKILL');
  }, LIMIT_S * 1000);
  let told = '';
  run.stdout.setEncoding('utf8');
  run.stdout.on('data', (text) => {
    told += text;
    process.stdout.write(text);
  });
  // Whoever ends this ends all of it.
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.kill(-run.pid, 'SIGKILL'));
  const [status] = await once(run, 'close');
  clearTimeout(limit);
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, 'm').exec(told)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled') + (status === null ? 1 : 0);
  console.log(`${count('pass')} passed, ${failed} failed`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
