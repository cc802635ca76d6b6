// What every file of these tests stands on: a server, a browser, and between them a line that a test can cut.
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { Server } from '../lib/server.js';
import { Front } from './front.js';
import { openBrowser } from './page.js';

/** Of this file alone; there once the stage is set up. */
export let server: Server;
export let front: Front;
export let browser: Browser;

/** Sets it up, then what the file adds to it, and clears it away in the end. `chromium` false: the file has other browsers. */
export function onStage(add?: () => Promise<void>, chromium = true): void {
  // One hook: several at the top of a file do not wait for each other.
  before(async () => {
    server = await Server.start();
    front = await Front.start(server.url);
    if (chromium) browser = await openBrowser();
    await add?.();
  });
  after(async () => {
    await browser?.close();
    front?.close();
    await server?.drop();
  });
}

/** The server ends, if it has not yet, and comes back at its address with its data. */
export async function startAgain(options: string[] = []): Promise<void> {
  const { data, url } = server;
  await server.kill();
  server = await Server.start({ data, listen: new URL(url).host, options });
}
