// What measurements share: a table with limits, the best of three, a slower processor, and words for scripts in the page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { ROOT } from '../lib/server.js';

const ROUNDS = 3;
/** A time that is so many times its limit is wrong on any machine. */
const FAR = 3;
/** What a page has not told by then, it never will. */
const NEVER_MS = 60_000;

interface Row {
  what: string;
  limit: string;
  found: string;
}

const table: Row[] = [];
const tooSlow: string[] = [];
const loadBefore = load();
/** Others ran beside: the times say something about them, too. */
let busy = false;

function load(): number {
  return loadavg()[0] ?? 0;
}

const round = (n: number): number => (n < 10 ? Math.round(n * 10) / 10 : Math.round(n));

/** A limit that holds on every machine. */
export function within(what: string, found: number, limit: number, unit: string): void {
  table.push({ what, limit: `${limit} ${unit}`, found: `${round(found)} ${unit}` });
  assert.ok(found <= limit, `${what}: ${found} ${unit}, the limit is ${limit}`);
}

/** A time: told, and wrong only when it is far beyond. */
export function about(what: string, found: number, limit: number, unit = 'ms'): void {
  busy ||= load() > 2 * cpus().length;
  table.push({ what, limit: `${limit} ${unit}`, found: `${round(found)} ${unit}` });
  if (found > limit * FAR)
    tooSlow.push(`${what}: ${round(found)} ${unit}, ${FAR} times the limit is ${limit * FAR}`);
}

/** What nobody measures here, and why. */
export function without(what: string, limit: string, why: string): void {
  table.push({ what, limit, found: why });
}

/** Tells all rows; fails when a time is far beyond its limit, unless the machine had other things to do. */
export function judge(t: { diagnostic(text: string): void; skip(why: string): void }): void {
  for (const row of table) t.diagnostic(`${row.what}: ${row.found} of ${row.limit}`);
  if (busy) t.skip('the machine had other things to do');
  else assert.deepEqual(tooSlow, []);
}

/** Puts the table into docs/performance.md. */
export function write(browser: Browser): void {
  const path = join(ROOT, 'docs', 'performance.md');
  const page = readFileSync(path, 'utf8');
  const start = '<!-- figures: make web-budgets -->';
  const end = '<!-- end of figures -->';
  const from = page.indexOf(start);
  const revision = execFileSync('git', ['-C', ROOT, 'describe', '--always', '--dirty'], { encoding: 'utf8' });
  const memory = Math.floor(totalmem() / 2 ** 30);
  const machine = `${cpus()[0]?.model ?? '?'} (${cpus().length} cores, no graphics), ${memory} GiB, Linux ${release()}`;
  const lines = [
    `\`make web-budgets\`, ${new Date().toISOString().slice(0, 10)}, revision ${revision.trim()}, Chromium ${browser.version()}. ${machine}. ` +
      `Load average before the run ${loadBefore.toFixed(1)}, after it ${load().toFixed(1)}${busy ? ': others used the machine meanwhile' : ''}.`,
    '',
    '| What | Limit | Measured |',
    '|---|---|---|',
    ...table.map((r) => `| ${r.what} | ${r.limit} | ${r.found} |`),
  ];
  writeFileSync(
    path,
    `${page.slice(0, from)}${[start, '', ...lines, '', ''].join('\n')}${page.slice(page.indexOf(end, from))}`,
  );
}

/** The least of three rounds. */
export async function best(run: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < ROUNDS; i++) all.push(await run());
  return Math.min(...all);
}

/** With a processor that is so many times slower. */
export async function slowed<T>(cdp: CDPSession, times: number, run: () => Promise<T>): Promise<T> {
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: times });
  try {
    return await run();
  } finally {
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  }
}

/** Runs a script in the page; one that never ends is told as what it is. */
export async function inPage<T>(page: Page, script: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, fail) => {
    timer = setTimeout(async () => {
      const shown = await page.textContent('body').catch(() => undefined);
      fail(new Error(`the page never answered: ${script.slice(0, 200)}\nIt shows: ${shown?.slice(0, 2000)}`));
    }, NEVER_MS);
  });
  try {
    return await Promise.race([page.evaluate(script) as Promise<T>, never]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * In every page that is measured:
 * - `painted(selector, since, least)` resolves with the time from then until so many of what it names have been painted;
 * - `frames` are the frames as [when, how long], `received` what the server sent while `listening`, as [when, text];
 *   `connected` is when the last connection that came about was begun;
 * - `keptUpTo(user, conv, seq)` resolves when the browser's store has the conversation so far;
 * - `interactions` has the duration of each press and key that took longer than a frame, `longTasks` those over 50 ms.
 */
export const helpers = `
  globalThis.painted = (selector, since = 0, least = 1) => new Promise((done) => {
    const there = () => document.querySelectorAll(selector).length >= least;
    const seen = () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - since), 0));
    if (there()) return seen();
    const watch = new MutationObserver(() => {
      if (!there()) return;
      watch.disconnect();
      seen();
    });
    watch.observe(document, { childList: true, subtree: true, attributes: true });
  });
  globalThis.firstRows = painted('.rows .row[data-conv]');
  globalThis.frames = [];
  let last = 0;
  const frame = (now) => { if (last) frames.push([now, now - last]); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  globalThis.longestFrame = (since) => Math.max(0, ...frames.filter(([at]) => at > since).map(([, took]) => took));
  globalThis.received = [];
  globalThis.listening = false;
  globalThis.connected = 0;
  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...args) {
      const at = performance.now();
      super(...args);
      this.addEventListener('open', () => { connected = at; });
      this.addEventListener('message', (e) => {
        if (listening) received.push([performance.now(), String(e.data)]);
      });
    }
  };
  globalThis.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const e of list.getEntries())
      if (e.interactionId) interactions.set(e.interactionId, Math.max(interactions.get(e.interactionId) ?? 0, e.duration));
  }).observe({ type: 'event', durationThreshold: 16 });
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
  globalThis.keptUpTo = async (user, conv, seq) => {
    const db = await new Promise((go, fail) => {
      const open = indexedDB.open('parley-' + user);
      open.onsuccess = () => go(open.result);
      open.onerror = fail;
    });
    const hi = () => new Promise((go) => {
      db.transaction('conversations').objectStore('conversations').get(conv).onsuccess = (e) => go(e.target.result?.hi ?? 0);
    });
    while ((await hi()) < seq) await new Promise((go) => setTimeout(go, 5));
    db.close();
  };
  globalThis.p95 = (all) => all.sort((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1] ?? 0;
`;
