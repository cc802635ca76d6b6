// Languages: the browser's, the chosen one, kept on the device and offline.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { Server } from '../lib/server.js';
import { laptop, openBrowser, Person } from './page.js';
import { account, between, say } from './seed.js';

let server: Server;
let browser: Browser;

before(async () => {
  server = await Server.start();
  browser = await openBrowser();
  const ann = await account(server.url, 'ann', 'Ann Larsen');
  const bo = await account(server.url, 'bo', 'Bo Madsen');
  await say(bo, between(ann, bo), 'Guten Morgen!');
});

after(async () => {
  await browser?.close();
  await server?.drop();
});

test('the page speaks as the browser asks, or as it is told on this device', async () => {
  const ann = await Person.sitDown(browser, server.url, { viewport: laptop, locale: 'de-AT' });
  await ann.page.getByRole('button', { name: 'Anmelden' }).waitFor();
  assert.equal(await ann.page.getAttribute('html', 'lang'), 'de');
  await ann.signIn('ann');
  await ann.page.getByRole('heading', { name: 'Chats' }).waitFor();
  await ann.open('Bo Madsen');
  await ann.page.getByRole('heading', { name: 'Heute' }).waitFor();
  await ann.page.goto(`${server.url}/settings/appearance`);
  await ann.page.getByRole('radio', { name: 'English' }).check();
  await ann.page.getByRole('heading', { name: 'Appearance' }).waitFor();
  assert.equal(await ann.page.getAttribute('html', 'lang'), 'en');
  await ann.page.reload();
  await ann.page.getByRole('heading', { name: 'Appearance' }).waitFor();
  await ann.page.getByRole('radio', { name: 'Deutsch' }).check();
  await ann.page.getByRole('heading', { name: 'Darstellung' }).waitFor();
  assert.deepEqual(await ann.accessibility(), []);
  ann.noTroubles();
  await ann.page.waitForFunction('navigator.serviceWorker.controller !== null');
  await server.kill();
  await ann.page.reload();
  await ann.page.getByRole('heading', { name: 'Darstellung' }).waitFor();
  await ann.context.close();
});
