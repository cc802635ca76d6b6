// A conversation of a hundred thousand messages: written through the protocol, and then kept whole by a browser.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Client } from '../lib/client.js';
import { ROOT } from '../lib/server.js';
import { inPage } from './measure.js';
import type { Account } from './seed.js';

/** So many requests are under way at once. */
const WINDOW = 64;

/** Both write by turns; what message `i` says comes from `text`. */
export async function fill(
  conv: string,
  who: Account[],
  count: number,
  text: (i: number) => string,
): Promise<void> {
  const clients = await Promise.all(who.map((a) => Client.open(a.url)));
  await Promise.all(clients.map((c, k) => c.hello(who[k]?.token ?? '')));
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < count) {
      const i = ++next;
      const client = clients[Math.floor(i / 3) % clients.length];
      await client?.ok('send', { conv, text: text(i), cmid: randomUUID() });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, write));
  await Promise.all(clients.map((c) => c.close()));
}

/** Waits until the browser's store has the conversation up to here. */
export function onDevice(page: Page, who: Account, conv: string, seq: number): Promise<void> {
  return inPage(page, `keptUpTo('${who.id}', '${conv}', ${seq})`);
}

/** Brings the page's own store into a page of the same server on which the app does not run. */
export async function withoutApp(page: Page, url: string): Promise<void> {
  const { build } = createRequire(join(ROOT, 'package.json'))('esbuild') as typeof import('esbuild');
  const made = await build({
    entryPoints: [join(ROOT, 'web', 'src', 'state', 'idb-store.ts')],
    bundle: true,
    format: 'iife',
    globalName: 'Kept',
    write: false,
    conditions: ['source', 'import', 'browser'],
    alias: { '@parley/sdk': join(ROOT, 'sdk', 'ts', 'src', 'index.ts') },
  });
  await page.route('**/blank', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  await page.goto(`${url}/blank`);
  await page.evaluate(`${made.outputFiles[0]?.text ?? ''}; globalThis.Kept = Kept;`);
}

/** In such a page, for a conversation that was open before: keeps all of it, as if somebody had scrolled to its start. */
export function keepAll(page: Page, who: Account, conv: string): Promise<number> {
  return inPage(
    page,
    `(async () => {
      const store = await Kept.IdbStore.open('${who.id}');
      const stored = (await store.load()).conversations.find((c) => c.conv === '${conv}');
      const headers = { authorization: 'Bearer ' + JSON.parse(localStorage.getItem('parley.session')).token };
      const page = async (after) => {
        const answer = await fetch('/v1/conversations/${conv}/messages?limit=200&after_seq=' + after, { headers });
        return (await answer.json()).messages;
      };
      let entries = [];
      for (let after = 0; after < stored.hi; ) {
        const more = await page(after);
        after = more.at(-1).seq;
        entries.push(...more);
        if (entries.length < 2000 && after < stored.hi) continue;
        await store.commit({ entries });
        entries = [];
      }
      await store.commit({ conversations: [{ ...stored, lo: 1, first_seq: 1 }] });
      return stored.hi;
    })()`,
  );
}
