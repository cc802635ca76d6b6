// Screens that are files of their own: what is shown until they are there, and when they do not come.
import { test } from 'node:test';
import { laptop, Person } from './page.js';
import { account } from './seed.js';
import { browser, onStage, server } from './stage.js';

onStage(async () => {
  await account(server.url, 'ann', 'Ann Larsen');
});

test('a screen that does not come says so, and comes when it is asked for again', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop, noWorker: true });
  const { page } = person;
  await page.route(/\/Settings-\w+\.js$/, (route) => route.abort());
  // The page may have fetched it ahead already.
  await page.reload();
  await person.signIn('ann');
  await page.getByRole('button', { name: 'Settings' }).click();
  await person.see('Try again');
  await page.unroute(/\/Settings-\w+\.js$/);
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await page.locator('.settings-menu').waitFor();
  person.noTroubles();
  await person.context.close();
});

test('a screen that takes long says that it is coming', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop, noWorker: true });
  const { page } = person;
  let go = (): void => {};
  const held = new Promise<void>((run) => {
    go = run;
  });
  await page.route(/\/Settings-\w+\.js$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  await person.signIn('ann');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.locator('.pane-coming').first().getByText('Loading').waitFor();
  go();
  await page.locator('.settings-menu').waitFor();
  await page.locator('.pane-coming').waitFor({ state: 'detached' });
  person.noTroubles();
  await person.context.close();
});
