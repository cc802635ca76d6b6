// What Parley is for, seen by two people in two browsers: they find each other and write, see the truth about every
// message, who is there and who is typing, make a group, come back later; the server is killed in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laptop, Person, phone } from './page.js';
import { browser, onStage, server, startAgain } from './stage.js';

onStage();

let ann: Person;
let bo: Person;
let boKept: Awaited<ReturnType<Person['getUp']>>;

const strong = ['Morning! Are we still on for Saturday? ☀️', 'The train leaves at 9:40, platform 3.'];
const whileAway = [
  'Written while nobody answered, 1',
  'Written while nobody answered, 2',
  'Written while nobody answered, 3',
];

test('two people register', async () => {
  ann = await Person.sitDown(browser, server.url, { viewport: laptop });
  await ann.page.waitForSelector('.sign-in');
  await ann.shot('laptop-sign-in');
  await ann.register('ann', 'Ann Larsen');
  await ann.see('No chats yet');
  await ann.shot('laptop-empty');
  bo = await Person.sitDown(browser, server.url, { viewport: phone, dark: true });
  await bo.shot('phone-sign-in');
  await bo.register('bo', 'Bo Madsen');
  boKept = await bo.getUp();
});

test('they find each other; a message to one who is away has one grey tick', async () => {
  await ann.find('bo');
  for (const text of strong) await ann.write(text);
  for (const text of strong) await ann.tick(text, 'sent');
  assert.equal(
    await ann.page.locator('.footer [data-state=delivered], .footer [data-state=read]').count(),
    0,
  );
  await ann.shot('laptop-one-tick');
});

test('two grey ticks when it has arrived, two blue ones when it was read', async () => {
  bo = await Person.sitDown(browser, server.url, { viewport: phone, dark: true }, boKept);
  await bo.see('Ann Larsen');
  for (const text of strong) await ann.tick(text, 'delivered');
  await bo.page.locator('.badge', { hasText: '2' }).first().waitFor();
  await bo.shot('phone-list-unread');
  await ann.shot('laptop-two-ticks');
  await bo.open('Ann Larsen');
  await bo.see('New messages');
  for (const text of strong) await ann.tick(text, 'read');
  await ann.page.locator('.state-words', { hasText: 'Read' }).waitFor();
  await bo.shot('phone-conversation');
  await ann.shot('laptop-blue-ticks');
});

test('who is there, and who is typing', async () => {
  await ann.page.locator('.header .online-words', { hasText: 'Online' }).waitFor();
  await bo.page.locator('#composer').pressSequentially('Perfect, I bri');
  await ann.page.locator('.header .typing-words').waitFor();
  await ann.page.locator('.typing-row').waitFor();
  await ann.shot('laptop-typing');
  await bo.write('Perfect, I bring coffee.');
  await ann.message('Perfect, I bring coffee.').waitFor();
  await ann.page.locator('.header .typing-words').waitFor({ state: 'detached' });
  await bo.tick('Perfect, I bring coffee.', 'read');
});

test('a reply, a reaction, an edit and a deletion reach the other side', async () => {
  const coffee = ann.message('Perfect, I bring coffee.');
  await coffee.hover();
  await coffee.getByRole('button', { name: 'Reply' }).click();
  await ann.write('You are the best.');
  await bo.message('You are the best.').locator('.quote', { hasText: 'Perfect, I bring coffee.' }).waitFor();
  await coffee.hover();
  await coffee.getByRole('button', { name: 'React' }).click();
  await ann.page.getByRole('menuitem', { name: 'React ❤️' }).click();
  await bo.message('Perfect, I bring coffee.').locator('.reaction', { hasText: '❤️' }).waitFor();

  await ann.write('See you at teh station');
  await ann.tick('See you at teh station', 'read');
  await ann.page.press('#composer', 'ArrowUp');
  await ann.page.fill('#composer', 'See you at the station');
  await ann.page.press('#composer', 'Enter');
  await bo.message('See you at the station').locator('.footer', { hasText: 'edited' }).waitFor();

  await ann.write('This was for somebody else');
  const wrong = ann.message('This was for somebody else');
  await wrong.locator('.footer [data-state=read]').waitFor();
  await wrong.hover();
  await wrong.getByRole('button', { name: 'Message actions' }).click();
  await ann.page.getByRole('menuitem', { name: 'Delete' }).click();
  await ann.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await bo.see('Message deleted');
  assert.ok(!(await bo.texts()).some((text) => text.includes('This was for somebody else')));
});

test('a group', async () => {
  await ann.page.getByRole('button', { name: 'New chat' }).last().click();
  await ann.page.getByRole('menuitem', { name: 'New group' }).click();
  await ann.page.click('[data-user="bo"]');
  await ann.shot('laptop-new-group');
  await ann.page.getByRole('button', { name: 'Next' }).click();
  await ann.page.fill('[name=group-name]', 'Lake weekend');
  await ann.page.getByRole('button', { name: 'Create group' }).click();
  await ann.page.waitForSelector('#composer');
  await ann.see('You created “Lake weekend”');
  await ann.write('Who has a tent for three?');
  await bo.page.getByRole('button', { name: 'Back' }).click();
  await bo.open('Lake weekend');
  await bo.write('Me, and a spare sleeping bag.');
  await bo.write('Also a stove, but no gas.');
  await ann.message('Also a stove, but no gas.').waitFor();
  await ann.tick('Who has a tent for three?', 'read');
  await ann.page.getByRole('button', { name: 'Group details' }).click();
  await ann.page.locator('[data-member=bo]').waitFor();
  await ann.shot('laptop-group-details');
  await bo.shot('phone-group');
  await ann.message('Who has a tent for three?').locator('.tick-button').click();
  await ann.page.locator('[data-list=read]', { hasText: 'Bo Madsen' }).waitFor();
  await ann.shot('laptop-message-info');
});

test('the server is killed: what is written meanwhile waits, arrives once, and in order', async () => {
  await ann.page.locator('.row', { hasText: 'Bo Madsen' }).click();
  await bo.page.getByRole('button', { name: 'Back' }).click();
  await bo.open('Ann Larsen');
  const before = await ann.texts();
  await server.kill();
  for (const text of whileAway) await ann.write(text);
  await ann.tick(whileAway[2] ?? '', 'sending');
  await ann.page.locator('.banner', { hasText: "Can't reach the server" }).first().waitFor();
  await ann.shot('laptop-unreachable');
  await bo.shot('phone-unreachable');
  await startAgain();
  await ann.tryNow();
  await ann.tick(whileAway[2] ?? '', 'read');
  for (const text of whileAway) await bo.message(text).waitFor();
  const expected = [...before, ...whileAway];
  assert.deepEqual(await ann.texts(), expected);
  assert.deepEqual(await bo.texts(), expected);
});

test('the laptop is closed; what happens meanwhile is there when it is opened again', async () => {
  const before = await ann.texts();
  const kept = await ann.getUp();
  await bo.write('Are you there?');
  await bo.write('Never mind, tell me on Saturday');
  ann = await Person.sitDown(browser, server.url, { viewport: laptop }, kept);
  await ann.page.waitForSelector('.chat-list');
  if (!(await ann.page.locator('#composer').isVisible())) await ann.open('Bo Madsen');
  await ann.message('Never mind, tell me on Saturday').waitFor();
  // What is older comes from the device a moment later.
  await ann.message(strong[0] ?? '').waitFor();
  assert.deepEqual(await ann.texts(), [...before, 'Are you there?', 'Never mind, tell me on Saturday']);
  await bo.tick('Never mind, tell me on Saturday', 'read');
  // A window that remembers nothing gets everything from the server.
  const fresh = await Person.sitDown(browser, server.url, { viewport: laptop, dark: true });
  await fresh.signIn('ann');
  await fresh.open('Bo Madsen');
  await fresh.message('Never mind, tell me on Saturday').waitFor();
  await fresh.message(strong[0] ?? '').waitFor();
  assert.deepEqual(await fresh.texts(), await ann.texts());
  await fresh.shot('laptop-dark');
  await fresh.open('Lake weekend');
  await fresh.message('Also a stove, but no gas.').waitFor();
  fresh.noTroubles();
  await fresh.context.close();
});

test('every screen has an address, and nothing serious for axe to say', async () => {
  const screens = [
    '/',
    '/new',
    '/new/group',
    '/settings/profile',
    '/settings/privacy',
    '/settings/devices',
    '/settings/appearance',
    '/settings/blocked',
  ];
  for (const person of [ann, bo]) {
    const name = person === ann ? 'laptop' : 'phone';
    assert.deepEqual(await person.accessibility(), [], `${name}: conversation`);
    for (const path of screens) {
      await person.page.goto(`${server.url}${path}`);
      await person.page.waitForSelector('.shell');
      await person.shot(`${name}${path === '/' ? '-chats' : path.replaceAll('/', '-')}`);
      assert.deepEqual(await person.accessibility(), [], `${name}: ${path}`);
    }
  }
});

test('a device signed out elsewhere says so', async () => {
  await ann.page.goto(`${server.url}/settings/devices`);
  await ann.page.locator('[data-device=other]').first().getByRole('button', { name: 'Sign out' }).click();
  await ann.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await ann.see('You are signed in on this device only.');
  await ann.page.getByRole('button', { name: 'Sign out' }).last().click();
  await ann.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await ann.page.waitForSelector('.sign-in');
  ann.noTroubles();
  bo.noTroubles();
});
