// A Firefox of its own and what a person does with it, over WebDriver BiDi without a library: the page's own policy
// forbids what libraries put into it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dropDir, PATIENCE, tempDir } from '../lib/server.js';
import { eventually } from '../lib/world.js';
import { WebSocketRaw } from '../lib/ws.js';
import { shots } from './page.js';

/** A browser that has just started on a busy machine takes its time. */
const PATIENT = PATIENCE + 22_000;
/** Pictures come in one frame. */
const LONGEST = 16 * 1024 * 1024;

/** What it says of a server that is not there, and of what a page still loads when it makes way for the next. */
const NOISE =
  /establish a connection to the server|was interrupted while the page was loading|NetworkError|ServiceWorker intercepted the request/;

type Json = Record<string, unknown>;

/** The browser refused a command, as it does while a page makes way for the next. */
class Refused extends Error {}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface FirefoxLook {
  /** Where it keeps what pages keep; its own, that goes with it, unless told. */
  profile?: string;
  dark?: boolean;
}

export class Firefox {
  version = '';
  /** What pages should never say: errors of scripts and breaches of the content policy. */
  readonly troubles: string[] = [];
  private next = 1;
  private readonly asked = new Map<number, (answer: Json) => void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly ws: WebSocketRaw,
    private readonly dropped: string | undefined,
  ) {
    ws.onText = (text) => this.take(JSON.parse(text) as Json);
    ws.onEnd = () => {
      for (const done of this.asked.values()) done({ error: 'gone', message: 'the browser has gone' });
    };
  }

  static async start(look: FirefoxLook = {}): Promise<Firefox> {
    const profile = look.profile ?? tempDir();
    const settings = {
      'layout.css.prefers-color-scheme.content-override': look.dark ? 0 : 1,
      'intl.accept_languages': 'en-GB, en',
      'signon.rememberSignons': false,
      // A turn of the wheel is one step.
      'general.smoothScroll': false,
    };
    const lines = Object.entries(settings).map(
      (s) => `user_pref(${s.map((v) => JSON.stringify(v)).join(', ')});`,
    );
    writeFileSync(join(profile, 'user.js'), lines.join('\n'));
    const child = spawn(
      process.env.PARLEY_FIREFOX ?? '/usr/bin/firefox-esr',
      ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' } },
    );
    running.add(child);
    child.once('close', () => running.delete(child));
    const url = await listening(child);
    const ws = await WebSocketRaw.open(url, { path: '/session', protocols: '', maxFrame: LONGEST });
    const firefox = new Firefox(child, ws, look.profile ? undefined : profile);
    const { capabilities } = await firefox.command('session.new', { capabilities: {} });
    firefox.version = (capabilities as { browserVersion: string }).browserVersion;
    await firefox.command('session.subscribe', { events: ['log.entryAdded'] });
    await firefox.command('script.addPreloadScript', {
      functionDeclaration: `() => addEventListener('securitypolicyviolation', (e) =>
        console.error('content policy: ' + e.effectiveDirective + ' ' + e.blockedURI))`,
    });
    return firefox;
  }

  private take(frame: Json): void {
    const id = frame.id as number;
    const done = this.asked.get(id);
    this.asked.delete(id);
    done?.(frame);
    if (frame.method !== 'log.entryAdded') return;
    const { level, text } = frame.params as { level: string; text: string };
    if (level === 'error' && !NOISE.test(text)) this.troubles.push(text);
  }

  async command(method: string, params: Json): Promise<Json> {
    const id = this.next++;
    const answer = await new Promise<Json>((done) => {
      this.asked.set(id, done);
      this.ws.text(JSON.stringify({ id, method, params }));
    });
    if (answer.error) throw new Refused(`${method}: ${answer.error}: ${answer.message}`);
    return answer.result as Json;
  }

  /** In a window of its own, which has the focus: that from the start never has. */
  window(): Promise<Tab> {
    return this.open('window');
  }

  /** In front of those that are in the window. */
  tab(): Promise<Tab> {
    return this.open('tab');
  }

  private async open(type: string): Promise<Tab> {
    const { context } = await this.command('browsingContext.create', { type });
    const tab = new Tab(this, context as string);
    // Once its own first page is there, nothing that is asked of it is lost with that.
    await tab.goto('about:blank');
    return tab;
  }

  async close(): Promise<void> {
    const ended = this.child.exitCode === null ? once(this.child, 'close') : undefined;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENT);
    await this.command('browser.close', {}).catch(() => {});
    await ended;
    clearTimeout(timer);
    if (this.dropped) dropDir(this.dropped);
  }
}

/** Waits for the line that tells where it listens; what it says later is read and dropped. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`Firefox does not listen; it said:\n${said}`));
    }, PATIENT + 30_000);
    child.once('error', fail);
    child.once('close', () => fail(new Error(`Firefox ended; it said:\n${said}`)));
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (said.length < 10_000) said += `${line}\n`;
      const found = /WebDriver BiDi listening on ws:(\/\/\S+)/.exec(line);
      if (!found) return;
      clearTimeout(timer);
      done(`http:${found[1]}`);
    });
  });
}

/** Keys that have no letter, as WebDriver names them. */
const KEYS: Record<string, string> = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Shift: '\uE008',
  Control: '\uE009',
  Alt: '\uE00A',
  Escape: '\uE00C',
  End: '\uE010',
  Home: '\uE011',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};

/** In the page: the last one of this kind, with this text in it, that can be seen. */
export const find = (css: string, text?: string): string =>
  `[...document.querySelectorAll(${JSON.stringify(css)})].filter((el) =>
    el.textContent.includes(${JSON.stringify(text ?? '')}) && el.checkVisibility({ visibilityProperty: true })).at(-1)`;

export class Tab {
  constructor(
    private readonly firefox: Firefox,
    private readonly context: string,
  ) {}

  private command(method: string, params: Json): Promise<Json> {
    return this.firefox.command(method, { context: this.context, ...params });
  }

  async size(viewport: { width: number; height: number }): Promise<void> {
    await this.command('browsingContext.setViewport', { viewport });
  }

  async goto(url: string): Promise<void> {
    await this.command('browsingContext.navigate', { url, wait: 'complete' });
  }

  async reload(): Promise<void> {
    await this.command('browsingContext.reload', { wait: 'complete' });
  }

  async close(): Promise<void> {
    await this.command('browsingContext.close', {});
  }

  /** The value of an expression in the page, as JSON has it. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.firefox.command('script.evaluate', {
      expression: `(async () => JSON.stringify(await (${expression})) ?? 'null')()`,
      target: { context: this.context },
      awaitPromise: true,
      userActivation: true,
    });
    const { type, result, exceptionDetails } = answer as {
      type: string;
      result?: { value: string };
      exceptionDetails?: { text: string };
    };
    if (type !== 'success') throw new Error(`${exceptionDetails?.text} in ${expression}`);
    return JSON.parse(result?.value ?? 'null') as T;
  }

  /** Waits until an expression is true of the page, and gives its value. */
  until<T>(expression: string): Promise<T> {
    return eventually(
      () =>
        this.evaluate<T>(expression).catch((e) => {
          if (e instanceof Refused) return undefined as T;
          throw e;
        }),
      expression,
      PATIENT,
    );
  }

  /** Waits until it is seen. */
  see(css: string, text?: string): Promise<unknown> {
    return this.until(`Boolean(${find(css, text)})`);
  }

  /** Waits until nothing of the kind is seen any more. */
  gone(css: string, text?: string): Promise<unknown> {
    return this.until(`!${find(css, text)}`);
  }

  /** The middle of what can be pressed now: in sight, at rest, under nothing else. */
  private async middle(css: string, text?: string): Promise<[number, number]> {
    let before = '';
    const look = async (): Promise<[number, number] | undefined> => {
      const at = await this.evaluate<[number, number] | null>(`(() => {
        const el = ${find(css, text)};
        if (!el || el.disabled) return null;
        el.scrollIntoView({ block: 'nearest' });
        const box = el.getBoundingClientRect();
        const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
        return el.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
      })()`);
      const rests = at !== null && `${at}` === before;
      before = `${at}`;
      return rests ? at : undefined;
    };
    const at = await eventually(look, `${css} "${text ?? ''}" can be pressed`, PATIENT);
    return at as [number, number];
  }

  private async pointer(actions: Json[]): Promise<void> {
    const mouse = { type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions };
    await this.command('input.performActions', { actions: [mouse] });
  }

  /** `button` 2: the right one. */
  async click(css: string, text?: string, button = 0): Promise<void> {
    const [x, y] = await this.middle(css, text);
    await this.pointer([
      { type: 'pointerMove', x, y },
      { type: 'pointerDown', button },
      { type: 'pointerUp', button },
    ]);
  }

  /** Turns the wheel over something; negative is upwards. */
  async wheel(css: string, deltaY: number): Promise<void> {
    const [x, y] = await this.middle(css);
    const actions = [{ type: 'scroll', x, y, deltaX: 0, deltaY }];
    await this.command('input.performActions', { actions: [{ type: 'wheel', id: 'wheel', actions }] });
  }

  private async keys(actions: Json[]): Promise<void> {
    await this.command('input.performActions', { actions: [{ type: 'key', id: 'keys', actions }] });
  }

  /** One key, after those that are held meanwhile: `Control+k`. */
  async press(chord: string): Promise<void> {
    const values = chord.split('+').map((key) => KEYS[key] ?? key);
    const up = [...values].reverse();
    await this.keys([
      ...values.map((value) => ({ type: 'keyDown', value })),
      ...up.map((value) => ({ type: 'keyUp', value })),
    ]);
  }

  /** Letter by letter, where the focus is. */
  async type(text: string): Promise<void> {
    await this.keys(
      [...text].flatMap((value) => [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ]),
    );
  }

  /** Into a field, in place of what is in it. */
  async fill(css: string, text: string): Promise<void> {
    await this.click(css);
    await this.press('Control+a');
    await this.type(text);
  }

  /** A picture, once nothing moves any more. */
  async shot(name: string): Promise<void> {
    await this.until(`document.getAnimations().every((a) =>
      a.playState !== 'running' || a.effect.getComputedTiming().endTime === Infinity)`);
    const { data } = await this.command('browsingContext.captureScreenshot', {});
    writeFileSync(join(shots, `${name}.png`), Buffer.from(data as string, 'base64'));
  }
}
