// Every screen and state that is looked at: how to get there as Ann. Add a line for a new one; scenes.test.ts takes its
// picture in both themes on a phone and on a laptop, asks axe, and holds it to the rules of every screen.

import type { Front } from './front.js';
import type { Person } from './page.js';
import { op, say } from './seed.js';
import type { World } from './world.js';

export interface Scene {
  name: string;
  /** Its address. */
  at: string | ((w: World) => string);
  /** What must be there before the picture is taken, after what is done first. */
  show?: (p: Person, w: World, front: Front) => Promise<void>;
  /** Undoes what would disturb the next scene. */
  after?: (p: Person, w: World, front: Front) => Promise<void>;
  media?: { forcedColors?: 'active'; reducedMotion?: 'reduce' };
  /** Text size of the root, in percent. */
  text?: number;
  only?: 'phone' | 'laptop';
}

export const chat = (conv: string): string => `/c/${conv.replaceAll('.', '-')}`;

const newest = (text: string) => async (p: Person) => {
  await p.message(text).waitFor();
};

const failedText = 'Are you angry with me?';
const queuedTexts = ['The line is cut', 'but this waits here', 'and goes out in order.'];

export const scenes: Scene[] = [
  { name: 'list', at: '/', show: async (p) => p.see('Lake weekend') },
  { name: 'conversation', at: (w) => chat(w.direct), show: newest('That is all I need to know') },
  { name: 'group', at: (w) => chat(w.group), show: newest('The train home leaves on Sunday at 17:40') },
  {
    name: 'divider-and-chips',
    at: '/',
    show: async (p, w) => {
      const dana = w.people.get('dana');
      for (let i = 1; i <= 24 && dana; i++)
        await say(dana, w.unread, `Point ${i}: agreed, with small changes.`);
      await p.page.locator('.row', { hasText: 'Point 24: agreed' }).click();
      await p.page.locator('.divider').waitFor();
      await p.page.locator('.to-latest').waitFor();
    },
  },
  {
    name: 'typing',
    at: (w) => chat(w.direct),
    show: async (p, w) => {
      const bo = w.people.get('bo');
      // It ends by itself, and may come before the page is on line.
      for (let i = 0; i < 20 && bo && !(await p.page.locator('.typing-row').isVisible()); i++) {
        await op(bo, 'typing', { conv: w.direct, on: true });
        await p.page.waitForTimeout(500);
      }
      await p.page.locator('.typing-row').waitFor();
    },
  },
  {
    name: 'left-group',
    at: (w) => chat(w.left),
    show: async (p) => p.see("You're no longer in this group."),
  },
  {
    name: 'actions',
    at: (w) => chat(w.direct),
    show: async (p) => {
      const row = p.message('That is all I need to know');
      await row.focus();
      await p.page.keyboard.press('Enter');
      await p.page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'emoji',
    at: (w) => chat(w.direct),
    show: async (p) => {
      await newest('That is all I need to know')(p);
      await p.page.getByRole('button', { name: 'Emoji' }).click();
      await p.page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'search-in-chat',
    at: (w) => chat(w.group),
    show: async (p) => {
      await newest('The train home leaves on Sunday at 17:40')(p);
      await p.page.getByRole('button', { name: 'Search in this chat' }).click();
      await p.page.fill('#find-input', 'train');
      await p.page.locator('.find-count[data-count]').waitFor();
      await p.page.keyboard.press('Enter');
      await p.page.getByRole('button', { name: 'Sender and date' }).click();
      await p.see('1 of');
    },
  },
  {
    name: 'search-messages',
    at: '/search?q=train',
    show: (p) => p.page.locator('[data-found] mark').first().waitFor(),
  },
  {
    name: 'message-info',
    at: (w) => chat(w.group),
    show: async (p) => {
      await p.message('The train home leaves on Sunday at 17:40').locator('.tick-button').click();
      await p.page.locator('[data-list=read]').first().waitFor();
    },
  },
  {
    name: 'group-details',
    at: (w) => `${chat(w.group)}/details`,
    show: async (p) => p.page.locator('[data-member=bo]').waitFor(),
  },
  {
    name: 'add-members',
    at: (w) => `${chat(w.group)}/details/add`,
    show: (p) => p.page.locator('.details').waitFor(),
  },
  {
    name: 'contact-details',
    at: (w) => `${chat(w.direct)}/details`,
    show: (p) => p.page.locator('.details').waitFor(),
  },
  {
    name: 'question',
    at: (w) => `${chat(w.direct)}/details`,
    show: async (p) => {
      await p.page.getByRole('button', { name: 'Block' }).click();
      await p.page.getByRole('dialog').waitFor();
    },
  },
  { name: 'new-chat', at: '/new' },
  { name: 'people', at: '/people' },
  { name: 'share', at: '/share?text=Look%20at%20this' },
  {
    name: 'shortcut-sheet',
    at: '/',
    only: 'laptop',
    show: async (p) => {
      await p.see('Lake weekend');
      await p.page.keyboard.press('Control+/');
      await p.page.getByRole('dialog').waitFor();
    },
  },
  { name: 'new-group', at: '/new/group' },
  {
    name: 'search',
    at: '/',
    show: async (p) => {
      await p.page.fill('#chat-search', 'da');
      await p.see('Dana Okafor');
    },
  },
  ...[
    'profile',
    'privacy',
    'appearance',
    'storage',
    'unsent',
    'devices',
    'notifications',
    'blocked',
    'shortcuts',
    'about',
  ].map((page): Scene => ({ name: `settings-${page}`, at: `/settings/${page}` })),
  { name: 'settings-menu', at: '/settings', only: 'phone' },
  {
    name: 'text-200',
    at: (w) => chat(w.group),
    text: 200,
    show: async (p) => {
      await newest('The train home leaves on Sunday at 17:40')(p);
      const lowest = await p.page.evaluate(
        `Math.max(...[...document.querySelectorAll('.skip')].map((el) => el.getBoundingClientRect().bottom))`,
      );
      if (Number(lowest) > 0) throw new Error('a link to skip is in sight without the focus');
    },
  },
  { name: 'text-200-list', at: '/', text: 200, show: async (p) => p.see('Lake weekend') },
  {
    name: 'forced-colours',
    at: (w) => chat(w.group),
    media: { forcedColors: 'active' },
    show: newest('The train home leaves on Sunday at 17:40'),
  },
  {
    name: 'states',
    at: (w) => chat(w.states),
    show: async (p, w, front) => {
      await p.message('I wait at the big clock.').waitFor();
      const gil = w.people.get('gil');
      if ((await p.message(failedText).count()) === 0 && gil) {
        await op(gil, 'block', { user: w.ann.id });
        await p.write(failedText);
      }
      await p.message(failedText).getByText('Not sent').first().waitFor();
      front.cut();
      if ((await p.message(queuedTexts[0] ?? '').count()) === 0)
        for (const text of queuedTexts) await p.write(text);
      await p.tick(queuedTexts[2] ?? '', 'sending');
      await p.page
        .locator('.banner', { hasText: "Can't reach the server" })
        .locator('visible=true')
        .first()
        .waitFor();
    },
    after: async (_p, _w, front) => front.mend(),
  },
  {
    name: 'offline-list',
    at: '/',
    show: async (p, _w, front) => {
      front.cut();
      await p.context.setOffline(true);
      await p.see("You're offline. Messages will be sent when you're back.");
    },
    after: async (p, _w, front) => {
      front.mend();
      await p.context.setOffline(false);
    },
  },
  {
    name: 'update',
    at: (w) => chat(w.direct),
    show: async (p, _w, front) => {
      await newest('That is all I need to know')(p);
      await p.page.waitForFunction('navigator.serviceWorker.controller !== null');
      front.version = `next ${Date.now()}`;
      await p.page.evaluate('navigator.serviceWorker.getRegistration().then((r) => r.update())');
      await p.see('A new version is ready.');
    },
  },
];
