// Bundles and runs the tests: `node run.mjs [blackbox|faults|crash] [part of a file name]…`.
// The last line of the output is `N passed, N failed`; the exit code is 1 if any failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const suite = ['blackbox', 'faults', 'crash'].includes(words[0]) ? words.shift() : 'blackbox';
const atOnce = Number(process.env.PARLEY_TEST_JOBS ?? (suite === 'blackbox' ? 2 : 1));
const fileLimit = Number(process.env.PARLEY_TEST_FILE_LIMIT ?? 300) * 1000;

const folder = join(here, suite);
const files = readdirSync(folder)
  .filter((f) => f.endsWith('.test.ts') && (!words.length || words.some((w) => f.includes(w))))
  .sort();
const out = mkdtempSync(join(tmpdir(), 'parley-run-'));
const children = new Set();
function leave(code) {
  for (const child of children) child.kill('SIGKILL');
  rmSync(out, { recursive: true, force: true });
  process.exit(code);
}
process.on('SIGINT', () => leave(130));
process.on('SIGTERM', () => leave(143));

await build({
  entryPoints: files.map((f) => join(folder, f)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  sourcemap: 'inline',
  logLevel: 'warning',
});

/** Runs one file; counts come from a TAP report beside the readable one. */
function runFile(file) {
  const name = basename(file, '.ts');
  const tap = join(out, `${name}.tap`);
  const started = Date.now();
  return new Promise((done) => {
    const child = spawn(
      process.execPath,
      [
        '--enable-source-maps',
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        '--test-reporter=tap',
        `--test-reporter-destination=${tap}`,
        join(out, `${name}.mjs`),
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PARLEY_ROOT: dirname(here), ...process.env, FORCE_COLOR: '0' },
      },
    );
    children.add(child);
    let text = '';
    child.stdout.on('data', (d) => (text += d));
    child.stderr.on('data', (d) => (text += d));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, fileLimit);
    child.on('close', (code) => {
      clearTimeout(timer);
      children.delete(child);
      let report = '';
      try {
        report = readFileSync(tap, 'utf8');
      } catch {
        report = '';
      }
      const count = countLeaves(report);
      // A file that died without saying what failed is a failure of its own.
      const died = late ? `not finished after ${fileLimit / 1000} s` : `exit ${code}`;
      if ((late || code !== 0) && count.failed === 0) {
        count.failed = 1;
        text += `\n${name}: ${died}\n`;
      }
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      const failed = count.failed > 0;
      process.stdout.write(failed || process.env.PARLEY_TEST_VERBOSE ? `${text}\n` : '');
      process.stdout.write(
        `${failed ? 'FAIL' : 'ok'}  ${name}: ${count.passed} passed, ${count.failed} failed` +
          `${count.skipped ? `, ${count.skipped} skipped` : ''} (${seconds} s)\n`,
      );
      for (const what of count.leftOut) leftOut.push(`${name}: ${what}`);
      done(count);
    });
  });
}

/** Counts tests (not the suites around them) in a TAP report of any Node version from 18. */
function countLeaves(report) {
  const count = { passed: 0, failed: 0, skipped: 0, leftOut: [] };
  const lines = report.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const found = /^\s*(not )?ok \d+(.*)$/.exec(lines[i]);
    if (!found) continue;
    let block = '';
    for (let j = i + 1; j < lines.length && j < i + 8 && !/^\s*\.\.\.$/.test(lines[j]); j++) {
      block += `${lines[j]}\n`;
    }
    const skipped = /^ - (.*) # SKIP ?(.*)$/i.exec(found[2]);
    const isSuite = /type: '?suite'?/.test(block);
    const byChildren = /subtestsFailed/.test(lines.slice(i, i + 14).join('\n'));
    if (skipped) {
      count.skipped++;
      count.leftOut.push(`${skipped[1]}${skipped[2] ? ` (${skipped[2]})` : ''}`);
    } else if (found[1]) count.failed += isSuite && byChildren ? 0 : 1;
    else if (!isSuite) count.passed++;
  }
  return count;
}

const total = { passed: 0, failed: 0 };
const leftOut = [];
const queue = [...files];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const count = await runFile(file);
      total.passed += count.passed;
      total.failed += count.failed;
    }
  }),
);
if (!files.length) total.failed = 1;
for (const what of leftOut.sort()) process.stdout.write(`left out  ${what}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
leave(total.failed ? 1 : 0);
