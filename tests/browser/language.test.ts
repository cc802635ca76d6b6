// Languages: the browser's, the chosen one, kept on the device and offline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laptop, Person, phone } from './page.js';
import { speakPseudo, strangers } from './pseudo.js';
import { account, between, op, say } from './seed.js';
import { browser, onStage, server, startAgain } from './stage.js';

let group: string;
/** Of people, a group and languages. */
const names = ['ann', 'bo', 'Ann Larsen', 'Bo Madsen', 'شهر', 'English', 'Deutsch'];

onStage(async () => {
  const ann = await account(server.url, 'ann', 'Ann Larsen');
  const bo = await account(server.url, 'bo', 'Bo Madsen');
  await say(bo, between(ann, bo), 'Guten Morgen!');
  group = (await op(ann, 'group.create', { name: 'شهر', members: [bo.id], cmid: 'one' })).conv;
  await say(ann, group, '12 % mehr, (vielleicht)');
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
  const foreign = (await ann.page.evaluate(strangers(names))) as string[];
  assert.ok(foreign.length > 5, 'on an English page, the search for strangers finds its words');
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
  await startAgain();
});

for (const [dir, viewport] of [
  ['ltr', laptop],
  ['ltr', phone],
  ['rtl', laptop],
  ['rtl', phone],
] as const) {
  const device = viewport === phone ? 'phone' : 'laptop';
  test(`in a language 40 % longer that is written ${dir}, every word is a word of it, on a ${device}`, async () => {
    const ann = await Person.sitDown(browser, server.url, { viewport, locale: 'de-DE', noWorker: true });
    await speakPseudo(ann.context, dir);
    await ann.page.reload();
    await ann.page.waitForSelector('.sign-in');
    assert.equal(await ann.page.getAttribute('html', 'dir'), dir);
    const found = new Set((await ann.page.evaluate(strangers(names))) as string[]);
    await ann.signIn('ann');
    const chat = `/c/${group.replaceAll('.', '-')}`;
    const pages = 'profile privacy appearance storage unsent devices blocked shortcuts about'.split(' ');
    const paths = [
      '/',
      chat,
      `${chat}/details`,
      `${chat}/details/add`,
      `${chat}/m/2`,
      '/new',
      '/new/group',
      '/people',
    ];
    for (const path of [...paths, '/settings', ...pages.map((p) => `/settings/${p}`)]) {
      await ann.page.goto(`${server.url}${path}`);
      await ann.page.waitForSelector('.shell');
      await ann.page.waitForTimeout(150);
      for (const f of (await ann.page.evaluate(strangers(names))) as string[]) found.add(`${path}: ${f}`);
      const [needs, has] = (await ann.page.evaluate(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      )) as [number, number];
      if (needs > has) found.add(`${path}: ${needs} px wide`);
      if (path === '/' || path === chat)
        await ann.shot(`${dir}${path === '/' ? '-list' : '-chat'}-${device}`);
    }
    assert.deepEqual([...found], []);
    if (viewport === laptop) {
      await ann.page.goto(`${server.url}${chat}`);
      const side = await ann.page.locator('.side').boundingBox();
      const main = await ann.page.locator('.main').boundingBox();
      assert.ok(side && main && side.x > main.x === (dir === 'rtl'), 'the list is where reading begins');
    }
    ann.noTroubles();
    await ann.context.close();
  });
}
