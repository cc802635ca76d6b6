// `parley admin push why`: what became of each notification, against a push service of our own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unshared } from '../lib/place.js';
import { type Browser, PushService } from '../lib/push-service.js';
import { parley, tempDir } from '../lib/server.js';
import { cmid, eventually, type User, World } from '../lib/world.js';

interface Row {
  time: string;
  conv: string;
  seq: number;
  device: string;
  text: string;
}

const ROW = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) {2}(a test|\S+) +(\d+) {2}(.{20}) (.+)$/;

function rowsOf(out: string): Row[] {
  const lines = out.split('\n').map((line) => ROW.exec(line));
  return lines.flatMap((m) =>
    m ? [{ time: m[1]!, conv: m[2]!, seq: Number(m[3]), device: m[4]!.trim(), text: m[5]! }] : [],
  );
}

async function why(w: World, user: string): Promise<{ out: string; rows: Row[] }> {
  const run = await w.admin(['push', 'why', user]);
  assert.equal(run.code, 0, run.err);
  return { out: run.out, rows: rowsOf(run.out) };
}

/** Waits until the newest row of the user says so. */
function newest(w: World, user: User, text: RegExp): Promise<Row> {
  return eventually(
    async () => {
      const row = (await why(w, user.name)).rows[0];
      return row && text.test(row.text) ? row : undefined;
    },
    `a row with ${text}`,
    20_000,
  ) as Promise<Row>;
}

const send = (from: User, to: User, text = 'a secret'): Promise<{ seq: number; conv: string }> =>
  from.op('send', { to: to.id, cmid: cmid(), text }) as Promise<{ seq: number; conv: string }>;

describe('why a phone did not ring', { skip: unshared('a server with a push service of its own') }, () => {
  let service: PushService;
  let w: World;
  before(async () => {
    service = await PushService.start();
    w = new World({ own: true, options: service.options, env: { TZ: 'EAST-14' } });
    await w.start();
    service.key = (await w.rest.ok('GET', '/v1/push/key')).key;
  });
  after(async () => {
    await w.stop();
    await service.stop();
  });

  async function subscribe(user: User): Promise<{ browser: Browser; push_id: string }> {
    const browser = service.browser();
    const args = { kind: 'webpush', subscription: browser.subscription };
    return { browser, push_id: (await user.op('push.register', args)).push_id };
  }

  test('sent, muted, read, refused, ended, nobody left: newest first, in local time', async () => {
    const [ann, bob] = await w.users(2);
    const phone = await bob.login('Pixel 9');
    const { browser } = await subscribe(phone);
    const began = Date.now();

    const one = await send(ann, bob);
    await newest(w, bob, /^sent; 127\.0\.0\.1 answered 201$/);

    await bob.op('conv.set', { conv: one.conv, muted_until: Date.now() + 3600_000 });
    await send(ann, bob);
    await newest(w, bob, /^not sent: the conversation was muted$/);
    await bob.op('conv.set', { conv: one.conv, muted_until: 0 });

    browser.usual = 503;
    const three = await send(ann, bob);
    await newest(w, bob, /^not yet: .*; 127\.0\.0\.1 answered 503/);
    await bob.op('ack', { read: { [one.conv]: three.seq } });
    await newest(w, bob, /^not sent: it had been read; 127\.0\.0\.1 answered 503/);
    browser.usual = 201;

    browser.answers = [403];
    await send(ann, bob);
    await newest(w, bob, /^not sent: the push service refused it; 127\.0\.0\.1 answered 403$/);

    browser.answers = [410];
    await send(ann, bob);
    await newest(w, bob, /^not sent: the subscription of the device had ended.* answered 410$/);

    await send(ann, bob);
    await newest(w, bob, /^not sent: no device had asked for notifications$/);

    const { out, rows } = await why(w, bob.id);
    assert.deepEqual(
      rows.map((r) => [r.seq, r.conv, r.device]),
      [6, 5, 4, 3, 2, 1].map((seq) => [seq, one.conv, seq === 6 || seq === 2 ? '-' : 'Pixel 9']),
    );
    for (const row of rows) {
      const at = Date.parse(`${row.time.replace(' ', 'T')}+14:00`);
      assert.ok(at > began - 1000 && at <= Date.now(), row.time);
    }
    assert.match(out, new RegExp(`^user +${bob.name}, ${bob.id}$`, 'm'));
    assert.match(out, /^browsers +0: no device has asked/m);
    for (const secret of ['a secret', new URL(browser.endpoint).pathname, browser.auth.toString('base64url')])
      assert.ok(!out.includes(secret), secret);
  });

  test('a device that is connected', async () => {
    const [ann, bob] = await w.users(2);
    const { browser } = await subscribe(bob);
    browser.usual = 503;
    const { seq } = await send(ann, bob);
    await newest(w, bob, /^not yet: /);
    assert.match((await why(w, bob.name)).out, /^connected +no$/m);
    const client = await bob.connect();
    const row = await newest(w, bob, /^not sent: a device was connected/);
    assert.equal(row.seq, seq);
    // What comes now goes to that device, and has no row.
    await send(ann, bob, 'there');
    await client.event('entry', (e) => e.text === 'there');
    const { out, rows } = await why(w, bob.name);
    assert.match(out, /^connected +now/m);
    assert.deepEqual(
      rows.map((r) => r.seq),
      [seq],
    );
    await client.close();
    await eventually(
      async () => /^connected +no, last on line \d{4}-/m.test((await why(w, bob.name)).out),
      'when it was last on line',
      15_000,
    );
  });

  test('a service that is not there, one that fails at first, and a test', async () => {
    const [ann, bob, carl] = await w.users(3);
    const subscription = { ...service.browser().subscription, endpoint: 'https://127.0.0.1:1/gone' };
    await bob.op('push.register', { kind: 'webpush', subscription });
    await send(ann, bob);
    await newest(w, bob, /^not yet: .*; 127\.0\.0\.1 did not answer/);
    const { browser, push_id } = await subscribe(carl);
    browser.answers = [500, 503];
    await send(ann, carl);
    await newest(w, carl, /^sent; 127\.0\.0\.1 answered 201, 3 tries, until /);
    assert.equal((await why(w, carl.name)).rows.length, 1);
    await carl.op('push.test', { push_id });
    await eventually(
      async () => (await why(w, carl.name)).rows.map((r) => r.conv).includes('a test'),
      'the row of the test',
    );
    assert.equal((await why(w, carl.name)).rows.length, 2);
  });

  test('names of devices steer no terminal', async () => {
    const [ann, bob] = await w.users(2);
    const phone = await bob.login('a\u001b[1mb\u009b');
    await subscribe(phone);
    await send(ann, bob);
    assert.equal((await newest(w, bob, /^sent/)).device, 'a?[1mb?');
  });

  test('nobody of that name; nobody who was ever to be woken', async () => {
    const unknown = await w.admin(['push', 'why', 'no.such.user']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /no user of this name or id/);
    assert.equal(unknown.out, '');
    for (const args of [[], ['a', 'b']]) assert.equal((await w.admin(['push', 'why', ...args])).code, 2);
    const bob = await w.user();
    const { out, rows } = await why(w, bob.name);
    assert.equal(rows.length, 0);
    assert.match(out, /^browsers +0: no device has asked for notifications$/m);
    assert.match(out, /^No notification in the last 30 days\.$/m);
    assert.match(out, /switched on in the settings/);
  });
});

describe('the ledger of pushes in the store', { skip: unshared('a store of its own') }, () => {
  test('is there without a server, in a backup, and in no export; verify minds it not', async () => {
    const service = await PushService.start();
    const data = tempDir();
    const w = new World({ own: true, data, options: service.options });
    await w.start();
    service.key = (await w.rest.ok('GET', '/v1/push/key')).key;
    const [ann, bob] = await w.users(2);
    const browser = service.browser();
    await bob.op('push.register', { kind: 'webpush', subscription: browser.subscription });
    await send(ann, bob);
    await browser.push();
    await w.stop();
    await service.stop();

    const run = async (args: string[], folder = data): Promise<string> => {
      const done = await parley([...args, '--data', folder]);
      assert.equal(done.code, 0, done.err);
      return done.out;
    };
    const [backup, restored, file, imported] = ['b', 'r', 'x', 'i'].map((n) => join(tempDir(), n)) as [
      string,
      string,
      string,
      string,
    ];
    const out = await run(['admin', 'push', 'why', bob.name]);
    assert.match(rowsOf(out)[0]!.text, /^sent; /);
    assert.match(out, /^connected +not known: no server is running here$/m);
    await run(['store', 'verify']);
    await run(['store', 'backup', backup]);
    await run(['store', 'restore', backup], restored);
    assert.equal(rowsOf(await run(['admin', 'push', 'why', bob.name], restored)).length, 1);
    await run(['store', 'export', file]);
    assert.ok(!readFileSync(file, 'utf8').includes('push_ledger'));
    await run(['store', 'import', file], imported);
    assert.equal(rowsOf(await run(['admin', 'push', 'why', bob.name], imported)).length, 0);
    const moved = join(tempDir(), 'm');
    await run(['store', 'migrate', '--to', `rocksdb:${moved}`]);
    const there = await run(['admin', 'push', 'why', bob.name, '-o', `store.path=${moved}`], tempDir());
    assert.equal(rowsOf(there).length, 1);
  });
});
