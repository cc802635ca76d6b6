// The picture of the README, from a small believable world. With PARLEY_PICTURE=1 it goes to docs/images/parley.png.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../lib/server.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account, between, op, readAll, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

onStage();

async function world(url: string): Promise<{ ann: Account; bo: Account; group: string }> {
  const ann = await account(url, 'ann', 'Ann Larsen');
  const bo = await account(url, 'bo', 'Bo Madsen');
  const cy = await account(url, 'cyrus', 'Cyrus Amini');
  const dana = await account(url, 'dana', 'Dana Okafor');
  const erik = await account(url, 'erik', 'Erik Sørensen');
  const fatima = await account(url, 'fatima', 'فاطمة الزهراء');
  const react = (who: Account, conv: string, seq: number, emoji: string) =>
    op(who, 'react', { conv, seq, emoji, on: true, cmid: randomUUID() });

  await say(fatima, between(ann, fatima), 'مرحبا آن، كيف حالك؟');
  await say(erik, between(ann, erik), 'The map is in my bike bag.');
  await say(ann, between(ann, erik), 'Thank you! I pick it up tonight.');
  await readAll(ann, between(ann, erik));
  await readAll(erik, between(ann, erik));

  const group = (
    await op(ann, 'group.create', {
      name: 'Lake weekend',
      members: [bo.id, cy.id, dana.id],
      cmid: randomUUID(),
    })
  ).conv;
  await say(cy, group, 'Who has a tent for three?');
  await say(dana, group, 'Me, and a spare sleeping bag.');
  const stove = await say(dana, group, 'Also a stove, but no gas.');
  const gas = await say(cy, group, 'I get the gas 🔥', { reply_to: stove.seq });
  await react(dana, group, gas.seq, '❤️');
  await react(bo, group, gas.seq, '❤️');
  await op(ann, 'group.add', { conv: group, users: [erik.id], cmid: randomUUID() });
  await say(erik, group, 'Thanks for adding me! I can drive, four seats.');
  const great = await say(ann, group, 'Great, then we are five and one car is enough.');
  await react(erik, group, great.seq, '👍');
  await say(
    ann,
    group,
    'The train home leaves on Sunday at 17:20, for those who want to stay longer: https://example.org/trains',
  );
  for (const who of [ann, bo, cy, dana, erik]) await readAll(who, group);

  const ab = between(ann, bo);
  await say(ann, ab, 'Are we still on for Saturday? ☀️');
  await say(bo, ab, 'Yes! I bring coffee ☕️');
  await readAll(ann, ab);
  for (const text of ['Have you read the report?', 'Page 4 is the interesting one', 'No hurry though']) {
    await say(cy, between(ann, cy), text);
  }
  await say(ann, between(ann, dana), 'Can you call me when you have a minute?');
  return { ann, bo, group };
}

test('the picture', async () => {
  const { bo, group } = await world(server.url);
  const other = await Person.sitDown(browser, server.url, { viewport: phone, dark: true });
  await other.signIn('bo');
  const ann = await Person.sitDown(browser, server.url, { viewport: laptop });
  await ann.signIn('ann');
  await ann.open('Lake weekend');
  await ann.message('The train home').locator('.footer [data-state=read]').waitFor();
  await op(bo, 'typing', { conv: group, on: true });
  await ann.page.locator('.typing-row').waitFor();
  await ann.page.mouse.move(700, 20);
  const path = await ann.shot('picture');
  assert.ok(statSync(path).size < 300_000);
  if (process.env.PARLEY_PICTURE) {
    mkdirSync(join(ROOT, 'docs', 'images'), { recursive: true });
    copyFileSync(path, join(ROOT, 'docs', 'images', 'parley.png'));
  }
  await other.shot('picture-phone-list');
  await other.open('Lake weekend');
  await other.shot('picture-phone');
  ann.noTroubles();
  other.noTroubles();
});
