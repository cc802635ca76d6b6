// The page without a network, in several tabs, and on its way to the next version: it opens from what it kept, sends what
// waited once and in order, has one connection for all tabs, and loses no typed word.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { directConv, eventually } from '../lib/world.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account, say } from './seed.js';
import { browser, front, onStage, server, startAgain } from './stage.js';

onStage();

let ann: Person;
let bo: Account;
let conv: string;

/** What the page keeps on the device. */
function stored(page: Page, what: string): Promise<{ id: string; order: number }[]> {
  return page.evaluate(`(async () => {
    const name = (await indexedDB.databases()).map((d) => d.name).find((n) => n.startsWith('parley-'));
    const done = (request) => new Promise((go) => { request.onsuccess = () => go(request.result); });
    const db = await done(indexedDB.open(name));
    const all = await done(db.transaction('${what}').objectStore('${what}').getAll());
    db.close();
    return all;
  })()`) as Promise<{ id: string; order: number }[]>;
}

/** Who is signed in on the page. */
async function session(page: Page): Promise<{ token: string; user: { id: string } }> {
  return JSON.parse((await page.evaluate(`localStorage.getItem('parley.session')`)) as string);
}

/** What the server has of the conversation, oldest first. */
async function log(page: Page): Promise<{ text: string; cmid?: string }[]> {
  const { token } = await session(page);
  const answer = await fetch(`${server.url}/v1/conversations/${conv}/messages?after_seq=0&limit=200`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { messages } = (await answer.json()) as { messages: { text: string; cmid?: string }[] };
  return messages;
}

const early = ['Kept on the device, one', 'Kept on the device, two'];
const queued = ['Written on the train, 1', 'Written on the train, 2', 'Written on the train, 3'];

test('the shell is kept once the page was open', async () => {
  bo = await account(server.url, 'bo', 'Bo Madsen');
  ann = await Person.sitDown(browser, front.url, { viewport: laptop });
  await ann.register('ann', 'Ann Larsen');
  await ann.find('bo');
  for (const text of early) await ann.write(text);
  for (const text of early) await ann.tick(text, 'sent');
  conv = directConv((await session(ann.page)).user.id, bo.id);
  await say(bo, conv, 'And one from Bo');
  await ann.message('And one from Bo').waitFor();
  await ann.page.waitForFunction('navigator.serviceWorker.controller !== null');
  // What is seen is kept a moment later.
  await eventually(async () => (await stored(ann.page, 'entries')).length === early.length + 1, 'kept');
});

test('a cold start without a server shows the list and the messages; what is written waits, over another start', async () => {
  await server.kill();
  await ann.page.goto(`${front.url}/`);
  await ann.page.waitForSelector('.chat-list');
  await ann.see('Bo Madsen');
  await ann.shot('offline-list');
  await ann.open('Bo Madsen');
  for (const text of [...early, 'And one from Bo']) await ann.message(text).waitFor();
  for (const text of queued) await ann.write(text);
  await ann.tick(queued[2] ?? '', 'sending');
  await ann.page.locator('.banner', { hasText: "Can't reach the server" }).first().waitFor();
  await ann.shot('offline-queued');
  await ann.page.reload();
  await ann.tick(queued[0] ?? '', 'sending');
  const items = await stored(ann.page, 'outbox');
  const ids = items.sort((a, b) => a.order - b.order).map((i) => i.id);
  assert.equal(ids.length, queued.length);
  await startAgain();
  await ann.tryNow();
  for (const text of queued) await ann.tick(text, 'sent');
  const entries = (await log(ann.page)).slice(-queued.length);
  assert.deepEqual(
    entries.map((e) => e.text),
    queued,
  );
  assert.deepEqual(
    entries.map((e) => e.cmid),
    ids,
    'with the first cmid',
  );
  assert.deepEqual(await ann.texts(), [...early, 'And one from Bo', ...queued]);
  await ann.shot('offline-back');
});

test('several tabs have one connection; when its tab is closed, another takes over', async (t) => {
  const first = ann.page;
  const second = await ann.context.newPage();
  let opened = 0;
  let openedAt = 0;
  second.on('websocket', () => {
    opened++;
    openedAt = Date.now();
  });
  const other = ann.beside(second);
  await second.goto(first.url());
  for (const text of queued) await other.message(text).waitFor();
  await other.write('From the second tab');
  await other.tick('From the second tab', 'sent');
  await ann.message('From the second tab').waitFor();
  await ann.write('From the first tab');
  await other.message('From the first tab').waitFor();
  await say(bo, conv, 'To all tabs');
  await ann.message('To all tabs').waitFor();
  await other.message('To all tabs').waitFor();
  assert.equal(opened, 0, 'the second tab has no connection of its own');
  const closedAt = Date.now();
  await first.close();
  await say(bo, conv, 'After the leader');
  await other.message('After the leader').waitFor();
  // A page that was closed may still have handed that message on.
  await eventually(async () => opened > 0, 'the second tab connects');
  t.diagnostic(`takeover: ${openedAt - closedAt} ms`);
  await other.write('Still here');
  await other.tick('Still here', 'sent');
  assert.equal(opened, 1);
  const texts = (await log(second)).map((e) => e.text);
  assert.deepEqual(texts.slice(-5), [
    'From the second tab',
    'From the first tab',
    'To all tabs',
    'After the leader',
    'Still here',
  ]);
  ann = other;
});

test('the next version waits until it is wanted, and the draft is still there', async () => {
  await ann.page.setViewportSize(phone);
  await ann.page.fill('#composer', 'Half a sentence that must not');
  front.version = 'next';
  await ann.page.evaluate('navigator.serviceWorker.getRegistration().then((r) => r.update())');
  await ann.see('A new version is ready.');
  await ann.shot('update-phone');
  await ann.page.setViewportSize(laptop);
  await ann.shot('update-laptop');
  assert.deepEqual(await ann.accessibility(), []);
  await ann.page.fill('#composer', 'Half a sentence that must not be lost');
  await Promise.all([
    ann.page.waitForEvent('load'),
    ann.page.locator('.banner-action:visible').first().click(),
  ]);
  await ann.page.waitForSelector('#composer');
  await ann.page.waitForFunction(`document.querySelector('#composer').value !== ''`);
  assert.equal(await ann.page.inputValue('#composer'), 'Half a sentence that must not be lost');
  assert.equal(await ann.page.getByText('A new version is ready.').count(), 0);
  ann.noTroubles();
});

test('signing out in one tab signs out in all, and leaves nothing of the account behind', async () => {
  const second = ann.beside(await ann.context.newPage());
  await second.page.goto(`${front.url}/settings/devices`);
  await second.page.getByRole('button', { name: 'Sign out' }).last().click();
  await second.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await second.page.waitForSelector('.sign-in');
  await ann.page.waitForSelector('.sign-in');
  // Time for the other tab to do what it should not.
  await ann.page.waitForTimeout(500);
  assert.deepEqual(await stored(ann.page, 'conversations'), []);
  assert.deepEqual(await stored(ann.page, 'entries'), []);
  assert.deepEqual(await stored(ann.page, 'outbox'), []);
});
