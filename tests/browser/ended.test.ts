// What ends a session from outside: another device that signs this one out, and a server that wants a newer version.
// Nothing that was written is lost by either.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laptop, Person, phone } from './page.js';
import { type Account, account, between, say } from './seed.js';
import { browser, front, onStage, server, startAgain } from './stage.js';

let ann: Account;
let bo: Account;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  await say(bo, between(ann, bo), 'Hello');
});

async function look(person: Person, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.page.emulateMedia({ colorScheme });
    await person.shot(`${name}-${colorScheme}`);
    assert.deepEqual(await person.accessibility(), [], `${name}, ${colorScheme}`);
  }
  await person.page.emulateMedia({ colorScheme: 'light' });
}

test('too old for the server: it says so, nothing is lost, and the update goes on where one was', async () => {
  const person = await Person.sitDown(browser, front.url, { viewport: laptop });
  const { page } = person;
  await person.signIn('ann');
  await person.open('Bo Madsen');
  await person.message('Hello').waitFor();
  front.cut();
  await person.write('Written before the update');
  await page.fill('#composer', 'Half a sentence');
  await startAgain(['server.oldest_clients=web/99.1']);
  front.mend();
  await person.tryNow();
  await person.see('Update needed');
  await person.see('1 unsent message leaves after the update.');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Update needed');
  await look(person, 'update-needed-laptop');
  await page.setViewportSize(phone);
  await look(person, 'update-needed-phone');
  await page.setViewportSize(laptop);

  // What is here can be read, and written on.
  await page.getByRole('button', { name: 'Read what is on this device' }).click();
  await person.message('Hello').waitFor();
  await person.see('This version is too old to connect.');
  assert.equal(await page.inputValue('#composer'), 'Half a sentence');
  await page.fill('#composer', 'Half a sentence and');
  await page.locator('.banner-action:visible').first().click();

  // The server has no newer one yet.
  await person.see('Update needed');
  await page.getByRole('button', { name: 'Update now' }).click();
  await person.see('The server doesn’t have the newer version yet.');
  await startAgain([]);
  await page.getByRole('button', { name: 'Try again' }).click();
  await person.tick('Written before the update', 'sent');
  assert.equal(await page.inputValue('#composer'), 'Half a sentence and');
  person.noTroubles();
  await person.context.close();
});

test('signed out elsewhere: every tab says so, shows what was not sent, and it leaves after the next sign-in', async () => {
  const person = await Person.sitDown(browser, front.url, { viewport: laptop });
  const { page } = person;
  await person.signIn('ann');
  await person.open('Bo Madsen');
  await person.message('Hello').waitFor();
  const second = person.beside(await person.context.newPage());
  await second.page.goto(`${front.url}/`);
  await second.page.locator('.row', { hasText: 'Bo Madsen' }).waitFor();
  const device = JSON.parse((await page.evaluate(`localStorage.getItem('parley.session')`)) as string);
  front.cut();
  await person.write('Not sent yet, one');
  await person.write('Not sent yet, two');
  const gone = await fetch(`${server.url}/v1/devices/${device.device}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${ann.token}` },
  });
  assert.ok(gone.ok, `${gone.status}`);
  front.mend();
  await person.tryNow();
  for (const tab of [person, second]) {
    await tab.see("You've been signed out on this device.");
    await tab.see('2 messages have not been sent.');
    await tab.see('Not sent yet, two');
  }
  await look(person, 'signed-out-laptop');
  await page.reload();
  await person.see('Not sent yet, one');
  await page.setViewportSize(phone);
  await look(person, 'signed-out-phone');
  await page.setViewportSize(laptop);
  await page.getByRole('button', { name: 'Sign in again' }).click();
  assert.equal(await page.inputValue('[name=username]'), 'ann');
  await person.signIn('ann');
  await person.open('Bo Madsen');
  await person.tick('Not sent yet, one', 'sent');
  await person.tick('Not sent yet, two', 'sent');
  // The other tab goes on, too.
  await second.page.locator('.chat-list').waitFor();
  // The browser tells of every refusal; one of the ended session is what this is about.
  for (const tab of [person, second])
    assert.deepEqual(
      tab.troubles.filter((text) => !text.includes('401')),
      [],
    );
  await person.context.close();
});

test('signed out elsewhere: what is kept can be deleted', async () => {
  const person = await Person.sitDown(browser, front.url, { viewport: phone });
  const { page } = person;
  await person.signIn('bo');
  await person.open('Ann Larsen');
  const device = JSON.parse((await page.evaluate(`localStorage.getItem('parley.session')`)) as string);
  await fetch(`${server.url}/v1/devices/${device.device}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${bo.token}` },
  });
  await person.see("You've been signed out on this device.");
  await page.getByRole('button', { name: 'Delete from this device' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete from this device' }).click();
  await page.locator('[name=username]').waitFor();
  assert.equal(await page.inputValue('[name=username]'), '');
  assert.equal(await page.evaluate(`localStorage.getItem('parley.ended')`), null);
  person.noTroubles();
  await person.context.close();
});
