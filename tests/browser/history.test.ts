// A long conversation: opened at the first unread message, read page by page to its beginning, without a jump.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../lib/world.js';
import { laptop, Person } from './page.js';
import { type Account, account, between, op, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

const COUNT = 300;
const READ = 240;

let ann: Account;
let bo: Account;
let conv: string;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  conv = between(ann, bo);
  for (let i = 1; i <= COUNT; i++) {
    await say(
      i % 3 ? bo : ann,
      conv,
      `Message ${i}${i % 7 ? '' : ', a longer one, so that not every row is as high as the next one. '.repeat(3)}`,
    );
  }
  await op(ann, 'ack', { read: { [conv]: READ } });
});

test('it opens at the first unread message, and everything can be scrolled to', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop });
  await person.signIn('ann');
  await person.open('Bo Madsen');
  const divider = person.page.locator('.divider');
  await divider.waitFor();
  const place = await divider.boundingBox();
  assert.ok(place && place.y > 60 && place.y < 500, `the divider is in the upper half: ${place?.y}`);
  await person.page.getByRole('button', { name: /new messages below/ }).waitFor();

  const timeline = person.page.locator('.timeline');
  const first = person.page.locator('[data-seq="1"]');
  for (let i = 0; i < 60 && (await first.count()) === 0; i++) {
    await timeline.evaluate((el) => el.scrollBy({ top: -1500 }));
    await person.page.waitForTimeout(60);
  }
  await first.waitFor();
  const seqs = await person.page
    .locator('article[data-seq]')
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-seq'))));
  assert.deepEqual(
    seqs,
    Array.from({ length: COUNT }, (_, i) => i + 1),
  );

  await person.page.getByRole('button', { name: /below|latest/ }).click();
  await person.message(`Message ${COUNT}`).waitFor();
  await eventually(async () => {
    const { members } = (await op(bo, 'members', { conv })) as unknown as {
      members: { name: string; read: number }[];
    };
    return members.some((m) => m.name === 'ann' && m.read === COUNT);
  }, 'everything is read');
  await person.page.locator('.rail-badge').waitFor({ state: 'detached' });
  person.noTroubles();
  await person.context.close();
});

test('what is being read does not move when older and newer messages come', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop });
  await person.signIn('ann');
  await person.open('Bo Madsen');
  await person.message(`Message ${COUNT}`).waitFor();
  const timeline = person.page.locator('.timeline');
  await timeline.evaluate((el) => el.scrollBy({ top: -900 }));
  await person.page.waitForTimeout(400);
  const row = person.page.locator(`[data-seq="${COUNT - 12}"]`);
  const before = await row.boundingBox();
  await say(bo, conv, 'One more, while you read');
  await person.page.getByRole('button', { name: '1 new message below' }).waitFor();
  const behind = await row.boundingBox();
  assert.ok(
    before && behind && Math.abs(before.y - behind.y) <= 1,
    `moved from ${before?.y} to ${behind?.y}`,
  );
  await person.context.close();
});

test('without Web Locks a second window takes over, and the first one says so', async () => {
  const person = await Person.sitDown(browser, server.url, { viewport: laptop });
  // As on a page that came over plain HTTP from another host.
  await person.context.addInitScript(`Object.defineProperty(navigator, 'locks', { value: undefined })`);
  await person.page.reload();
  await person.signIn('ann');
  const second = await person.context.newPage();
  await second.goto(`${server.url}/`);
  await second.waitForSelector('.row');
  await person.see('Parley is open in another tab or window.');
  await person.page.getByRole('button', { name: 'Use here' }).locator('visible=true').click();
  await second
    .getByText('Parley is open in another tab or window.')
    .locator('visible=true')
    .first()
    .waitFor();
  await person.context.close();
});
