// The emoji picker: by keys and by mouse, in the composer and for reactions, found in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laptop, Person, phone } from './page.js';
import { account, between, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

let person: Person;

onStage(async () => {
  const ann = await account(server.url, 'ann', 'Ann Larsen');
  const bo = await account(server.url, 'bo', 'Bo Madsen');
  await say(bo, between(ann, bo), 'Lift-off!');
  person = await Person.sitDown(browser, server.url, { viewport: laptop });
  await person.signIn('ann');
  await person.open('Bo Madsen');
});

test('by keys alone: the box, the button, a search, and back in the box behind the emoji', async () => {
  const { page } = person;
  await page.keyboard.type('We fly  now');
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Emoji' }).waitFor();
  // The word of another language finds it, too.
  await page.keyboard.type('rakete');
  await page.locator('[data-emoji="🚀"]').waitFor();
  assert.deepEqual(await person.accessibility(), []);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.type('!');
  assert.equal(await page.inputValue('#composer'), 'We fly 🚀! now');
});

test('arrows move in the grid, Escape leaves everything as it was', async () => {
  const { page } = person;
  await page.getByRole('button', { name: 'Emoji' }).click();
  await person.see('Recently used');
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.dataset.emoji');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), '🚀');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), '😀');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(), '😃');
  await page.keyboard.press('ArrowDown');
  const below = await focused();
  assert.ok(below !== '😃' && below !== '😄', `${below}`);
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(), '😃');
  await page.keyboard.press('End');
  assert.equal(await focused(), '🇧🇷');
  // The first Escape takes back the search, the second the picker.
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('hand');
  await page.keyboard.press('Escape');
  await person.see('Recently used');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.inputValue('#composer'), 'We fly 🚀! now');
  await page.fill('#composer', '');
});

test('any emoji is a reaction', async () => {
  const { page } = person;
  await person.message('Lift-off!').locator('.bubble').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'More reactions' }).click();
  await page.getByRole('dialog', { name: 'Emoji' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('rocket');
  await page.locator('[data-emoji="🚀"]').click();
  await person.message('Lift-off!').locator('.reaction', { hasText: '🚀' }).waitFor();
});

test('on a phone it is a sheet', async () => {
  const { page } = person;
  await page.setViewportSize(phone);
  await page.getByRole('button', { name: 'Emoji' }).click();
  const box = await page.getByRole('dialog').boundingBox();
  assert.ok(box && box.x === 0 && Math.round(box.y + box.height) === phone.height, JSON.stringify(box));
  await page.mouse.click(200, 100);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  person.noTroubles();
});
