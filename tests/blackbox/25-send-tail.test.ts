// `parley send` and `parley tail --json`: the script mode of the terminal client.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { PATIENCE, parley, parleySpawn, type Run, Server, tempDir } from '../lib/server.js';
import { cmid, makeGroup, type User, World, world } from '../lib/world.js';

/** The lines of a running `tail`, as they come. */
class Tail {
  readonly events: Json[] = [];
  private err = '';
  private wake: (() => void)[] = [];
  private constructor(readonly child: ChildProcess) {
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.events.push(JSON.parse(line));
      this.notify();
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.notify();
    });
    child.on('close', () => this.notify());
  }
  private notify(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
  static async start(args: string[]): Promise<Tail> {
    const tail = new Tail(parleySpawn(['tail', '--json', ...args]));
    await tail.until(() => tail.err.includes('listening'), 'listening');
    return tail;
  }
  async until(done: () => boolean, what: string): Promise<void> {
    const end = Date.now() + PATIENCE + 10_000;
    while (!done()) {
      assert.ok(this.child.exitCode === null, `tail ended while waiting for ${what}: ${this.err}`);
      await new Promise<void>((go, fail) => {
        const timer = setTimeout(
          () => fail(new Error(`no ${what}: ${JSON.stringify(this.events)} ${this.err}`)),
          end - Date.now(),
        );
        this.wake.push(() => {
          clearTimeout(timer);
          go();
        });
      });
    }
  }
  texts(): string[] {
    return this.events.filter((e) => e.ev === 'entry' && e.kind === 'text').map((e) => e.text);
  }
}

describe('send and tail', () => {
  const w = world(new World({ record: false }));
  const tails: Tail[] = [];
  after(() => {
    for (const t of tails) t.child.kill('SIGKILL');
  });

  const as = (u: User, url = w.url): string[] => {
    const file = join(tempDir(), 'token');
    writeFileSync(file, `${u.token}\n`);
    return ['--server', url, '--token', file];
  };
  const send = (u: User, args: string[], input = ''): Promise<Run> =>
    parley(['send', ...as(u), ...args], input);
  const tail = async (u: User, args: string[] = [], url = w.url): Promise<Tail> => {
    const t = await Tail.start([...as(u, url), ...args]);
    tails.push(t);
    return t;
  };

  test('send prints the answer; by name, id and conversation, from arguments and standard input', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    const one = await send(a, ['--to', b.name, 'hello there']);
    assert.equal(one.code, 0, one.err);
    const answer = JSON.parse(one.out);
    assert.deepEqual([answer.conv, answer.seq, answer.dup], [a.direct(b), 1, false]);
    assert.equal((await cb.event('entry')).text, 'hello there');
    const text = 'line one\nline "two" 😀\n';
    assert.equal((await send(a, ['--to-id', b.id], text)).code, 0);
    assert.equal((await cb.event('entry')).text, text.trimEnd());
    const same = ['--conv', a.direct(b), '--cmid', cmid(), 'once'];
    assert.equal(JSON.parse((await send(a, same)).out).dup, false);
    assert.equal(JSON.parse((await send(a, same)).out).dup, true);
  });

  test('send: what is refused', async () => {
    const [a, b] = await w.users(2);
    assert.equal((await send(a, ['x'])).code, 2);
    assert.equal((await send(a, ['--to', b.name, '--conv', a.direct(b), 'x'])).code, 2);
    assert.equal((await send(a, ['--to', b.name], '')).code, 1);
    assert.equal((await send(a, ['--to', 'nobody_of_this_name', 'x'])).code, 1);
    assert.equal((await send(a, ['--to', 'NOT a name', 'x'])).code, 1);
    assert.equal((await send(a, ['--conv', `g.${'0'.repeat(32)}`, 'x'])).code, 1);
    const line = ['send', '--server', w.url, '--to', b.name, 'x'];
    assert.equal((await parley(line, '', { PARLEY_TOKEN: '' })).code, 2);
    const wrong = await parley(line, '', { PARLEY_TOKEN: 'x'.repeat(43) });
    assert.equal(wrong.code, 1);
    assert.ok(wrong.err.trim().length > 0);
    assert.equal((await parley(line, '', { PARLEY_TOKEN: a.token })).code, 0);
    const nobody = ['send', '--server', 'http://127.0.0.1:1', '--wait', '0', '--to', b.name, 'x'];
    assert.equal((await parley(nobody, '', { PARLEY_TOKEN: a.token })).code, 1);
  });

  test('tail prints the events of the user, each entry once and in order', async () => {
    const [a, b, x] = await w.users(3);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'before' });
    const t = await tail(b);
    const ca = await a.connect();
    for (let i = 1; i <= 30; i++) await ca.ok('send', { to: b.id, cmid: cmid(), text: `${i}` });
    const conv = await makeGroup(ca, [b, x]);
    await ca.ok('typing', { conv, on: true });
    // Who types is told past the log: among many servers it may come before what was written.
    for (const ev of ['typing', 'conv']) await t.until(() => t.events.some((e) => e.ev === ev), ev);
    assert.deepEqual(
      t.texts(),
      Array.from({ length: 30 }, (_, i) => `${i + 1}`),
    );
    const is = t.events.find((e) => e.ev === 'conv');
    assert.equal(is.conv, conv);
    assert.ok(t.events.some((e) => e.ev === 'entry' && e.kind === 'created'));
  });

  test('what the same device sends fills its holes', async () => {
    const [a, b] = await w.users(2);
    const t = await tail(a);
    assert.equal((await send(a, ['--to', b.name, 'own'])).code, 0);
    await b.op('send', { to: a.id, cmid: cmid(), text: 'answer' });
    await t.until(() => t.texts().includes('answer'), 'the answer');
    assert.deepEqual(t.texts().at(-1), 'answer');
  });

  test('one who was away from a group that shows only what came since they joined', async () => {
    const [a, b, x] = await w.users(3);
    const ca = await a.connect();
    const conv = await makeGroup(ca, [b, x], { history: 'joined' });
    const t = await tail(b);
    await ca.ok('send', { conv, cmid: cmid(), text: 'seen' });
    await ca.ok('group.remove', { conv, users: [b.id], cmid: cmid() });
    for (const text of ['hidden 1', 'hidden 2']) await ca.ok('send', { conv, cmid: cmid(), text });
    await ca.ok('group.add', { conv, users: [b.id], cmid: cmid() });
    await ca.ok('send', { conv, cmid: cmid(), text: 'seen again' });
    await t.until(() => t.texts().includes('seen again'), 'what came after the return');
    assert.deepEqual(t.texts(), ['seen', 'seen again']);
    const kinds = t.events.filter((e) => e.ev === 'entry').map((e) => e.kind);
    assert.deepEqual(kinds, ['text', 'member_removed', 'member_added', 'text']);
  });

  test('a signal ends tail with 0', async () => {
    const [a] = await w.users(1);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const t = await tail(a!);
      const code = new Promise((go) => t.child.on('close', go));
      t.child.kill(signal);
      assert.equal(await code, 0, signal);
    }
  });

  test('send without an answer says under which cmid to try again', async () => {
    const [a, b] = await w.users(2);
    const env = { PARLEY_TOKEN: a.token };
    const line = ['send', '--server', 'http://127.0.0.1:1', '--wait', '0', '--to-id', b.id, 'perhaps'];
    const run = await parley(line, '', env);
    assert.equal(run.code, 3);
    const again = /--cmid (\S+)/.exec(run.err)?.[1];
    assert.ok(again, run.err);
    const named = await parley([...line, '--cmid', 'mine'], '', env);
    assert.match(named.err, /--cmid mine/);
    for (const dup of [false, true]) {
      const sent = await send(a, ['--to-id', b.id, '--cmid', again, 'perhaps']);
      assert.equal(JSON.parse(sent.out).dup, dup);
    }
  });

  test('send - reads standard input', async () => {
    const [a, b] = await w.users(2);
    const cb = await b.connect();
    assert.equal((await send(a, ['--to', b.name, '-'], 'from a pipe\n')).code, 0);
    assert.equal((await cb.event('entry')).text, 'from a pipe');
  });

  test('--conv and --count', async () => {
    const [a, b, x] = await w.users(3);
    const line = ['tail', '--json', ...as(b), '--conv', a.direct(b), '--count', '2'];
    const child = new Promise<string>((go) => {
      const t = parleySpawn(line);
      let out = '';
      t.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
      t.stderr!.setEncoding('utf8').on('data', async (text: string) => {
        if (!text.includes('listening')) return;
        await x.op('send', { to: b.id, cmid: cmid(), text: 'elsewhere' });
        for (const word of ['one', 'two', 'three']) {
          await a.op('send', { to: b.id, cmid: cmid(), text: word });
        }
      });
      t.on('close', (code) => go(`${code} ${out}`));
    });
    const out = await child;
    assert.match(out, /^0 /);
    assert.match(out, /one[\s\S]*two/);
    assert.doesNotMatch(out, /three|elsewhere/);
  });

  test('a bad token ends tail', async () => {
    const run = await parley(['tail', '--json', '--server', w.url], '', { PARLEY_TOKEN: 'x'.repeat(43) });
    assert.equal(run.code, 1);
    assert.ok(run.err.trim().length > 0);
  });
});

describe('tail over a restart', { skip: unshared('a server that it ends and starts again') }, () => {
  test('nothing is missing and nothing twice', async () => {
    const data = tempDir();
    const first = new World({ own: true, data, record: false });
    await first.start();
    const url = first.url;
    const [a, b] = await first.users(2);
    const file = join(tempDir(), 'token');
    writeFileSync(file, b.token);
    const t = await Tail.start(['--server', url, '--token', file]);
    try {
      for (let i = 0; i < 5; i++) await a.op('send', { to: b.id, cmid: cmid(), text: `${i}` });
      await t.until(() => t.texts().length === 5, 'five');
      await first.server!.kill();
      const sending = parley(['send', '--server', url, '--to', b.name, '5'], '', { PARLEY_TOKEN: a.token });
      const again = await Server.start({ data, listen: new URL(url).host });
      try {
        const sent = await sending;
        assert.equal(sent.code, 0, sent.err);
        for (let i = 6; i < 9; i++) await a.op('send', { to: b.id, cmid: cmid(), text: `${i}` });
        await t.until(() => t.texts().length >= 9, 'nine');
        assert.deepEqual(t.texts(), ['0', '1', '2', '3', '4', '5', '6', '7', '8']);
      } finally {
        await again.kill();
      }
    } finally {
      t.child.kill('SIGKILL');
    }
  });
});
