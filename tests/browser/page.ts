// One person in front of one browser window, in the words of the person.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { PATIENCE, ROOT } from '../lib/server.js';

export const PASSWORD = 'correct horse';
export const shots = process.env.PARLEY_SHOTS ?? join(ROOT, 'build', 'screenshots');
mkdirSync(shots, { recursive: true });

export const laptop = { width: 1280, height: 800 };
export const wide = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

export interface Look {
  viewport: { width: number; height: number };
  dark?: boolean;
  /** What the browser asks for; British English unless told. */
  locale?: string;
  /** No service worker: a test answers for the page's files. */
  noWorker?: boolean;
}

type Kept = Awaited<ReturnType<BrowserContext['storageState']>>;

export class Person {
  /** What the page should never say: errors of scripts and breaches of the content policy. */
  readonly troubles: string[] = [];

  private constructor(
    readonly browser: Browser,
    readonly url: string,
    readonly look: Look,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.troubles.push(error.stack ?? String(error)));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !/net::ERR_|WebSocket connection/.test(text))
        this.troubles.push(text);
    });
  }

  static async sitDown(browser: Browser, url: string, look: Look, kept?: Kept): Promise<Person> {
    const small = look.viewport.width < 640;
    const context = await browser.newContext({
      viewport: look.viewport,
      colorScheme: look.dark ? 'dark' : 'light',
      locale: look.locale ?? 'en-GB',
      ...(look.noWorker ? { serviceWorkers: 'block' as const } : {}),
      ...(small ? { hasTouch: true, isMobile: true } : {}),
      ...(kept ? { storageState: kept } : {}),
    });
    const person = new Person(browser, url, look, context, await context.newPage());
    await person.page.goto(`${url}/`);
    return person;
  }

  /** The same person in another tab. */
  beside(page: Page): Person {
    return new Person(this.browser, this.url, this.look, this.context, page);
  }

  /** Closes the window. What the browser keeps is there again when the person comes back. */
  async getUp(): Promise<Kept> {
    const kept = await this.context.storageState({ indexedDB: true });
    await this.context.close();
    return kept;
  }

  async register(name: string, shown: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.page.fill('[name=username]', name);
    await this.page.fill('[name=display-name]', shown);
    await this.page.fill('[name=password]', PASSWORD);
    await this.page.click('button[type=submit]');
    await this.page.waitForSelector('.chat-list');
  }

  async signIn(name: string): Promise<void> {
    await this.page.fill('[name=username]', name);
    await this.page.fill('[name=password]', PASSWORD);
    await this.page.click('button[type=submit]');
    await this.page.waitForSelector('.chat-list');
  }

  /** Finds somebody by name and opens the conversation. */
  async find(name: string): Promise<void> {
    await this.page.fill('#chat-search', name);
    await this.page.click(`[data-user="${name}"]`);
    await this.page.waitForSelector('#composer');
  }

  async open(title: string): Promise<void> {
    await this.page.locator('.row', { hasText: title }).first().click();
    // The chat before it is shown until this one is, and reads what comes in.
    await this.page.locator('.header-link', { hasText: title }).waitFor();
    await this.page.waitForSelector('#composer');
  }

  async write(text: string): Promise<void> {
    await this.page.fill('#composer', text);
    await this.page.locator('.send').click();
    await this.message(text).waitFor();
  }

  message(text: string): Locator {
    return this.page.locator('article', { has: this.page.locator('.text', { hasText: text }) }).last();
  }

  /** Presses "Try now" as soon as it is offered; not when the page has connected by itself, or does so in a moment. */
  async tryNow(): Promise<void> {
    await this.page.waitForFunction(`(() => {
      const banner = [...document.querySelectorAll('.banner')].find((b) => b.checkVisibility());
      const button = banner?.querySelector('.banner-action');
      button?.click();
      return Boolean(button) || !banner || banner.classList.contains('banner-good');
    })()`);
  }

  /** Waits until the own message shows this state. */
  async tick(text: string, state: string): Promise<void> {
    await this.message(text).locator(`.footer [data-state=${state}]`).waitFor();
  }

  /** The texts of all bubbles that are drawn, in order. */
  async texts(): Promise<string[]> {
    return (await this.page.locator('article .text').allTextContents()).map((s) => s.trim());
  }

  async see(text: string): Promise<void> {
    await this.page.getByText(text, { exact: false }).locator('visible=true').first().waitFor();
  }

  async shot(name: string): Promise<string> {
    const path = join(shots, `${name}.png`);
    // A moment for what fades in, and for the last frame.
    await this.page.waitForTimeout(350);
    await this.page.screenshot({ path });
    return path;
  }

  /** Serious findings of axe on what is shown now; of these rules only, when some are named. */
  async accessibility(rules?: string[]): Promise<string[]> {
    const axe = createRequire(join(ROOT, 'package.json'))('axe-core') as { source: string };
    await this.page.evaluate(axe.source);
    const options = { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) };
    // What fades in or out is there or not, as a pale colour on its way is nobody's contrast.
    await this.page.emulateMedia({ reducedMotion: 'reduce' });
    const found = (await this.page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as {
      violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    await this.page.emulateMedia({ reducedMotion: null });
    return found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map(
        (v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} (${n.failureSummary})`).join(' | ')}`,
      );
  }

  noTroubles(): void {
    assert.deepEqual(this.troubles, []);
  }
}
