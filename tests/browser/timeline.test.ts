// The timeline of a long conversation: jumping to any message and back, the line above what is new, and what folds.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Conversation } from '../../sdk/ts/src/conversation.ts';
import { slim } from '../../web/src/lib/slim.ts';
import { eventually } from '../lib/world.js';
import { laptop, Person } from './page.js';
import { type Account, account, between, op, say } from './seed.js';
import { browser, onStage, server } from './stage.js';

const COUNT = 900;

let ann: Account;
let bo: Account;
let conv: string;
let person: Person;

onStage(async () => {
  ann = await account(server.url, 'ann', 'Ann Larsen');
  bo = await account(server.url, 'bo', 'Bo Madsen');
  conv = between(ann, bo);
  for (let i = 1; i <= COUNT; i++) await say(i % 3 ? bo : ann, conv, `Message ${i}.`);
  await op(ann, 'ack', { read: { [conv]: COUNT } });
  person = await Person.sitDown(browser, server.url, { viewport: laptop });
  await person.signIn('ann');
});

const address = (seq?: number): string =>
  `${server.url}/c/${conv.replaceAll('.', '-')}${seq ? `?m=${seq}` : ''}`;
const seqs = (): Promise<number[]> =>
  person.page
    .locator('article[data-seq]')
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-seq'))));
const dense = (list: number[]): boolean => list.every((seq, i) => i === 0 || seq === (list[i - 1] ?? 0) + 1);

async function inView(seq: number): Promise<void> {
  await eventually(async () => {
    const box = await person.page.locator(`[data-seq="${seq}"]`).boundingBox();
    return box !== null && box.y > 60 && box.y < 740;
  }, `${seq} is in view`);
}

test('an address names an old message: it is shown with what is around it, and flashes', async () => {
  const { page } = person;
  await page.goto(address(200));
  await page.locator('article.flash[data-seq="200"]').waitFor();
  await inView(200);
  const first = await seqs();
  assert.ok(dense(first) && !first.includes(COUNT), `${first[0]} to ${first.at(-1)}`);
  await person.shot('jumped');
  // Down from there, page by page, to the newest.
  const timeline = page.locator('.timeline');
  for (let i = 0; i < 400 && !(await seqs()).includes(COUNT); i++) {
    await timeline.evaluate((el) => el.scrollBy({ top: 1500 }));
    await page.waitForTimeout(40);
  }
  const last = await seqs();
  assert.ok(last.includes(COUNT) && dense(last), `${last[0]} to ${last.at(-1)}`);
  await eventually(async () => (await seqs()).length <= 400, 'what is far away is not drawn any more');
});

test('back to the newest at once, and a reply leads to what it answers', async () => {
  const { page } = person;
  const answer = await say(bo, conv, 'This answers an old one.', { reply_to: 40 });
  await page.goto(address(300));
  await inView(300);
  await page.getByRole('button', { name: /latest message|below/ }).click();
  await inView(answer.seq);
  await page.locator(`[data-seq="${answer.seq}"] .quote`).click();
  await inView(40);
  await page.keyboard.press('Control+End');
  await inView(answer.seq);
  // As long as it is not read, the chat opens there.
  await eventually(async () => {
    const { members } = (await op(bo, 'members', { conv })) as unknown as {
      members: { user: string; read: number }[];
    };
    return members.some((m) => m.user === ann.id && m.read === answer.seq);
  }, 'the answer is read');
  person.noTroubles();
});

test('where one was in a chat is where one comes back to', async () => {
  const { page } = person;
  const other = await account(server.url, 'cy', 'Cy Amini');
  await say(other, between(ann, other), 'Hello');
  await person.open('Bo Madsen');
  await page.locator('.timeline').evaluate((el) => el.scrollBy({ top: -4000 }));
  await page.waitForTimeout(400);
  const top = await page.evaluate(`(() => {
    const frame = document.querySelector('.timeline').getBoundingClientRect();
    const row = [...document.querySelectorAll('article')].find((r) => r.getBoundingClientRect().bottom > frame.top);
    return { seq: row.dataset.seq, y: row.getBoundingClientRect().top };
  })()`);
  const { seq, y } = top as { seq: string; y: number };
  await person.open('Cy Amini');
  await person.message('Hello').waitFor();
  await person.open('Bo Madsen');
  await eventually(async () => {
    const box = await page.locator(`[data-seq="${seq}"]`).boundingBox();
    return box !== null && Math.abs(box.y - y) <= 2;
  }, `message ${seq} is where it was`);
});

test('the line above what is new: a chip leads to it, Escape takes it away, and it does not come back', async () => {
  const { page } = person;
  await person.open('Cy Amini');
  const first = await say(bo, conv, 'The first new one');
  for (let i = 0; i < 60; i++) await say(bo, conv, `New ${i}`);
  await page.locator('.row', { hasText: 'Bo Madsen' }).locator('.badge', { hasText: '61' }).waitFor();
  await person.open('Bo Madsen');
  await page.locator('.divider').waitFor();
  await inView(first.seq);
  await page.getByRole('button', { name: /below/ }).click();
  await page.locator('.divider').waitFor({ state: 'detached' });
  // Again, and looked for from below.
  await person.open('Cy Amini');
  const next = await say(bo, conv, 'Another first one');
  for (let i = 0; i < 60; i++) await say(bo, conv, `Newer ${i}`);
  await page.evaluate(`localStorage.setItem('parley.prefs', '{"openAt":"newest"}')`);
  await page.reload();
  await page.locator('.row', { hasText: 'Bo Madsen' }).locator('.badge', { hasText: '61' }).waitFor();
  await person.open('Bo Madsen');
  await person.message('Newer 59').waitFor();
  await page.getByRole('button', { name: '61 new messages above' }).click();
  await inView(next.seq);
  await page.locator('#composer').focus();
  await page.locator('.timeline').focus();
  await page.keyboard.press('Escape');
  await page.locator('.divider').waitFor({ state: 'detached' });
  await page.waitForFunction(`document.activeElement.id === 'composer'`);
});

test('many changes of a group fold into one line', async () => {
  const { page } = person;
  const people: Account[] = [];
  for (let i = 0; i < 5; i++) people.push(await account(server.url, `extra${i}`, `Extra ${i}`));
  const { conv: group } = await op(ann, 'group.create', {
    name: 'Folding',
    members: [bo.id],
    cmid: randomUUID(),
  });
  for (const p of people) await op(ann, 'group.add', { conv: group, users: [p.id], cmid: randomUUID() });
  await person.open('Folding');
  await person.see('You added Extra 0, Extra 1 and 3 others');
  await page.getByRole('button', { name: 'Show more' }).click();
  await person.see('You added Extra 4');
  person.noTroubles();
});

test('what is typed at once is there after a reload at once', async () => {
  const { page } = person;
  await page.goto(address());
  for (const text of ['As soon as it is drawn', 'and once more', '']) {
    await page.waitForSelector('#composer');
    await page.keyboard.press('Control+a');
    if (text) await page.keyboard.type(text);
    else await page.keyboard.press('Delete');
    await page.reload();
    await page.waitForSelector('#composer');
    assert.equal(await page.inputValue('#composer'), text);
  }
});

test('a change that was begun is there after a reload, and the draft behind it, too', async () => {
  const { page } = person;
  await person.open('Cy Amini');
  await person.write('As first written');
  await person.tick('As first written', 'sent');
  await page.fill('#composer', 'A draft');
  await page.waitForTimeout(700);
  await person.message('As first written').locator('.bubble').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.fill('#composer', 'As it shall be');
  await page.reload();
  await page.waitForSelector('.context');
  assert.equal(await page.inputValue('#composer'), 'As it shall be');
  await page.keyboard.press('Enter');
  await person.message('As it shall be').waitFor();
  await page.waitForSelector('.context', { state: 'detached' });
  assert.equal(await page.inputValue('#composer'), 'A draft');
});

test('memory lets go of what is old, but of nothing that is unread', () => {
  const held = new Conversation('g.1', 'group', 'ann');
  const write = (to: number): void => {
    for (let seq = held.hi + 1; seq <= to; seq++)
      held.offer({ conv: 'g.1', seq, ts: seq, from: 'bo', kind: 'text', text: `${seq}` });
  };
  write(400);
  held.applyMark('ann', { delivered: 400, read: 400 });
  slim(held, 200);
  assert.equal(held.entries.length, 400, 'not at every entry');
  write(401);
  slim(held, 200);
  assert.equal(held.memoryLo, 202);
  write(5000);
  slim(held, 200);
  assert.equal(held.entries.length, 1000);
  assert.equal(held.unread, 999, 'as many as are counted');
  held.applyMark('ann', { delivered: 5000, read: 4500 });
  write(5600);
  slim(held, 200);
  assert.equal(held.unread, 999);
});

test('letters act on the message that has the focus', async () => {
  const { page } = person;
  await page.fill('#composer', '');
  await person.message('As it shall be').focus();
  await page.keyboard.press('r');
  await person.see('Replying to you');
  await page.keyboard.press('Escape');
  await person.message('As it shall be').focus();
  await page.keyboard.press('i');
  await page.waitForSelector('.details');
  await page.goBack();
  await person.message('As it shall be').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await person.see('Message deleted');
});

test('a chat in which much is written while somebody looks on stays small', async () => {
  const { page } = person;
  await person.open('Bo Madsen');
  const timeline = page.locator('.timeline');
  await page.locator('.timeline[aria-busy=false]').waitFor();
  await page.keyboard.press('Control+End');
  await eventually(() => timeline.evaluate((el) => el.scrollTop === 0), 'it is at its end');
  for (let i = (await seqs()).length; i < 420; i++) await say(bo, conv, `One of many ${i}`);
  const last = await say(bo, conv, 'The last of many');
  await inView(last.seq);
  await eventually(async () => (await seqs()).length <= 400, 'what is far above is not drawn any more');
  const drawn = await seqs();
  assert.ok(drawn.at(-1) === last.seq && dense(drawn), `${drawn[0]} to ${drawn.at(-1)}`);
  await inView(last.seq);
});

test('what memory has let go of, once the chat was left, is read from the device again', async () => {
  const { page } = person;
  await person.open('Cy Amini');
  await page.evaluate(`(() => {
    globalThis.reads = 0;
    const { getAll } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.getAll = function (...args) {
      if (this.name === 'entries') reads++;
      return getAll.apply(this, args);
    };
  })()`);
  // It is let go of after the frame in which the chat has gone.
  await page.evaluate('new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)))');
  await person.open('Bo Madsen');
  const timeline = page.locator('.timeline');
  for (let i = 0; i < 400 && (await seqs()).length < 320; i++) {
    await timeline.evaluate((el) => el.scrollBy({ top: -1500 }));
    await page.waitForTimeout(40);
  }
  const drawn = await seqs();
  assert.ok(drawn.length >= 320 && dense(drawn), `${drawn[0]} to ${drawn.at(-1)}`);
  assert.ok(Number(await page.evaluate('reads')) > 0, 'pages came from the device');
  person.noTroubles();
});
