// Looks at every screen: its picture in both themes on a phone and on a laptop (build/screenshots), nothing serious for
// axe, no breach of the content policy, and no scrolling sideways at any width.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Person, phone, wide } from './page.js';
import { type Scene, scenes } from './scenes.js';
import { account } from './seed.js';
import { browser, front, onStage, server } from './stage.js';
import { buildWorld, type World } from './world.js';

let world: World;

onStage(async () => {
  world = await buildWorld(server.url);
  await account(server.url, 'nina', 'Nina Holm');
});

const only = (process.env.PARLEY_SCENES ?? '').split(',').filter(Boolean);
const chosen = (name: string): boolean => only.length === 0 || only.includes(name);

/** Widths at which the layout changes, and the narrowest that must work. */
const widths = [320, 390, 640, 800, 1024, 1440];

async function sideways(person: Person): Promise<string[]> {
  const found: string[] = [];
  for (const width of widths) {
    await person.page.setViewportSize({ width, height: person.look.viewport.height });
    const [needs, has] = (await person.page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    )) as [number, number];
    if (needs > has) found.push(`${width} px: the page is ${needs} wide`);
  }
  await person.page.setViewportSize(person.look.viewport);
  return found;
}

async function look(
  person: Person,
  scene: string,
  device: string,
  media: Scene['media'] = {},
): Promise<void> {
  const wrong: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.page.emulateMedia({ colorScheme, ...media });
    await person.shot(`${scene}-${device}-${colorScheme}`);
    const found = await person.accessibility(colorScheme === 'dark' ? ['color-contrast'] : undefined);
    wrong.push(...found.map((f) => `${colorScheme}: ${f}`));
  }
  wrong.push(...(await sideways(person)));
  await person.page.emulateMedia({ colorScheme: 'light', forcedColors: null, reducedMotion: null });
  wrong.push(...person.troubles.splice(0));
  assert.deepEqual(wrong, [], `${scene} on a ${device}`);
}

for (const [device, viewport] of [
  ['laptop', wide],
  ['phone', phone],
] as const) {
  test(`before there is anything to see, on a ${device}`, { skip: !chosen('start') }, async () => {
    const person = await Person.sitDown(browser, front.url, { viewport });
    await person.page.waitForSelector('.sign-in');
    await look(person, 'sign-in', device);
    await person.page.fill('[name=username]', 'nina');
    await person.page.fill('[name=password]', 'not this one');
    await person.page.click('button[type=submit]');
    await person.see("That name and password don't match.");
    person.troubles.length = 0;
    await look(person, 'sign-in-wrong', device);
    await person.page.goto(`${front.url}/register`);
    await person.page.locator('[name=display-name]').waitFor();
    await look(person, 'register', device);
    await person.page.goto(`${front.url}/signin`);
    await person.signIn('nina');
    await person.see('No chats yet');
    await look(person, 'empty', device);
    await person.context.close();
    const first = await Person.sitDown(browser, front.url, { viewport });
    // Nothing but the sign-in is ever answered.
    await first.page.routeWebSocket(/\/v1\//, () => undefined);
    await first.page.route(/\/v1\/(?!login)/, () => undefined);
    await first.page.reload();
    await first.signIn('ann');
    await first.see('Loading your chats');
    await look(first, 'first-sync', device);
    await first.context.close();
  });

  test(`every screen on a ${device}`, async (t) => {
    const person = await Person.sitDown(browser, front.url, { viewport });
    await person.signIn('ann');
    await person.see('Lake weekend');
    for (const scene of scenes) {
      if (!chosen(scene.name) || (scene.only && scene.only !== device)) continue;
      await t.test(`${scene.name} on a ${device}`, async () => {
        const path = typeof scene.at === 'string' ? scene.at : scene.at(world);
        await person.page.goto(`${front.url}${path}`);
        await person.page.waitForSelector('.shell');
        if (scene.text)
          await person.page.evaluate(`document.documentElement.style.fontSize = '${scene.text}%'`);
        try {
          await scene.show?.(person, world, front);
          await look(person, scene.name, device, scene.media);
        } finally {
          await scene.after?.(person, world, front);
        }
      });
    }
    await person.context.close();
  });
}
