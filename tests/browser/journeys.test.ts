// Two people and a group, through everything, three times: the server is killed in the middle, the line is cut, and three
// of a hundred pieces of the stream come three seconds late. In the end all windows and the server tell the same story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { directConv, eventually } from '../lib/world.js';
import { laptop, Person, phone } from './page.js';
import { type Account, account } from './seed.js';
import { browser, front, onStage, server, startAgain } from './stage.js';

/** Frames come 3 s late one after the other, and whoever was away for long waits as long before the next try. */
const PATIENT = 90_000;

onStage();

async function me(page: Page): Promise<{ token: string; user: { id: string } }> {
  return JSON.parse((await page.evaluate(`localStorage.getItem('parley.session')`)) as string);
}

interface Told {
  seq: number;
  text?: string;
  kind: string;
  cmid?: string;
}

async function log(token: string, conv: string): Promise<Told[]> {
  const answer = await fetch(`${server.url}/v1/conversations/${conv}/messages?after_seq=0&limit=200`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { messages: Told[] }).messages;
}

interface Trouble {
  name: string;
  /** What happens between the two halves; when it returns, the world may still be broken. */
  begin(): Promise<void>;
  /** Makes it whole again. */
  end(): Promise<void>;
}

const troubles: Trouble[] = [
  {
    name: 'the server is killed and started again',
    begin: () => server.kill(),
    end: () => startAgain(),
  },
  {
    name: 'the line is cut',
    begin: async () => front.cut(),
    end: async () => front.mend(),
  },
  {
    name: '3 % of the frames are 3 s late, and the server is killed once',
    async begin() {
      front.latePercent = 3;
      front.lateMs = 3000;
      await startAgain();
    },
    async end() {
      front.latePercent = 0;
      assert.ok(front.late > 0, 'some frames were late');
    },
  },
];

for (const [round, trouble] of troubles.entries()) {
  test(`two people and a group, while ${trouble.name}`, { timeout: 480_000 }, async () => {
    const [a, b] = [`ann${round}`, `bo${round}`];
    const third: Account = await account(server.url, `cy${round}`, `Cyrus ${round}`);
    const ann = await Person.sitDown(browser, front.url, { viewport: laptop });
    const bo = await Person.sitDown(browser, front.url, { viewport: phone, dark: true });
    for (const p of [ann, bo]) p.page.setDefaultTimeout(PATIENT);
    await ann.register(a, `Ann ${round}`);
    await bo.register(b, `Bo ${round}`);
    const annIs = await me(ann.page);
    const boIs = await me(bo.page);
    const direct = directConv(annIs.user.id, boIs.user.id);

    await ann.find(b);
    await ann.write('Hello Bo');
    await bo.open(`Ann ${round}`);
    await bo.message('Hello Bo').waitFor();
    await ann.tick('Hello Bo', 'read');
    await bo.write('Hello Ann');
    await ann.message('Hello Ann').waitFor();

    await trouble.begin();
    // Everything that can be written without the other one's answer.
    for (const text of ['First', 'Second', 'Third']) await ann.write(text);
    for (const text of ['One', 'Two']) await bo.write(text);
    await ann.message('Hello Ann').hover();
    await ann.message('Hello Ann').getByRole('button', { name: 'Reply' }).click();
    await ann.write('An answer to your hello');
    await ann.message('Hello Bo').focus();
    await ann.page.keyboard.press('e');
    await ann.page.fill('#composer', 'Hello Bo, edited');
    await ann.page.locator('.send').click();
    await ann.message('Hello Ann').focus();
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('menuitem', { name: 'React ❤️' }).click();
    await trouble.end();
    if (trouble.name !== troubles[2]?.name) {
      await ann.tryNow();
      await bo.tryNow();
    }

    for (const text of ['First', 'Second', 'Third', 'An answer to your hello'])
      await bo.message(text).waitFor();
    for (const text of ['One', 'Two']) await ann.message(text).waitFor();
    await ann.message('Hello Bo, edited').waitFor();
    await bo.message('Hello Bo, edited').waitFor();
    await bo.message('Hello Ann').locator('.reaction', { hasText: '❤️' }).waitFor();

    // A deletion, and a draft that is on the list.
    await ann.message('Second').focus();
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('menuitem', { name: 'Delete' }).click();
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bo.see('Message deleted');

    // The group: made, named anew, a member more, one leaves.
    await ann.page.goto(`${front.url}/new/group`);
    for (const name of [b, `cy${round}`]) {
      await ann.page.getByRole('searchbox').last().fill(name);
      await ann.page.locator(`[data-user="${name}"]`).click();
    }
    await ann.page.getByRole('button', { name: 'Next' }).click();
    await ann.page.fill('[name=group-name]', `Lake ${round}`);
    await ann.page.getByRole('button', { name: 'Create group' }).click();
    await ann.page.waitForSelector('#composer');
    await ann.write('Welcome to the group');
    await bo.page.getByRole('button', { name: 'Back' }).click();
    await bo.open(`Lake ${round}`);
    await bo.message('Welcome to the group').waitFor();
    await trouble.begin();
    await bo.write('Written by Bo in between');
    await ann.write('Written by Ann in between');
    await trouble.end();
    if (trouble.name !== troubles[2]?.name) {
      await ann.tryNow();
      await bo.tryNow();
    }
    await ann.message('Written by Bo in between').waitFor();
    await bo.message('Written by Ann in between').waitFor();
    const group = (await ann.page.locator('.conversation').getAttribute('data-conv')) ?? '';
    const message = ann.message('Welcome to the group');
    await eventually(
      async () => (await message.locator('.footer [data-state]').count()) > 0,
      'it has a state',
      PATIENT,
    );
    await message.locator('.tick-button').click();
    await ann.page.locator('[data-list=read]', { hasText: `Bo ${round}` }).waitFor();

    // All tell the same: the server's log without a hole or a double, and both windows what is in it.
    for (const conv of [direct, group]) {
      const told = await log(annIs.token, conv);
      assert.deepEqual(
        told.map((e) => e.seq),
        told.map((_, i) => i + 1),
        'no hole',
      );
      const ids = told.flatMap((e) => (e.cmid ? [e.cmid] : []));
      assert.equal(new Set(ids).size, ids.length, 'nothing twice');
    }
    const texts = await bo.texts();
    assert.deepEqual([...texts].sort(), [
      'Welcome to the group',
      'Written by Ann in between',
      'Written by Bo in between',
    ]);
    assert.deepEqual(await ann.texts(), texts);
    assert.deepEqual(
      (await log(third.token, group)).filter((e) => e.kind === 'text').map((e) => e.text),
      texts,
    );
    await bo.page.getByRole('button', { name: 'Back' }).click();
    await bo.open(`Ann ${round}`);
    await ann.page.goto(`${front.url}/c/${direct.replaceAll('.', '-')}`);
    await ann.message('An answer to your hello').waitFor();
    await bo.message('An answer to your hello').waitFor();
    await eventually(
      async () => {
        const [left, right] = [await ann.texts(), await bo.texts()];
        return left.length === 8 && JSON.stringify(left) === JSON.stringify(right);
      },
      'both windows show the same, in the same order',
      PATIENT,
    );
    ann.noTroubles();
    bo.noTroubles();
    await ann.context.close();
    await bo.context.close();
  });
}
