// What the page and its service worker do with pushes, delivered by Chromium's debugging protocol: there is no vendor's
// push service here. That the server sends what they expect is shown by tests/blackbox/27-web-push.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CDPSession } from 'playwright-core';
import { directConv, eventually, wait } from '../lib/world.js';
import { laptop, Person } from './page.js';
import { type Account, account, op, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

let ann: Person;
let bo: Account;
let me: { token: string; user: { id: string } };
let conv: string;
let cdp: CDPSession;
let registrationId = '';

async function permission(setting: 'granted' | 'denied' | 'prompt'): Promise<void> {
  const all = await browser.newBrowserCDPSession();
  const contexts = await cdp.send('Target.getTargetInfo').catch(() => undefined);
  const browserContextId = contexts?.targetInfo.browserContextId;
  await all.send('Browser.setPermission', {
    permission: { name: 'notifications' },
    setting,
    origin: server.url,
    ...(browserContextId ? { browserContextId } : {}),
  });
}

onStage(async () => {
  bo = await account(server.url, 'bo', 'Bo Madsen');
  ann = await Person.sitDown(browser, server.url, { viewport: laptop });
  await ann.register('ann', 'Ann Larsen');
  me = JSON.parse((await ann.page.evaluate(`localStorage.getItem('parley.session')`)) as string);
  conv = directConv(me.user.id, bo.id);
  await say(bo, conv, 'One');
  await ann.see('Bo Madsen');
  await ann.page.waitForFunction('navigator.serviceWorker.controller !== null');
  cdp = await ann.context.newCDPSession(ann.page);
  const found = new Promise<string>((done) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', (e) => {
      const mine = e.registrations.find((r) => !r.isDeleted);
      if (mine) done(mine.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  registrationId = await found;
  await permission('granted');
});

/** As the server writes it. */
const payload = (seq: number, more: object = {}) => ({
  web_push: 8030,
  app_badge: 1,
  notification: {
    title: 'Bo Madsen',
    body: `Message ${seq}`,
    tag: conv,
    data: { conv, seq, from: bo.id, sender: 'Bo Madsen', kind: 'text', shown: true, ...more },
  },
});
/** Until it was shown, and a moment more: Chromium forgets a notification that somebody asks for (getNotifications)
 * while it is being put up. */
async function push(data: unknown): Promise<void> {
  const told = typeof data !== 'string';
  await ann.page.evaluate(`told = new Promise((go) => {
    const listen = (e) => e.data.push === 'shown' && go();
    navigator.serviceWorker.addEventListener('message', listen);
  }); 0`);
  await cdp.send('ServiceWorker.deliverPushMessage', {
    origin: server.url,
    registrationId,
    data: told ? JSON.stringify(data) : data,
  });
  if (told) await ann.page.evaluate('told');
  await wait(told ? 700 : 1000);
}

interface Note {
  title: string;
  body: string;
  tag: string;
  seq: number;
  actions: string[];
}
const notes = (): Promise<Note[]> =>
  ann.page.evaluate(`navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) =>
    all.map((n) => ({ title: n.title, body: n.body, tag: n.tag, seq: n.data?.seq, actions: (n.actions ?? []).map((a) => a.action) })))`);

const settings = async (): Promise<void> => {
  await ann.page.goto(`${server.url}/settings/notifications`);
  await ann.page.waitForSelector('[data-push]');
};

test('the settings say where notifications stand, in words, and ask only after a press', async () => {
  await permission('denied');
  await settings();
  await ann.page.waitForSelector('[data-push=blocked]');
  await ann.see('Blocked by the browser');
  assert.ok(await ann.page.getByLabel('Notifications on this device').isDisabled());
  await ann.shot('settings-notifications-blocked');
  await permission('granted');
  await settings();
  await ann.page.waitForSelector('[data-push=off]');
  await ann.see('Off. Messages show only while the app is open.');
  assert.deepEqual(await ann.accessibility(), []);
  await ann.shot('settings-notifications');
  // Nothing was subscribed by opening the page.
  const subscription = await ann.page.evaluate(
    'navigator.serviceWorker.ready.then((r) => r.pushManager.getSubscription())',
  );
  assert.equal(subscription, null);
});

test('a muted chat is listed there, and can be heard again', async () => {
  await op({ ...bo, token: me.token }, 'conv.set', { conv, muted_until: Date.now() + 3600_000 });
  const row = ann.page.locator('.settings-pane li', { hasText: 'Bo Madsen' });
  await row.waitFor();
  await row.getByRole('button').click();
  await ann.see('No chat is muted');
});

test('a push is shown, the next of the conversation takes its place', async () => {
  await push(payload(7));
  await eventually(async () => (await notes()).length === 1, 'shown');
  assert.deepEqual(await notes(), [
    { title: 'Bo Madsen', body: 'Message 7', tag: conv, seq: 7, actions: [] },
  ]);
  await push(payload(8));
  await eventually(async () => (await notes())[0]?.body === 'Message 8', 'replaced');
  assert.equal((await notes()).length, 1);
});

test('the words are those of the page; a text that is hidden is no text; what is no payload shows something', async () => {
  await ann.page.evaluate(
    `caches.open('push').then((c) => c.put('/kept-for-push', new Response(JSON.stringify(${JSON.stringify({
      user: me.user.id,
      token: me.token,
      key: '',
      showText: true,
      noise: { sound: false, quiet: false, quietFrom: '22:00', quietTo: '07:00' },
      words: {
        newMessage: 'Neue Nachricht',
        added: 'x',
        works: 'y',
        markRead: 'Gelesen',
        reply: 'Antworten',
      },
    })}))))`,
  );
  await push(payload(9, { shown: false }));
  await eventually(async () => (await notes())[0]?.body === 'Neue Nachricht', 'in the words of the page');
  assert.ok((await notes())[0]?.actions.includes('read'));
  const silent = await ann.page.evaluate(
    'navigator.serviceWorker.ready.then((r) => r.getNotifications()).then(([n]) => n.silent)',
  );
  assert.equal(silent, true, 'without a sound, as it was chosen');
  await push('no payload');
  await eventually(async () => (await notes()).some((n) => n.title === 'Parley'), 'something is shown');
});

test('"mark read" on it reads the conversation; a press opens it', async () => {
  const seq = (await say(bo, conv, 'To be read')).seq;
  const press = (action: string): Promise<unknown> => {
    const worker = ann.context.serviceWorkers()[0];
    assert.ok(worker, 'a service worker runs');
    // A press that no person made: the browser does not wait for it, but it is dealt with.
    return worker.evaluate(`registration.getNotifications().then((all) => {
      const notification = all.find((n) => n.data);
      const action = ${JSON.stringify(action)};
      dispatchEvent(new NotificationEvent('notificationclick', { notification, action }));
    })`);
  };
  await push(payload(seq));
  await eventually(async () => (await notes()).some((n) => n.seq === seq), 'shown');
  await press('read');
  const read = async (): Promise<boolean> => {
    const headers = { authorization: `Bearer ${me.token}` };
    const answer = await fetch(`${server.url}/v1/conversations/${conv}`, { headers });
    return ((await answer.json()) as { read: number }).read === seq;
  };
  await eventually(read, 'the server knows that it was read');
  await push(payload(seq + 100));
  await eventually(async () => (await notes()).some((n) => n.seq === seq + 100), 'shown');
  await press('');
  await ann.page.waitForURL(`**/c/${conv.replaceAll('.', '-')}`);
});

test('of the conversation in front, and of what was read, no notification stays', async () => {
  await ann.page.bringToFront();
  await ann.page.waitForSelector('#composer');
  await push(payload(1000));
  await eventually(async () => !(await notes()).some((n) => n.tag === conv), 'it is closed again');
  await settings();
  const { seq } = await say(bo, conv, 'Read elsewhere');
  await push(payload(seq));
  await eventually(async () => (await notes()).some((n) => n.seq === seq), 'shown');
  await op({ ...bo, token: me.token }, 'ack', { read: { [conv]: seq } });
  await eventually(async () => !(await notes()).some((n) => n.seq === seq), 'it goes when it was read');
});
