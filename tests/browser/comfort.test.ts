// Sounds and quiet hours, and the one suggestion to install the app.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maySound } from '../../web/src/lib/quiet.ts';
import { eventually } from '../lib/world.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account, between, op, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

let ann: Account;
let bo: Account;
let conv: string;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  conv = between(ann, bo);
  await say(bo, conv, 'Hello');
});

test('quiet hours, over midnight and within a day', () => {
  const noise = { sound: true, quiet: true, quietFrom: '22:00', quietTo: '07:00' };
  const at = (time: string): Date => new Date(`2026-11-26T${time}:00`);
  for (const [time, may] of [
    ['21:59', true],
    ['22:00', false],
    ['23:59', false],
    ['00:00', false],
    ['06:59', false],
    ['07:00', true],
  ] as const) {
    assert.equal(maySound(noise, at(time)), may, time);
    assert.equal(maySound({ ...noise, quiet: false }, at(time)), true);
    assert.equal(maySound({ ...noise, sound: false }, at(time)), false);
  }
  const noon = { ...noise, quietFrom: '12:00', quietTo: '14:30' };
  assert.equal(maySound(noon, at('11:59')), true);
  assert.equal(maySound(noon, at('12:00')), false);
  assert.equal(maySound(noon, at('14:29')), false);
  assert.equal(maySound(noon, at('14:30')), true);
});

test('a sound for what nobody looks at; none for what is read, muted, or when it is off', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop });
  const { page } = person;
  await page.addInitScript(`
    globalThis.notes = 0;
    AudioScheduledSourceNode.prototype.start = () => { globalThis.notes++; };
    AudioScheduledSourceNode.prototype.stop = () => undefined;`);
  await page.reload();
  await person.signIn('ann');
  const notes = (): Promise<unknown> => page.evaluate('globalThis.notes');
  await say(bo, conv, 'Nobody looks');
  await person.see('Nobody looks');
  await eventually(async () => (await notes()) === 2, 'two notes');

  /** Longer than a message waits for its sound, and than one sound keeps off the next. */
  const pause = (): Promise<void> => page.waitForTimeout(2500);
  await pause();
  await person.open('Bo Madsen');
  await say(bo, conv, 'Ann looks');
  await person.message('Ann looks').waitFor();
  await pause();
  assert.equal(await notes(), 2, 'it was in front');

  await page.getByRole('button', { name: 'Settings' }).click();
  await op(ann, 'conv.set', { conv, muted_until: Date.now() + 3600_000 });
  await page.getByRole('button', { name: 'Notifications' }).click();
  await page.locator('.settings-pane li', { hasText: 'Bo Madsen' }).waitFor();
  await say(bo, conv, 'Muted');
  await pause();
  assert.equal(await notes(), 2, 'it is muted');
  await op(ann, 'conv.set', { conv, muted_until: 0 });
  await person.see('No chat is muted');

  // The hours can be chosen; in them it is silent.
  await page.getByRole('switch', { name: 'Quiet hours' }).setChecked(true);
  await page.getByLabel('From', { exact: true }).fill('00:00');
  await page.getByLabel('To', { exact: true }).fill('23:59');
  assert.deepEqual(await person.accessibility(), []);
  await say(bo, conv, 'In the night');
  await pause();
  assert.equal(await notes(), 2, 'it is quiet');
  await page.getByRole('switch', { name: 'Quiet hours' }).setChecked(false);
  await say(bo, conv, 'In the day');
  await eventually(async () => (await notes()) === 4, 'two more');
  person.noTroubles();
  await person.context.close();
});

test('installing is suggested once, after the third visit, and stays in the settings', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: phone });
  await person.signIn('ann');
  const offer = `(() => {
    const e = new Event('beforeinstallprompt');
    e.prompt = async () => { globalThis.asked = true; };
    e.userChoice = Promise.resolve({ outcome: 'accepted' });
    dispatchEvent(e);
  })()`;
  await person.page.evaluate(offer);
  const visit = async (): Promise<Person> => {
    const tab = person.beside(await person.context.newPage());
    await tab.page.goto(`${server.url}/`);
    await tab.page.locator('.row').first().waitFor();
    await tab.page.evaluate(offer);
    return tab;
  };
  const second = await visit();
  assert.equal(await person.page.locator('.install-hint').count(), 0);
  assert.equal(await second.page.locator('.install-hint').count(), 0);
  const third = await visit();
  await third.page.locator('.install-hint').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await third.page.emulateMedia({ colorScheme });
    await third.shot(`install-hint-phone-${colorScheme}`);
    assert.deepEqual(await third.accessibility(), []);
  }
  await third.page.getByRole('button', { name: 'Not now' }).click();
  await third.page.locator('.install-hint').waitFor({ state: 'detached' });
  const fourth = await visit();
  assert.equal(await fourth.page.locator('.install-hint').count(), 0);
  await fourth.page.getByRole('button', { name: 'Settings' }).click();
  await fourth.page.getByRole('button', { name: 'About' }).click();
  await fourth.page.getByRole('button', { name: 'Install', exact: true }).click();
  await fourth.see('Parley is installed on this device.');
  assert.equal(await fourth.page.evaluate('globalThis.asked'), true);
  fourth.noTroubles();
  await person.context.close();
});
