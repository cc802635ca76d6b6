// The page in Firefox, each person with a browser of their own: the main journey by mouse and keys, several tabs, and a
// server that is killed while the browser is closed.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { dropDir, tempDir } from '../lib/server.js';
import { eventually } from '../lib/world.js';
import { Firefox, find, type Tab } from './bidi.js';
import { laptop, PASSWORD, phone } from './page.js';
import { type Account, account, between, say } from './seed.js';
import { front, onStage, server, startAgain } from './stage.js';

const profile = tempDir();
let annsBrowser: Firefox;
let bosBrowser: Firefox;
let ann: Person;
let bo: Person;

onStage(async () => {
  annsBrowser = await Firefox.start({ profile });
  bosBrowser = await Firefox.start({ dark: true });
}, false);
after(async () => {
  await annsBrowser?.close();
  await bosBrowser?.close();
  dropDir(profile);
});

/** In the page: the newest bubble with this text. */
const article = (text: string): string =>
  `[...document.querySelectorAll('article')].filter((a) =>
    a.querySelector('.text')?.textContent.includes(${JSON.stringify(text)})).at(-1)`;

/** Somebody in front of a tab. */
class Person {
  constructor(
    readonly tab: Tab,
    readonly url: string,
  ) {}

  async register(name: string, shown: string): Promise<void> {
    const { tab } = this;
    await tab.goto(this.url);
    await tab.click('.sign-in-other button');
    await tab.fill('[name=username]', name);
    await tab.fill('[name=display-name]', shown);
    await tab.fill('[name=password]', PASSWORD);
    await tab.press('Enter');
    await tab.see('.chat-list');
  }

  async open(title: string): Promise<void> {
    await this.tab.click('.row', title);
    await this.tab.see('.header-link', title);
    await this.tab.see('#composer');
  }

  async write(text: string): Promise<void> {
    await this.tab.fill('#composer', text);
    await this.tab.press('Enter');
    await this.message(text);
  }

  async message(text: string): Promise<void> {
    await this.tab.until(`Boolean(${article(text)})`);
  }

  /** Waits until the own message shows this state. */
  async tick(text: string, state: string): Promise<void> {
    await this.tab.until(`Boolean(${article(text)}?.querySelector('.footer [data-state=${state}]'))`);
  }

  async menu(text: string, item: string): Promise<void> {
    await this.tab.click('article .text', text, 2);
    await this.tab.click('[role=menuitem]', item);
  }

  texts(): Promise<string[]> {
    return this.tab.evaluate(`[...document.querySelectorAll('article .text')].map((el) => el.textContent)`);
  }

  value(css: string): Promise<string> {
    return this.tab.evaluate(`document.querySelector('${css}').value`);
  }

  /** In the words of the interface, to write as this person from elsewhere. */
  async account(): Promise<Account> {
    const kept = await this.tab.evaluate<string>(`localStorage.getItem('parley.session')`);
    const { token, user } = JSON.parse(kept) as { token: string; user: { id: string } };
    return { url: server.url, id: user.id, token };
  }
}

function noTroubles(): void {
  assert.deepEqual([...annsBrowser.troubles, ...bosBrowser.troubles], []);
}

test('two people register, find each other and write; ticks tell how far it came', async (t) => {
  t.diagnostic(`Firefox ${annsBrowser.version}`);
  ann = new Person(await annsBrowser.window(), front.url);
  bo = new Person(await bosBrowser.window(), server.url);
  await ann.tab.size(laptop);
  await bo.tab.size(phone);
  await bo.tab.goto(bo.url);
  await bo.tab.see('.sign-in');
  await bo.tab.shot('firefox-sign-in-phone-dark');
  await bo.register('bo', 'Bo Madsen');
  await ann.register('ann', 'Ann Larsen');
  await ann.tab.fill('#chat-search', 'bo');
  await ann.tab.click('[data-user=bo]');
  await ann.tab.see('#composer');
  await ann.write('Hello Bo');
  await bo.tab.see('.row .badge', '1');
  await ann.tick('Hello Bo', 'delivered');
  await bo.open('Ann Larsen');
  await bo.message('Hello Bo');
  await ann.tick('Hello Bo', 'read');
  await bo.tab.fill('#composer', 'Hello');
  await ann.tab.see('.typing-row');
  await bo.tab.type(' Ann');
  await bo.tab.click('.send');
  await ann.message('Hello Ann');
  await bo.tick('Hello Ann', 'read');
  noTroubles();
});

test('the composer: lines, the last message again, Escape, emoji by keys, and its size', async () => {
  const { tab } = ann;
  const height = (): Promise<number> =>
    tab.evaluate(`document.querySelector('#composer').getBoundingClientRect().height`);
  const low = await height();
  assert.ok(low < 50, `one line is ${low} px high`);
  await tab.click('#composer');
  await tab.type('Two');
  await tab.press('Shift+Enter');
  await tab.type('lines');
  await tab.until(`document.querySelector('#composer').getBoundingClientRect().height > ${low + 10}`);
  const hidden = `(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(document.querySelector('#composer'))`;
  // One is what is lost by rounding.
  assert.ok((await tab.evaluate<number>(hidden)) <= 1, 'both lines are seen whole, without a scroll bar');
  await tab.press('Enter');
  // Before it has a number there is nothing to change.
  await ann.tick('Two\nlines', 'read');
  await tab.until(`document.querySelector('#composer').getBoundingClientRect().height === ${low}`);
  await tab.press('ArrowUp');
  await tab.see('.context', 'Editing message');
  assert.equal(await ann.value('#composer'), 'Two\nlines');
  await tab.press('Escape');
  await tab.gone('.context');
  assert.equal(await ann.value('#composer'), '');
  await tab.press('ArrowUp');
  await tab.see('.context');
  await tab.press('Control+a');
  await tab.type('One line');
  await tab.press('Enter');
  await bo.message('One line');
  await tab.gone('.context');

  await tab.type('We fly  now');
  for (let i = 0; i < 4; i++) await tab.press('ArrowLeft');
  await tab.press('Shift+Tab');
  await tab.press('Enter');
  await tab.see('dialog[open]');
  await tab.type('rakete');
  await tab.see('[data-emoji="🚀"]');
  await tab.shot('firefox-emoji');
  await tab.press('ArrowDown');
  await tab.press('Enter');
  await tab.gone('dialog');
  await tab.type('!');
  assert.equal(await ann.value('#composer'), 'We fly 🚀! now');
  await tab.press('Enter');
  await bo.message('We fly 🚀! now');
  await tab.click('.emoji-button');
  await tab.type('hand');
  await tab.press('Escape');
  await tab.until(`document.querySelector('dialog input').value === ''`);
  await tab.press('Escape');
  await tab.gone('dialog');
  noTroubles();
});

test('a reaction, a reply, a change and a deletion reach the other one', async () => {
  await bo.menu('We fly', '❤️');
  await ann.tab.see('article .reaction', '❤️');
  await ann.menu('Hello Ann', 'Reply');
  await ann.tab.see('.context', 'Replying to Bo Madsen');
  await ann.tab.type('An answer');
  await ann.tab.press('Enter');
  await bo.tab.see('article .quote', 'Hello Ann');
  await ann.menu('Hello Bo', 'Edit');
  await ann.tab.see('.context');
  await ann.tab.press('End');
  await ann.tab.type(', edited');
  await ann.tab.press('Enter');
  await bo.message('Hello Bo, edited');
  await bo.menu('Hello Ann', 'Delete');
  await bo.tab.see('dialog[open]');
  await bo.tab.shot('firefox-question-phone-dark');
  await bo.tab.click('dialog button', 'Delete');
  await ann.tab.see('.bubble-deleted', 'Message deleted');
  noTroubles();
});

test('a group is made, and both write in it', async () => {
  const { tab } = ann;
  await account(server.url, 'cy', 'Cyrus Amini');
  await tab.goto(`${ann.url}/new/group`);
  for (const name of ['bo', 'cy']) {
    await tab.fill('.side input[type=search]', name);
    await tab.click(`[data-user="${name}"]`);
  }
  await tab.click('button', 'Next');
  await tab.fill('[name=group-name]', 'Lake weekend');
  await tab.click('button', 'Create group');
  await tab.see('.header-link', 'Lake weekend');
  await ann.write('Who brings the tent?');
  await bo.tab.click('[aria-label=Back]');
  await bo.tab.see('.row', 'Lake weekend');
  await bo.tab.shot('firefox-list-phone-dark');
  await bo.open('Lake weekend');
  await bo.message('Who brings the tent?');
  await bo.write('I do, with all that belongs to it.');
  await ann.message('I do, with all');
  await ann.tick('Who brings the tent?', 'sent');
  await bo.tab.shot('firefox-group-phone-dark');
  noTroubles();
});

test('what is read stays where it is, whatever comes above and below', async () => {
  const { tab } = ann;
  const [me, other] = [await ann.account(), await account(server.url, 'dana', 'Dana Okafor')];
  const conv = between(me, other);
  for (let i = 1; i <= 150; i++) {
    const text =
      i === 10 || i === 149 ? `Point ${i}: the Zéphyr.` : `Point ${i}: agreed, with small changes.`;
    await say(i % 3 === 0 && i < 100 ? me : other, conv, text);
  }
  await tab.see('.row', 'Point 150');
  await ann.open('Dana Okafor');
  await tab.see('.divider');
  await tab.shot('firefox-unread');
  await tab.click('.to-latest');
  await tab.until(`Math.abs(document.querySelector('.timeline').scrollTop) < 2`);
  await tab.gone('.to-latest');
  await tab.wheel('.timeline', -1500);
  await tab.see('.to-latest');
  const top = `(() => {
    const frame = document.querySelector('.timeline').getBoundingClientRect();
    const row = [...document.querySelectorAll('article')].find((r) => r.getBoundingClientRect().bottom > frame.top);
    return [row.dataset.seq, Math.round(row.getBoundingClientRect().top)];
  })()`;
  let before = '';
  const rests = async (): Promise<boolean> => {
    const now = `${await tab.evaluate(top)}`;
    const same = now === before;
    before = now;
    return same;
  };
  await eventually(rests, 'scrolling rests');
  await say(other, conv, 'New, while the reader is far above');
  await tab.see('.to-latest .badge', '1');
  assert.equal(`${await tab.evaluate(top)}`, before);
  for (let i = 0; i < 40 && !(await tab.evaluate(`Boolean(${find('.start')})`)); i++)
    await tab.wheel('.timeline', -3000);
  await tab.see('.start');
  assert.equal(await tab.evaluate(`document.querySelectorAll('article').length`), 151);
  await tab.click('.to-latest');
  await tab.until(`Math.abs(document.querySelector('.timeline').scrollTop) < 2`);
  await ann.message('New, while the reader');
  noTroubles();
});

test('search: over all chats, and in one with marks', async () => {
  const { tab } = ann;
  await tab.fill('#chat-search', 'tent');
  await tab.see('[data-found] mark', 'tent');
  await tab.shot('firefox-search');
  await tab.press('Escape');
  await ann.open('Dana Okafor');
  await tab.press('Control+f');
  await tab.type('zephyr');
  await tab.see('.find-count[data-count="2"]');
  await tab.press('Enter');
  await tab.see('.find-count', '1 of 2');
  await tab.until(`[...(CSS.highlights.get('found') ?? [])].some((range) => range.toString() === 'Zéphyr')`);
  await tab.shot('firefox-search-in-chat');
  await tab.press('Escape');
  await tab.gone('#find-input');
  await tab.until(`!CSS.highlights.has('found')`);
  noTroubles();
});

test('several tabs have one connection; when its tab is closed, another takes over', async () => {
  const opened = front.upgrades;
  const first = ann.tab;
  await ann.open('Bo Madsen');
  const second = new Person(await annsBrowser.tab(), ann.url);
  await second.tab.size(laptop);
  await second.tab.goto(await first.evaluate('location.href'));
  await second.message('An answer');
  await second.write('From the second tab');
  await second.tick('From the second tab', 'delivered');
  await ann.message('From the second tab');
  await bo.tab.click('[aria-label=Back]');
  await bo.open('Ann Larsen');
  await bo.write('To all tabs');
  await ann.message('To all tabs');
  await second.message('To all tabs');
  assert.equal(front.upgrades, opened, 'the second tab has no connection of its own');
  await first.close();
  await bo.write('After the leader');
  await second.message('After the leader');
  await eventually(async () => front.upgrades > opened, 'the second tab connects');
  await second.write('Still here');
  await second.tick('Still here', 'read');
  assert.equal(front.upgrades, opened + 1);
  ann = second;
  noTroubles();
});

test('the server is killed: what is written waits, over a reload and a closed browser, and is sent once', async () => {
  await ann.tab.until('navigator.serviceWorker.controller !== null');
  const expected = [...(await ann.texts()), 'Written without a server'];
  const all = `document.querySelectorAll('article .text').length === ${expected.length}`;
  await ann.tab.evaluate(`void (() => {
    globalThis.told = [];
    const note = document.querySelector('.note');
    new MutationObserver(() => told.push(note.textContent)).observe(note, { childList: true, characterData: true, subtree: true });
  })()`);
  await server.kill();
  await ann.tab.see('.banner', "Can't reach the server");
  await ann.write('Written without a server');
  await ann.tick('Written without a server', 'sending');
  await ann.tab.until(`told.some((text) => text.startsWith('Keep the app open'))`);
  await ann.tab.shot('firefox-unreachable');
  await ann.tab.type('Half a sen');
  await ann.tab.reload();
  await ann.tick('Written without a server', 'sending');
  await ann.tab.until(all);
  assert.deepEqual(await ann.texts(), expected);
  assert.equal(await ann.value('#composer'), 'Half a sen');

  const address = await ann.tab.evaluate<string>('location.href');
  noTroubles();
  await annsBrowser.close();
  annsBrowser = await Firefox.start({ profile });
  ann = new Person(await annsBrowser.window(), ann.url);
  await ann.tab.size(laptop);
  await ann.tab.goto(ann.url);
  await ann.tab.see('.row', 'Lake weekend');
  await ann.tab.goto(address);
  await ann.tick('Written without a server', 'sending');
  await ann.tab.until(all);
  assert.deepEqual(await ann.texts(), expected);
  await startAgain();
  for (const { tab } of [ann, bo])
    await tab.until(`(() => {
      const banner = [...document.querySelectorAll('.banner')].find((b) => b.checkVisibility());
      banner?.querySelector('.banner-action')?.click();
      return !banner || banner.classList.contains('banner-good');
    })()`);
  await ann.tick('Written without a server', 'read');
  await bo.message('Written without a server');
  assert.equal((await bo.texts()).filter((text) => text === 'Written without a server').length, 1);
  noTroubles();
});

test('no screen is wider than its window, light and dark', async () => {
  for (const [person, name] of [
    [ann, 'light'],
    [bo, 'dark'],
  ] as const) {
    const colour = await person.tab.evaluate<string>(
      'getComputedStyle(document.documentElement).backgroundColor',
    );
    const bright = Number(/\d+/.exec(colour)?.[0]) > 127;
    assert.equal(bright, name === 'light', `${name} is ${colour}`);
    for (const [width, height] of [
      [320, 700],
      [phone.width, phone.height],
      [laptop.width, laptop.height],
    ] as const) {
      await person.tab.size({ width, height });
      for (const path of [
        '/',
        '/new',
        '/settings/appearance',
        '/settings/privacy',
        '/settings/notifications',
      ]) {
        await person.tab.goto(`${person.url}${path}`);
        await person.tab.see('.shell');
        const wide =
          await person.tab.evaluate(`[...document.querySelectorAll('html, .pane, .scroll, .header')]
          .filter((el) => el.scrollWidth > el.clientWidth + 1).map((el) => el.className)`);
        assert.deepEqual(wide, [], `${path} at ${width} px`);
        if (width !== 320) await person.tab.shot(`firefox-${name}-${width}${path.replaceAll('/', '-')}`);
      }
    }
    await person.tab.goto(person.url);
    await person.open(person === ann ? 'Bo Madsen' : 'Ann Larsen');
    await person.message('Still here');
    await person.tab.shot(`firefox-${name}-${laptop.width}-conversation`);
    await person.tab.size(phone);
    await person.tab.shot(`firefox-${name}-${phone.width}-conversation`);
  }
  noTroubles();
});

test('the content policy holds, and a breach of it would have been noticed', async () => {
  const { tab } = ann;
  const refused = (code: string): Promise<string> =>
    tab.evaluate(`(() => { try { ${code}; return ''; } catch (e) { return e.name; } })()`);
  assert.equal(await refused(`document.createElement('div').innerHTML = '<b>bold</b>'`), 'TypeError');
  await tab.evaluate(
    `void document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.2:1/picture' }))`,
  );
  await eventually(
    async () => annsBrowser.troubles.some((text) => /^content policy: img-src/.test(text)),
    'the picture is told of',
  );
});
