// Search: over all chats from the device and then the server, and inside a chat with highlights, filters and dates.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../lib/world.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account, between, op, readAll, say } from './seed.js';
import { browser, onStage, server, startAgain } from './stage.js';

const COUNT = 260;

let ann: Account;
let bo: Account;
let cy: Account;
let conv: string;
let team: string;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  cy = await account(server.url, 'cy', 'Cyrille Blanc');
  conv = between(ann, bo);
  await say(bo, conv, 'A zéphyr from long ago');
  for (let i = 2; i <= COUNT; i++) await say(i % 2 ? bo : ann, conv, `Message ${i}`);
  await say(ann, conv, 'My ZEPHYR of today');
  await say(bo, conv, 'Two zephyrs, one zephyr');
  // Times of so many messages in a second run ahead of the clock (PROTOCOL.md 1); the group comes after them.
  await new Promise((go) => setTimeout(go, 1000));
  team = (await op(ann, 'group.create', { name: 'Team', members: [bo.id, cy.id], cmid: 'team' })).conv;
  await say(cy, team, '東京タワーのzephyrです');
  await readAll(ann, conv);
  await readAll(ann, team);
});

async function sitDown(look = laptop): Promise<Person> {
  const person = await Person.sitDown(browser, server.url, { viewport: look });
  await person.signIn('ann');
  await person.page.locator('.row', { hasText: 'Bo Madsen' }).waitFor();
  return person;
}
const found = (person: Person): Promise<string[]> =>
  person.page
    .locator('[data-found]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-found') ?? ''));

test('everywhere: chats at once, messages of the device, then those of the server', async () => {
  const person = await sitDown();
  const { page } = person;
  // What was said lately is here, what was said long ago is not.
  await person.open('Bo Madsen');
  await page.goto(`${server.url}/`);
  await page.fill('#chat-search', 'ZÉPHYR');
  await page.locator(`[data-found="${conv}:${COUNT + 2}"]`).waitFor();
  await page.locator(`[data-found="${team}:2"]`).waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/search?q=Z%C3%89PHYR');
  assert.ok(!(await found(person)).includes(`${conv}:1`), 'the oldest is not on the device');
  await page.getByRole('button', { name: 'More results from the server' }).click();
  await page.locator(`[data-found="${conv}:1"]`).waitFor();
  await person.see('That’s everything');
  assert.deepEqual(await found(person), [
    `${team}:2`,
    `${conv}:${COUNT + 2}`,
    `${conv}:${COUNT + 1}`,
    `${conv}:1`,
  ]);
  const marks = await page.locator(`[data-found="${conv}:${COUNT + 2}"] mark`).allTextContents();
  assert.deepEqual(marks, ['zephyr', 'zephyr']);
  assert.deepEqual(await page.locator(`[data-found="${conv}:1"] mark`).allTextContents(), ['zéphyr']);
  assert.deepEqual(await person.accessibility(), []);
  await person.shot('search');

  // The address is the search: a reload shows it again.
  await page.reload();
  await page.locator(`[data-found="${team}:2"]`).waitFor();
  assert.equal(await page.inputValue('#chat-search'), 'ZÉPHYR');

  // A result leads to its message, however far back.
  await page.getByRole('button', { name: 'More results from the server' }).click();
  await page.locator(`[data-found="${conv}:1"]`).click();
  await page.locator('article[data-seq="1"]').waitFor();
  assert.match(page.url(), /\/c\/d-\d+-\d+\?m=1$/);
  person.noTroubles();
  await person.context.close();
});

test('everywhere: nothing found, people, and the way back', async () => {
  const person = await sitDown();
  const { page } = person;
  await page.fill('#chat-search', '東京');
  await page.locator(`[data-found="${team}:2"]`).waitFor();
  await page.fill('#chat-search', 'qqqq');
  await person.see('No message with “qqqq”');
  await page.fill('#chat-search', 'blanc');
  await page.fill('#chat-search', 'cy');
  await page.locator('[data-user="cy"]').waitFor();
  await page.fill('#chat-search', '');
  assert.equal(new URL(page.url()).pathname, '/');
  await page.locator('.row', { hasText: 'Bo Madsen' }).waitFor();
  person.noTroubles();
  await person.context.close();
});

test('in a chat: count, older and newer, highlights, sender, and Ctrl+F twice', async () => {
  const person = await sitDown();
  const { page } = person;
  await person.open('Bo Madsen');
  // At once, while messages still come in.
  await page.keyboard.press('Control+f');
  await page.keyboard.type('zephyr');
  const input = page.locator('#find-input');
  assert.equal(await input.inputValue(), 'zephyr');
  await page.evaluate('document.activeElement.same = true');
  await person.message('Two zephyrs').waitFor();
  await page.locator('.find-count[data-count="3"]').waitFor();
  assert.equal(await page.locator('.find-count').textContent(), '3 results');
  assert.ok(await page.evaluate('document.activeElement.same'), 'it is still the same bar');
  const lit = (): Promise<string[]> =>
    page.evaluate(`[...(CSS.highlights.get('found') ?? [])].map((range) => range.toString())`);
  assert.deepEqual(await lit(), ['ZEPHYR', 'zephyr', 'zephyr']);
  await page.keyboard.press('Enter');
  await person.see('1 of 3');
  assert.match(page.url(), new RegExp(`m=${COUNT + 2}$`));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await person.see('3 of 3');
  await page.locator('article[data-seq="1"]').waitFor();
  await eventually(async () => (await lit()).includes('zéphyr'), 'what is far back is marked, too');
  await page.keyboard.press('Shift+Enter');
  await person.see('2 of 3');
  await person.shot('search-in-chat');

  await page.getByRole('button', { name: 'Sender and date' }).click();
  await page.getByLabel('Sent by').selectOption({ label: 'You' });
  await page.locator('.find-count[data-count="1"]').waitFor();
  await page.getByLabel('Sent by').selectOption({ label: 'Anyone' });
  await page.locator('.find-count[data-count="3"]').waitFor();
  await page.getByLabel('Until').fill('2020-01-01');
  await page.locator('.find-count[data-count="0"]').waitFor();
  assert.equal(await page.locator('.find-count').textContent(), 'No results');
  await page.getByLabel('Until').fill('');
  await page.locator('.find-count[data-count="3"]').waitFor();
  assert.deepEqual(await person.accessibility(), []);

  // The second Ctrl+F is the browser's.
  await page.evaluate(
    `addEventListener('keydown', (e) => { document.title = 'prevented ' + e.defaultPrevented; })`,
  );
  await input.press('Control+f');
  assert.equal(await page.title(), 'prevented false');
  await input.press('Escape');
  await input.waitFor({ state: 'detached' });
  await eventually(async () => (await lit()).length === 0, 'nothing is marked any more');
  await page.keyboard.press('Control+f');
  await input.waitFor();
  assert.equal(await page.title(), 'prevented true');
  person.noTroubles();
  await person.context.close();
});

test('in a chat: a jump to a date', async () => {
  const person = await sitDown();
  const { page } = person;
  await person.open('Bo Madsen');
  await page.keyboard.press('Control+f');
  await page.getByRole('button', { name: 'Sender and date' }).click();
  await page.getByLabel('Jump to date').fill('2001-02-03');
  await page.locator('article[data-seq="1"]').waitFor();
  await page.getByLabel('Jump to date').fill('2100-01-01');
  await person.see('There is nothing on or after that day.');
  person.noTroubles();
  await person.context.close();
});

test('without a connection: what the device has, and it says so', async () => {
  const person = await sitDown(phone);
  const { page } = person;
  await person.open('Bo Madsen');
  await person.message('Two zephyrs').waitFor();
  await page.goto(`${server.url}/`);
  await page.locator('.row', { hasText: 'Bo Madsen' }).waitFor();
  await server.kill();
  await page.fill('#chat-search', 'zephyr');
  await person.see('Showing messages saved on this device');
  await page.locator(`[data-found="${conv}:${COUNT + 1}"]`).waitFor();
  assert.equal(await page.getByRole('button', { name: 'More results from the server' }).count(), 0);
  await page.locator(`[data-found="${conv}:${COUNT + 1}"]`).click();
  await page.locator(`article[data-seq="${COUNT + 1}"]`).waitFor();
  await page.getByRole('button', { name: 'Search in this chat' }).click();
  await page.fill('#find-input', 'zephyr');
  await page.locator('.find-count[data-count="2"]').waitFor();
  await person.see('Showing messages saved on this device');
  await startAgain();
  await page.locator('.find-count[data-count="3"]').waitFor({ timeout: 30_000 });
  await person.context.close();
});
