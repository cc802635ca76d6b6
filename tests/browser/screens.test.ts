// Screens that people go to now and then: what each of them does, and that it does it on every size of window.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../lib/world.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account, between, op, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

let ann: Account;
let bo: Account;
let cy: Account;
let person: Person;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  cy = await account(server.url, 'cy', 'Cy Amini');
  await say(bo, between(ann, bo), 'Hello Ann');
  await say(cy, between(ann, cy), 'Hello from Cy');
  person = await Person.sitDown(browser, server.url, { viewport: laptop });
  await person.signIn('ann');
  await person.page.locator('.row', { hasText: 'Cy Amini' }).waitFor();
});

const address = (conv: string): string => `/c/${conv.replaceAll('.', '-')}`;
const choose = (page: Page, name: string) => page.getByRole('menuitem', { name }).click();
const row = (text: string) => person.page.locator('.chat-list .row', { hasText: text });

/** What the server says of a chat of Ann's. */
async function chat(conv: string): Promise<Record<string, unknown>> {
  const { conversations } = (await op(ann, 'sync', {})) as unknown as {
    conversations: Record<string, unknown>[];
  };
  return conversations.find((c) => c.conv === conv) ?? {};
}

test('a chat is muted for a time, pinned, archived and found again, and marked as unread', async () => {
  const conv = between(ann, cy);
  const menu = async (item: string): Promise<void> => {
    await row('Cy Amini').click({ button: 'right' });
    await choose(person.page, item);
  };
  await menu('Mute');
  await choose(person.page, '8 hours');
  await eventually(async () => {
    const left = Number((await chat(conv)).muted_until) - Date.now();
    return left > 7.9 * 3600_000 && left < 8.1 * 3600_000;
  }, 'muted for eight hours');
  await menu('Unmute');
  await eventually(async () => (await chat(conv)).muted_until === 0, 'unmuted');
  await menu('Pin');
  await eventually(async () => (await chat(conv)).pinned === true, 'pinned');
  await person.page.locator('.chat-list .row').first().filter({ hasText: 'Cy Amini' }).waitFor();
  await menu('Mark as read');
  await eventually(async () => (await chat(conv)).unread === 0, 'read');
  await menu('Mark as unread');
  await eventually(async () => (await chat(conv)).marked_unread === true, 'marked as unread');
  await menu('Archive');
  await row('Cy Amini').waitFor({ state: 'detached' });
  await person.page.getByRole('button', { name: 'Archived' }).click();
  await menu('Unarchive');
  await person.page.getByRole('button', { name: 'Unread', exact: true }).click();
  await row('Cy Amini').waitFor();
  await person.page.getByRole('button', { name: 'Groups' }).click();
  await person.see('No groups');
  await person.page.getByRole('button', { name: 'All', exact: true }).first().click();
  await row('Cy Amini').waitFor();
});

test('on a phone a row is pulled to archive it', async () => {
  const small = await Person.sitDown(browser, server.url, { viewport: phone });
  await small.signIn('ann');
  const box = await small.page.locator('.row', { hasText: 'Bo Madsen' }).boundingBox();
  assert.ok(box);
  const touch = await small.context.newCDPSession(small.page);
  const at = (type: string, x: number) =>
    touch.send('Input.dispatchTouchEvent', {
      type: type as 'touchStart',
      touchPoints: type === 'touchEnd' ? [] : [{ x, y: (box?.y ?? 0) + 30 }],
    });
  await at('touchStart', 300);
  for (const x of [280, 240, 200, 180]) await at('touchMove', x);
  await at('touchEnd', 180);
  await small.page.locator('.row', { hasText: 'Bo Madsen' }).waitFor({ state: 'detached' });
  await eventually(async () => (await chat(between(ann, bo))).archived === true, 'archived');
  await op(ann, 'conv.set', { conv: between(ann, bo), archived: false });
  await small.page.locator('.row', { hasText: 'Bo Madsen' }).waitFor();
  small.noTroubles();
  await small.context.close();
});

test('people: a contact is added and removed, somebody is blocked and unblocked', async () => {
  const { page } = person;
  await page.getByRole('button', { name: 'People' }).click();
  const lists = (): Promise<{ contacts: string[]; blocked: string[] }> =>
    op(ann, 'contacts', {}) as unknown as Promise<{ contacts: string[]; blocked: string[] }>;
  const more = (item: string) =>
    page
      .getByRole('button', { name: 'More: Bo Madsen' })
      .click()
      .then(() => choose(page, item));
  await more('Add to contacts');
  await person.see('Bo Madsen is now a contact.');
  assert.deepEqual((await lists()).contacts, [bo.id]);
  await page.getByRole('heading', { name: 'Contacts' }).waitFor();
  await more('Block');
  await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await eventually(async () => (await lists()).blocked.length === 1, 'blocked');
  await page.goto(`${server.url}${address(between(ann, bo))}`);
  await person.see('You have blocked Bo Madsen.');
  await page.goto(`${server.url}/settings/blocked`);
  await page.getByRole('button', { name: 'Unblock: Bo Madsen' }).click();
  await person.see('You have blocked nobody.');
  assert.deepEqual((await lists()).blocked, []);
  await page.goto(`${server.url}${address(between(ann, bo))}/details`);
  await page.getByRole('button', { name: 'Remove from contacts' }).click();
  await page.getByRole('button', { name: 'Add to contacts' }).waitFor();
  assert.deepEqual((await lists()).contacts, []);
});

test('what another app hands over, and a message, go to chosen chats', async () => {
  const { page } = person;
  await page.goto(`${server.url}/share?title=A+page&text=A+page&url=https%3A%2F%2Fexample.org`);
  await page.locator('.shared').waitFor();
  for (const who of [bo, cy]) await page.locator(`[data-target="${between(ann, who)}"]`).click();
  await page.getByRole('button', { name: 'Send to 2 chats' }).click();
  for (const who of [bo, cy]) {
    await eventually(async () => {
      const { entries } = (await op(who, 'history', { conv: between(ann, who) })) as unknown as {
        entries: { text: string }[];
      };
      return entries.at(-1)?.text === 'A page\nhttps://example.org';
    }, 'arrived');
  }
  await page.goto(`${server.url}${address(between(ann, bo))}`);
  await person.message('Hello Ann').locator('.bubble').click({ button: 'right' });
  await choose(page, 'Forward');
  await page.locator(`[data-target="${between(ann, cy)}"]`).click();
  await page.getByRole('button', { name: 'Send to 1 chat' }).click();
  await person.tick('Hello Ann', 'sent');
  assert.equal(await page.locator('.conversation').getAttribute('data-conv'), between(ann, cy));
});

test('what cannot leave is listed; there it is sent again, or deleted', async () => {
  const { page } = person;
  await op(cy, 'block', { user: ann.id });
  await page.goto(`${server.url}${address(between(ann, cy))}`);
  await page.fill('#composer', 'To nobody');
  await page.keyboard.press('Enter');
  await person.see("This person isn't receiving messages from you.");
  await page.fill('#composer', 'To nobody, again');
  await page.keyboard.press('Enter');
  await page.locator('.failed-words').nth(1).waitFor();
  await page.goto(`${server.url}/settings/unsent`);
  await person.see('2 unsent messages');
  await person.shot('unsent');
  assert.deepEqual(await person.accessibility(), []);
  await page
    .locator('.unsent', { hasText: 'To nobody, again' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await person.see('1 unsent message');
  await op(cy, 'unblock', { user: ann.id });
  await page.getByRole('button', { name: 'Retry all' }).click();
  await person.see('Everything has been sent.');
  const { entries } = (await op(cy, 'history', { conv: between(ann, cy) })) as unknown as {
    entries: { text: string }[];
  };
  assert.equal(entries.at(-1)?.text, 'To nobody');
});

test('appearance is chosen for the device: size of text, compact rows, no motion, theme', async () => {
  const { page } = person;
  const size = () => page.evaluate('parseFloat(getComputedStyle(document.documentElement).fontSize)');
  await page.goto(`${server.url}/settings/appearance`);
  await page.getByRole('slider').fill('4');
  assert.equal(await size(), 22.4);
  const height = async (): Promise<number> => {
    await page.goto(`${server.url}/`);
    return (await row('Cy Amini').boundingBox())?.height ?? 0;
  };
  const roomy = await height();
  await page.goto(`${server.url}/settings/appearance`);
  await page.getByRole('switch', { name: 'Compact' }).check();
  await page.getByRole('switch', { name: 'Reduce motion' }).check();
  await page.getByLabel('Dark').check();
  await page.reload();
  await page.waitForSelector('.settings-pane');
  assert.equal(await size(), 22.4);
  const root = await page.evaluate('({ ...document.documentElement.dataset })');
  assert.deepEqual(root, { theme: 'dark', rows: 'compact', motion: 'calm' });
  const compact = await height();
  assert.ok(compact < roomy, `${compact} px, not less than ${roomy} px`);
  await person.shot('large-compact-dark');
  assert.deepEqual(await person.accessibility(), []);
  await page.evaluate(`localStorage.removeItem('parley.prefs')`);
});

test('the cache is cleared, and comes back from the server; the Enter key is as one wants it', async () => {
  const { page } = person;
  await page.goto(`${server.url}/settings/storage`);
  await page.getByRole('button', { name: 'Clear saved messages' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Clear saved messages' }).click();
  await person.see('Saved messages were removed from this device.');
  await page.getByLabel('Breaks the line; Ctrl+Enter sends').check();
  await page
    .getByRole('button', { name: /^Chats/ })
    .first()
    .click();
  await row('Bo Madsen').click();
  await person.message('Hello Ann').waitFor();
  await page.fill('#composer', 'one');
  await page.keyboard.press('Enter');
  await page.keyboard.type('two');
  await page.keyboard.press('Control+Enter');
  await person.tick('one', 'sent');
  const { entries } = (await op(bo, 'history', { conv: between(ann, bo) })) as unknown as {
    entries: { text: string }[];
  };
  assert.equal(entries.at(-1)?.text, 'one\ntwo');
});

test('all other devices are signed out at once', async () => {
  const other = await Person.sitDown(browser, server.url, { viewport: phone });
  await other.signIn('ann');
  const { page } = person;
  await page.goto(`${server.url}/settings/devices`);
  await page.locator('[data-device=other]').first().waitFor();
  await page.getByRole('button', { name: 'Sign out all other devices' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await person.see('You are signed in on this device only.');
  await other.page.waitForSelector('.sign-in');
  await other.see("You've been signed out on this device.");
  await other.shot('signed-out');
  await other.context.close();
  const login = await fetch(`${server.url}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ann', password: 'correct horse', device_name: 'Test' }),
  });
  ann.token = ((await login.json()) as { token: string }).token;
});

test('privacy has an effect on others at once', async () => {
  const { page } = person;
  const set = async (name: string, on: boolean): Promise<void> => {
    await page.goto(`${server.url}/settings/privacy`);
    await page.getByRole('switch', { name }).setChecked(on);
    const { token } = ann;
    await eventually(async () => {
      const me = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
      const text = await me.text();
      return text.includes(`"${name === 'Read receipts' ? 'show_read' : 'show_last_seen'}":${on}`);
    }, 'the server knows');
  };
  await set('Read receipts', false);
  await set('Online and last seen', false);
  const sent = await say(bo, between(ann, bo), 'Do you read this?');
  await page.goto(`${server.url}${address(between(ann, bo))}`);
  await person.message('Do you read this?').waitFor();
  await eventually(async () => (await chat(between(ann, bo))).read === sent.seq, 'Ann has read it');
  const { members } = (await op(bo, 'members', { conv: between(ann, bo) })) as unknown as {
    members: { user: string; delivered: number; read: number }[];
  };
  const seen = members.find((m) => m.user === ann.id);
  assert.equal(seen?.delivered, sent.seq);
  assert.ok((seen?.read ?? 0) < sent.seq);
  const { users } = (await op(bo, 'presence', { users: [ann.id] })) as unknown as {
    users: { status: string; last_seen: number }[];
  };
  assert.deepEqual([users[0]?.status, users[0]?.last_seen], ['offline', 0]);
  await set('Read receipts', true);
  await set('Online and last seen', true);
});

test('a group whose new members see only what is written after they joined', async () => {
  const { page } = person;
  await page.goto(`${server.url}/new/group`);
  await page.locator('[data-user=bo]').click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.fill('[name=group-name]', 'Surprise');
  await page.getByLabel('Only what is written after they joined').check();
  await page.getByRole('button', { name: 'Create group' }).click();
  await page.waitForSelector('#composer');
  await person.write('Before Cy came');
  await person.tick('Before Cy came', 'sent');
  const conv = (await page.locator('.conversation').getAttribute('data-conv')) ?? '';
  await op(ann, 'group.add', { conv, users: [cy.id], cmid: randomUUID() });
  const { entries } = (await op(cy, 'history', { conv })) as unknown as { entries: { kind: string }[] };
  assert.deepEqual(
    entries.map((e) => e.kind),
    ['member_added'],
  );
});

test('every key of the list does what it says', async () => {
  const { page } = person;
  await page.goto(`${server.url}${address(between(ann, bo))}`);
  await page.waitForSelector('#composer');
  await page.keyboard.press('Control+/');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await person.shot('shortcuts');
  assert.deepEqual(await person.accessibility(), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Alt+i');
  await page.waitForSelector('.details');
  await page.keyboard.press('Control+Alt+i');
  await page.waitForSelector('.details', { state: 'detached' });
  await page.keyboard.press('Control+Alt+p');
  await eventually(async () => (await chat(between(ann, bo))).pinned === true, 'pinned');
  await page.keyboard.press('Control+Alt+u');
  await eventually(async () => (await chat(between(ann, bo))).marked_unread === true, 'marked');
  await page.keyboard.press('Control+k');
  await page.waitForSelector('#chat-search:focus');
  await page.keyboard.press('Alt+ArrowDown');
  await page.waitForURL(
    (url) => url.pathname.startsWith('/c/') && url.pathname !== address(between(ann, bo)),
  );
  await page.keyboard.press('Control+Alt+n');
  await page.waitForURL(`${server.url}/new`);
  await page.keyboard.press('Control+,');
  await page.waitForURL(`${server.url}/settings`);
  await page.goto(`${server.url}/settings/shortcuts`);
  await page.getByRole('switch', { name: 'Keys with Ctrl+Shift and Ctrl+Alt' }).uncheck();
  await page.keyboard.press('Control+Alt+n');
  await page.keyboard.press('Control+,');
  await page.waitForURL(`${server.url}/settings`);
});

test('no screen is wider than its window, at five widths and with large text', async () => {
  const { page } = person;
  const conv = address(between(ann, bo));
  const screens = ['/', conv, `${conv}/details`, '/people', '/new', '/new/group', '/share?text=Hello'];
  const pages = ['', 'profile', 'privacy', 'appearance', 'storage', 'unsent', 'devices', 'blocked'];
  const all = [...screens, ...[...pages, 'shortcuts', 'about'].map((p) => `/settings/${p}`)];
  for (const [width, text] of [
    [320, 100],
    [390, 200],
    [800, 100],
    [1024, 100],
    [1440, 200],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(`localStorage.setItem('parley.prefs', '{"textSize":${text}}')`);
    for (const path of all) {
      await page.goto(`${server.url}${path}`);
      await page.waitForSelector('.shell');
      // What still slides in is cut off by the shell, and counted as its width.
      await page.evaluate(`Promise.allSettled(document.getAnimations()
        .filter((a) => a.effect.getComputedTiming().endTime !== Infinity).map((a) => a.finished))`);
      const wide = await page.evaluate(`[...document.querySelectorAll('.pane, .scroll, .header, .shell')]
        .filter((el) => el.scrollWidth > el.clientWidth + 1).map((el) => el.className)`);
      assert.deepEqual(wide, [], `${path} at ${width} px, ${text} %`);
    }
  }
  person.noTroubles();
});
