// The main journey by keys alone: sign in, find somebody, write, answer, look at the marks, another chat, sign out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../lib/world.js';
import { laptop, PASSWORD, Person } from './page.js';
import { type Account, account, between, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

let ann: Person;
let bo: Account;
let ann_: Account;

onStage(async () => {
  ann_ = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  const cy = await account(server.url, 'cy', 'Cyrus Amini');
  await say(cy, between(ann_, cy), 'Read me, too');
});

/** Tab until what has the focus is called this; every stop on the way must be visible and have a name. */
async function tabTo(name: RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    await ann.page.keyboard.press(key);
    const at = (await ann.page.evaluate(`(() => {
      const el = document.activeElement;
      const box = el.getBoundingClientRect();
      const label = el.labels?.[0]?.textContent ?? '';
      const name = [el.getAttribute('aria-label') ?? '', label, el.textContent, el.placeholder ?? '', el.title].find((s) => s.trim()) ?? '';
      const style = getComputedStyle(el);
      const ring = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || el.matches('input, textarea');
      return { name: name.trim().slice(0, 80), seen: box.width > 0 && box.height > 0, ring, tag: el.tagName };
    })()`)) as { name: string; seen: boolean; ring: boolean; tag: string };
    if (at.tag === 'BODY') continue;
    assert.ok(at.name, `what Tab reached has no name: ${at.tag} after ${seen.at(-1)}`);
    assert.ok(at.seen, `it cannot be seen: ${at.name}`);
    assert.ok(at.ring, `nothing shows that it has the focus: ${at.name}`);
    seen.push(at.name);
    if (name.test(at.name)) return;
  }
  assert.fail(`Tab never came to ${name}; it came to ${seen.join(' | ')}`);
}

const focused = (): Promise<string> =>
  ann.page.evaluate(`document.activeElement.id || document.activeElement.className`) as Promise<string>;

test('sign in, find somebody, write', async () => {
  ann = await Person.sitDown(browser, server.url, { viewport: laptop });
  await ann.page.waitForSelector('.sign-in');
  await ann.page.locator('[name=username]').focus();
  await ann.page.keyboard.type('ann');
  await tabTo(/^Password/);
  await ann.page.keyboard.type(PASSWORD);
  await ann.page.keyboard.press('Enter');
  await ann.page.waitForSelector('.chat-list');
  await ann.page.keyboard.press('Tab');
  assert.match(await focused(), /skip/, 'the first stop leads past everything');
  await ann.page.keyboard.press('Control+k');
  assert.equal(await focused(), 'chat-search');
  await ann.page.keyboard.type('bo');
  await ann.page.locator('[data-user=bo]').waitFor();
  await tabTo(/Bo Madsen/);
  await ann.page.keyboard.press('Enter');
  await ann.page.waitForSelector('.conversation');
  await tabTo(/^Message/);
  await ann.page.keyboard.type('Written without a mouse');
  await ann.page.keyboard.press('Shift+Enter');
  await ann.page.keyboard.type('in two lines');
  await ann.page.keyboard.press('Enter');
  await ann.tick('Written without a mouse', 'sent');
  assert.equal(await focused(), 'composer');
});

test('go to a message, react, reply, edit, and come back', async () => {
  await say(bo, between(ann_, bo), 'Answer me');
  await ann.message('Answer me').waitFor();
  await tabTo(/^Bo Madsen$/, 'Shift+Tab');
  await ann.page.keyboard.press('ArrowUp');
  assert.match(await focused(), /message/);
  await ann.page.keyboard.press('Enter');
  await ann.page.getByRole('menu').waitFor();
  await ann.page.keyboard.press('Escape');
  assert.match(await focused(), /message/, 'the focus is back where it was');
  await ann.page.keyboard.press('Enter');
  await ann.page.keyboard.press('ArrowRight');
  await ann.page.keyboard.press('Enter');
  await ann.message('Answer me').locator('.reaction').waitFor();
  await ann.message('Answer me').focus();
  await ann.page.keyboard.press('r');
  await ann.see('Replying to Bo Madsen');
  await ann.page.keyboard.type('Here you are');
  await ann.page.keyboard.press('Enter');
  await ann.tick('Here you are', 'sent');
  await ann.page.keyboard.press('ArrowUp');
  await ann.see('Editing message');
  await ann.page.keyboard.press('End');
  await ann.page.keyboard.type(', edited');
  await ann.page.keyboard.press('Enter');
  await ann.message('Here you are, edited').waitFor();
});

test('the next letter after Ctrl+K is meant for the search box, however slow the machine is', async () => {
  await ann.page.locator('#composer').focus();
  // In one turn, as keys come on a page that has been busy.
  const at = await ann.page.evaluate(`(() => {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }));
    return document.activeElement.id;
  })()`);
  assert.equal(at, 'chat-search');
});

test('what comes is announced, one sentence a second, and much at once as a number', async () => {
  await ann.page.evaluate(`(() => {
    globalThis.heard = [];
    const live = document.querySelector('[aria-live=polite]');
    new MutationObserver(() => live.textContent && heard.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true });
  })()`);
  const heard = (): Promise<string[]> => ann.page.evaluate('heard') as Promise<string[]>;
  await say(bo, between(ann_, bo), 'Only one');
  await eventually(async () => (await heard()).includes('Bo Madsen: Only one'), 'one is read out');
  // Together they are more than one second can hold.
  const many = Array.from({ length: 40 }, (_, i) => `Line ${i}`);
  await Promise.all(many.map((text) => say(bo, between(ann_, bo), text)));
  await eventually(
    async () => (await heard()).some((text) => /^\d+ new messages in Bo Madsen$/.test(text)),
    'many are counted',
  );
});

test('another chat and back, details, and signing out', async () => {
  await ann.page.keyboard.press('Alt+ArrowDown');
  await ann.message('Read me, too').waitFor();
  await ann.page.keyboard.press('Alt+ArrowUp');
  await ann.message('Here you are, edited').waitFor();
  await tabTo(/^Contact details/, 'Shift+Tab');
  await ann.page.keyboard.press('Enter');
  await ann.page.locator('.details').waitFor();
  await ann.page.goto(`${server.url}/settings`);
  await ann.page.waitForSelector('.shell');
  await tabTo(/^Sign out/);
  await ann.page.keyboard.press('Enter');
  await ann.page.getByRole('dialog').waitFor();
  await tabTo(/^Sign out/);
  await ann.page.keyboard.press('Enter');
  await ann.page.waitForSelector('.sign-in');
  ann.noTroubles();
});
