// Web Push from end to end: a service of our own checks what it is sent and opens it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Rest } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { type Browser, PushService } from '../lib/push-service.js';
import { parley, tempDir } from '../lib/server.js';
import { cmid, eventually, makeGroup, type User, World, wait } from '../lib/world.js';

/** The value of a line of /metrics, by its beginning. */
async function metric(w: World, line: string): Promise<number> {
  const { text } = await new Rest(w.url).call('GET', '/metrics');
  const found = text.split('\n').find((l) => l.startsWith(`${line} `));
  return found ? Number(found.slice(line.length + 1)) : 0;
}
const jobs = (w: World, result: string): Promise<number> =>
  metric(w, `parley_push_jobs_total{result="${result}"}`);
const posts = (w: World, result: string): Promise<number> =>
  metric(w, `parley_push_posts_total{result="${result}"}`);

describe('web push', { skip: unshared('a server with a push service of its own') }, () => {
  let service: PushService;
  let w: World;
  before(async () => {
    service = await PushService.start();
    w = new World({ own: true, options: service.options });
    await w.start();
    service.key = (await w.rest.ok('GET', '/v1/push/key')).key;
  });
  after(async () => {
    await w.stop();
    await service.stop();
  });

  async function subscribe(user: User, more = {}): Promise<{ browser: Browser; push_id: string }> {
    const browser = service.browser();
    const args = { kind: 'webpush', subscription: browser.subscription, ...more };
    return { browser, push_id: (await user.op('push.register', args)).push_id };
  }
  const send = (from: User, to: User, text: string, more = {}): Promise<{ seq: number; conv: string }> =>
    from.op('send', { to: to.id, cmid: cmid(), text, ...more }) as Promise<{ seq: number; conv: string }>;

  test('a message to somebody without a connection arrives, signed and encrypted', async () => {
    const [ann, bob] = await w.users(2);
    await ann.op('me.set', { display_name: 'Ann "A" Änn' });
    const { browser } = await subscribe(bob);
    const { seq, conv } = await send(ann, bob, 'hello 👋 "quoted"\nline two');
    const { headers, payload } = await browser.push();
    const { notification, ...rest } = payload;
    assert.deepEqual(rest, { web_push: 8030, app_badge: 1, mutable: true });
    assert.equal(notification.title, 'Ann "A" Änn');
    assert.equal(notification.body, 'hello 👋 "quoted"\nline two');
    assert.equal(notification.tag, conv);
    assert.equal(notification.navigate, `/c/${conv.replaceAll('.', '-')}`);
    assert.deepEqual(notification.data, {
      conv,
      seq,
      from: ann.id,
      sender: 'Ann "A" Änn',
      kind: 'text',
      shown: true,
    });
    assert.equal(headers.urgency, 'high');
    assert.ok(Number(headers.ttl) > 259000 && Number(headers.ttl) <= 259200, String(headers.ttl));
    // The second one goes to the same topic, and the badge counts conversations.
    await send(ann, bob, 'again');
    const second = await browser.push(2);
    assert.equal(second.headers.topic, headers.topic);
    assert.equal(second.payload.app_badge, 1);
    const carl = await w.user();
    await send(carl, bob, 'from somebody else');
    const third = await browser.push(3);
    assert.notEqual(third.headers.topic, headers.topic);
    assert.equal(third.payload.app_badge, 2);
  });

  test('not to who is connected, nor to the sender', async () => {
    const [ann, bob, carl] = await w.users(3);
    const own = (await subscribe(ann)).browser;
    const there = (await subscribe(bob)).browser;
    const away = (await subscribe(carl)).browser;
    const client = await bob.connect();
    const sender = await ann.connect();
    const group = await makeGroup(sender, [bob, carl], { name: 'Some' });
    await away.push();
    await sender.close();
    await ann.op('send', { conv: group, cmid: cmid(), text: 'to two' });
    await client.event('entry', (e) => e.text === 'to two');
    const push = await away.push(2);
    assert.equal(push.payload.notification.title, 'Some');
    assert.match(push.payload.notification.body, /: to two$/);
    await client.close();
    // The route goes with the connection; then he is woken like anybody.
    await eventually(async () => {
      await ann.op('send', { conv: group, cmid: cmid(), text: 'now' });
      return there.pushes.length > 0;
    }, 'a push after the connection is gone');
    assert.equal(there.pushes[0]!.payload.notification.data.sender.length > 0, true);
    assert.ok(!there.requests.some((p) => p.payload.notification.body.endsWith('to two')));
    assert.equal(own.requests.length, 0);
  });

  test('who is added to a group is told', async () => {
    const [ann, bob] = await w.users(2);
    const { browser } = await subscribe(bob);
    const client = await ann.connect();
    const group = await makeGroup(client, [bob], { name: 'Newcomers' });
    const { payload, headers } = await browser.push();
    assert.equal(payload.notification.title, 'Newcomers');
    assert.equal(payload.notification.data.kind, 'added');
    assert.equal(payload.notification.data.conv, group);
    assert.equal(headers.urgency, 'normal');
  });

  test('a muted conversation is left out', async () => {
    const [ann, bob] = await w.users(2);
    const { browser } = await subscribe(bob);
    const { conv } = await send(ann, bob, 'one');
    await browser.push();
    await bob.op('conv.set', { conv, muted_until: Date.now() + 3600_000 });
    const muted = await jobs(w, 'muted');
    await send(ann, bob, 'two');
    await eventually(async () => (await jobs(w, 'muted')) === muted + 1, 'the job is left out');
    await bob.op('conv.set', { conv, muted_until: 0 });
    await send(ann, bob, 'three');
    assert.equal((await browser.push(2)).payload.notification.body, 'three');
    assert.equal(browser.requests.length, 2);
  });

  test('what was read, or deleted, before it could be sent is left out', async () => {
    for (const what of ['read', 'deleted']) {
      const [ann, bob] = await w.users(2);
      const { browser } = await subscribe(bob);
      browser.answers = [{ status: 503, headers: { 'retry-after': '1' } }];
      const seen = await jobs(w, 'seen');
      const { conv, seq } = await send(ann, bob, 'soon gone');
      await browser.request();
      if (what === 'read') await bob.op('ack', { read: { [conv]: seq } });
      else await ann.op('delete', { conv, seq, cmid: cmid() });
      await eventually(async () => (await jobs(w, 'seen')) === seen + 1, `what was ${what} is left out`);
      assert.equal(browser.requests.length, 1);
    }
  });

  test('an edited text is pushed as it is now', async () => {
    const [ann, bob] = await w.users(2);
    const { browser } = await subscribe(bob);
    browser.answers = [503];
    const { conv, seq } = await send(ann, bob, 'teh');
    await browser.request();
    await ann.op('edit', { conv, seq, cmid: cmid(), text: 'the' });
    await eventually(async () => browser.pushes.length > 0, 'the second try');
    assert.ok(['teh', 'the'].includes(browser.pushes[0]!.payload.notification.body));
  });

  test('a service that fails is tried again; Retry-After is kept to', async () => {
    const [ann, bob, carl] = await w.users(3);
    const { browser } = await subscribe(bob);
    browser.answers = [500, 503, 429];
    await send(ann, bob, 'at last');
    assert.equal((await browser.push()).payload.notification.body, 'at last');
    assert.equal(browser.requests.length, 4);
    const slow = (await subscribe(carl)).browser;
    slow.answers = [{ status: 429, headers: { 'retry-after': '2' } }];
    await send(ann, carl, 'later');
    const [first, second] = [await slow.request(1), await slow.request(2)];
    assert.ok(second.at - first.at >= 1900, `tried again after ${second.at - first.at} ms`);
  });

  test('a subscription that is gone is forgotten', async () => {
    for (const status of [404, 410]) {
      const [ann, bob] = await w.users(2);
      const { browser, push_id } = await subscribe(bob);
      browser.usual = status;
      const [gone, none] = [await posts(w, 'gone'), await jobs(w, 'no_device')];
      await send(ann, bob, 'one');
      await eventually(async () => (await posts(w, 'gone')) === gone + 1, 'it is counted');
      await send(ann, bob, 'two');
      await eventually(async () => (await jobs(w, 'no_device')) === none + 1, 'nobody is left');
      assert.equal(browser.requests.length, 1);
      await bob.rest.err('DELETE', `/v1/push/${push_id}`, undefined, 'not_found');
    }
  });

  test('what is refused for good is not tried again, and the subscription stays', async () => {
    for (const answer of [
      400,
      403,
      413,
      { status: 307, headers: { location: `${service.origin}/push/elsewhere` } },
    ]) {
      const [ann, bob] = await w.users(2);
      const { browser } = await subscribe(bob);
      browser.answers = [answer];
      const refused = await posts(w, 'refused');
      await send(ann, bob, 'one');
      await eventually(async () => (await posts(w, 'refused')) === refused + 1, 'it is counted');
      await send(ann, bob, 'two');
      assert.equal((await browser.push()).payload.notification.body, 'two');
      assert.equal(browser.requests.length, 2);
    }
  });

  test('each device gets it, and one that hides texts no text', async () => {
    const [ann, bob] = await w.users(2);
    const phone = await bob.login('phone');
    const shows = (await subscribe(bob)).browser;
    const hides = (await subscribe(phone, { show_text: false })).browser;
    await send(ann, bob, 'a secret');
    assert.equal((await shows.push()).payload.notification.body, 'a secret');
    const { payload } = await hides.push();
    assert.equal(payload.notification.body, 'New message');
    assert.equal(payload.notification.data.shown, false);
    assert.ok(!JSON.stringify(payload).includes('secret'));
  });

  test('a device has one subscription, and none once it is signed out', async () => {
    const [ann, bob] = await w.users(2);
    const phone = await bob.login('phone');
    const old = (await subscribe(phone)).browser;
    const renewed = (await subscribe(phone)).browser;
    await send(ann, bob, 'one');
    await renewed.push();
    assert.equal(old.requests.length, 0);
    await bob.rest.ok('DELETE', `/v1/devices/${phone.device}`, undefined, 204);
    const none = await jobs(w, 'no_device');
    await send(ann, bob, 'two');
    await eventually(async () => (await jobs(w, 'no_device')) === none + 1, 'nobody is left');
    assert.equal(renewed.requests.length, 1);
  });

  test('a long text is cut to fit', async () => {
    const [ann, bob] = await w.users(2);
    const { browser } = await subscribe(bob);
    for (const [i, unit] of ['a', 'ä', '你', '👋', '"', '\n'].entries()) {
      await send(ann, bob, unit.repeat(4000));
      const { payload, size } = await browser.push(i + 1);
      const { body } = payload.notification;
      // A character of control is counted with the longest of its forms.
      assert.ok(size > (unit === '\n' ? 1500 : 4080) && size <= 4096, `${size} bytes`);
      assert.ok(body.endsWith('…') && !body.includes('\uFFFD'));
      assert.equal(body.slice(0, -1), unit.repeat((body.length - 1) / unit.length));
    }
  });

  test('a test reaches the device that asks for it', async () => {
    const [ann, bob] = await w.users(2);
    const { browser, push_id } = await subscribe(bob);
    const client = await bob.connect();
    assert.deepEqual(await client.ok('push.test', { push_id }), {});
    assert.equal((await browser.push()).payload.notification.data.kind, 'test');
    await client.err('push.test', { push_id: '1' }, 'not_found');
    const thief = await ann.connect();
    await thief.err('push.test', { push_id }, 'not_found');
  });

  test('what a subscription must be', async () => {
    const bob = await (await w.user()).connect();
    const good = service.browser().subscription;
    for (const [subscription, what] of [
      [{ ...good, endpoint: 'http://push.example/x' }, /endpoint/],
      [{ ...good, endpoint: 'https://user@push.example/x' }, /endpoint/],
      [{ ...good, endpoint: 'https://push.example:99999/x' }, /endpoint/],
      [{ ...good, keys: { auth: good.keys.auth } }, /p256dh/],
    ] as const)
      await bob.err('push.register', { kind: 'webpush', subscription }, 'bad_request', what);
  });

  test('keys that nothing can be encrypted for are dropped when there is something to send', async () => {
    const [ann, bob] = await w.users(2);
    const device = await bob.connect();
    const good = service.browser().subscription;
    const refused = await posts(w, 'refused');
    for (const keys of [
      { ...good.keys, p256dh: good.keys.p256dh.slice(0, -4) },
      { ...good.keys, p256dh: `BA${good.keys.p256dh.slice(2)}` },
      { ...good.keys, auth: 'AAAA' },
    ])
      await device.ok('push.register', { kind: 'webpush', subscription: { ...good, keys } });
    await device.close();
    const client = await ann.connect();
    await client.ok('send', { to: bob.id, cmid: cmid(), text: 'hello' });
    await eventually(async () => (await posts(w, 'refused')) > refused, 'it is counted');
  });

  test('a flood becomes one push a second, the newest last', async () => {
    const flooded = new World({ own: true, options: [...service.options, 'push.webpush.gap_ms=400'] });
    await flooded.start();
    try {
      const key = service.key;
      service.key = (await flooded.rest.ok('GET', '/v1/push/key')).key;
      const [ann, bob] = await flooded.users(2);
      const { browser } = await subscribe(bob);
      const client = await ann.connect();
      await Promise.all(
        Array.from({ length: 60 }, (_, i) => client.ok('send', { to: bob.id, cmid: cmid(), text: `m${i}` })),
      );
      await browser.until(() => browser.pushes.at(-1)?.payload.notification.data.seq === 60, 'the newest');
      assert.ok(browser.requests.length <= 6, `${browser.requests.length} pushes`);
      service.key = key;
    } finally {
      await flooded.stop();
    }
  });
});

describe('web push over restarts', { skip: unshared('servers that are ended') }, () => {
  for (const how of ['stop', 'kill'] as const) {
    test(`what waited is sent after ${how}, by the same key`, async () => {
      const service = await PushService.start();
      const data = tempDir();
      const one = new World({ own: true, data, options: service.options });
      await one.start();
      service.key = (await one.rest.ok('GET', '/v1/push/key')).key;
      const [ann, bob] = await one.users(2);
      const browser = service.browser();
      await bob.op('push.register', { kind: 'webpush', subscription: browser.subscription });
      browser.answers = [{ status: 503, headers: { 'retry-after': '3600' } }];
      await ann.op('send', { to: bob.id, cmid: cmid(), text: 'waits' });
      await browser.request();
      await wait(100);
      assert.equal(statSync(join(data, 'vapid.pem')).mode & 0o777, 0o600);
      await (how === 'kill' ? one.server!.kill() : one.server!.stop());
      one.closeAll();
      const two = new World({ own: true, data, options: service.options });
      await two.start();
      try {
        assert.equal((await two.rest.ok('GET', '/v1/push/key')).key, service.key);
        assert.equal((await browser.push(1, 20_000)).payload.notification.body, 'waits');
      } finally {
        await two.stop();
        await service.stop();
      }
    });
  }
});

describe('web push is careful', { skip: unshared('servers of its own') }, () => {
  test('private addresses are not asked, whatever their name', async () => {
    const name = hostname();
    const service = await PushService.start(name);
    const options = service.options.filter((o) => !o.includes('private_addresses'));
    const w = new World({ own: true, options });
    await w.start();
    try {
      const [ann, bob] = await w.users(2);
      const client = await bob.connect();
      const refuse = async (host: string): Promise<void> => {
        const subscription = { ...service.browser().subscription, endpoint: `https://${host}/x` };
        await client.err('push.register', { kind: 'webpush', subscription }, 'bad_request', /endpoint/);
      };
      for (const host of [
        '127.0.0.1',
        '10.0.0.1',
        'localhost',
        '[::1]',
        '169.254.169.254',
        '[::ffff:127.0.0.1]',
      ])
        await refuse(host);
      await client.close();
      const browser = service.browser();
      if (!/[.]/.test(name)) assert.ok(browser.endpoint.startsWith(`https://${name}:`));
      await bob.op('push.register', { kind: 'webpush', subscription: browser.subscription });
      await ann.op('send', { to: bob.id, cmid: cmid(), text: 'to the inside' });
      await eventually(async () => (await posts(w, 'again')) > 0, 'the connection is refused');
      assert.equal(service.connections, 0);
    } finally {
      await w.stop();
      await service.stop();
    }
  });

  test('a full queue drops and counts', async () => {
    const service = await PushService.start();
    const options = [...service.options, 'push.webpush.queue=16', 'push.webpush.in_flight=2'];
    const w = new World({ own: true, options });
    await w.start();
    try {
      service.key = (await w.rest.ok('GET', '/v1/push/key')).key;
      const bob = await w.user();
      const others = await w.users(30);
      const browser = service.browser();
      browser.usual = 'hang';
      await bob.op('push.register', { kind: 'webpush', subscription: browser.subscription });
      for (const other of others) await other.op('send', { to: bob.id, cmid: cmid(), text: 'x' });
      await eventually(async () => (await jobs(w, 'dropped')) > 0, 'some are dropped');
      assert.ok((await metric(w, 'parley_queue_depth{queue="pushes"}')) <= 16 + 1);
      assert.equal(await metric(w, 'parley_queue_limit{queue="pushes"}'), 16);
    } finally {
      await w.stop();
      await service.stop();
    }
  });

  test('a service that never answers keeps no other waiting', async () => {
    const [silent, good] = [await PushService.start(), await PushService.start()];
    const ca = join(tempDir(), 'both.pem');
    writeFileSync(ca, readFileSync(silent.ca, 'utf8') + readFileSync(good.ca, 'utf8'));
    const options = good.options.filter((o) => !o.includes('.ca='));
    options.push(`push.webpush.ca=${ca}`, 'push.webpush.in_flight=4', 'push.webpush.timeout_ms=120000');
    const w = new World({ own: true, options });
    await w.start();
    try {
      silent.key = good.key = (await w.rest.ok('GET', '/v1/push/key')).key;
      const [ann, carl] = await w.users(2);
      const victims = await w.users(6);
      const ask = silent.browser();
      for (const victim of victims) {
        const browser = victim === victims[0] ? ask : silent.browser();
        browser.usual = 'hang';
        await victim.op('push.register', { kind: 'webpush', subscription: browser.subscription });
        await ann.op('send', { to: victim.id, cmid: cmid(), text: 'into the void' });
      }
      await ask.request();
      const browser = good.browser();
      await carl.op('push.register', { kind: 'webpush', subscription: browser.subscription });
      await ann.op('send', { to: carl.id, cmid: cmid(), text: 'past them' });
      assert.equal((await browser.push()).payload.notification.body, 'past them');
    } finally {
      await w.stop();
      await silent.stop();
      await good.stop();
    }
  });

  test('what fails for long makes room for what is new', async () => {
    const service = await PushService.start();
    const w = new World({ own: true, options: [...service.options, 'push.webpush.queue=16'] });
    await w.start();
    try {
      service.key = (await w.rest.ok('GET', '/v1/push/key')).key;
      const [ann, bob] = await w.users(2);
      const others = await w.users(16);
      const [dead, alive] = [service.browser(), service.browser()];
      dead.usual = 503;
      await bob.op('push.register', { kind: 'webpush', subscription: dead.subscription });
      for (const other of others) await other.op('send', { to: bob.id, cmid: cmid(), text: 'x' });
      await eventually(async () => (await posts(w, 'given_up')) > 0, 'those that failed give way');
      await ann.op('push.register', { kind: 'webpush', subscription: alive.subscription });
      await bob.op('send', { to: ann.id, cmid: cmid(), text: 'news' });
      assert.equal((await alive.push()).payload.notification.body, 'news');
    } finally {
      await w.stop();
      await service.stop();
    }
  });

  test('a key of the operator is used; one that is none is said', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'parley-test-'));
    const file = join(dir, 'key.pem');
    writeFileSync(file, 'no key');
    for (const path of [file, join(dir, 'missing.pem')]) {
      const run = await parley([
        'serve',
        '--listen',
        '127.0.0.1:0',
        '--data',
        dir,
        '-o',
        `push.webpush.key=${path}`,
      ]);
      assert.equal(run.code, 2, run.err);
      assert.match(run.err, /push|key/);
    }
    // A store in memory makes no folder.
    const nowhere = new World({
      own: true,
      options: ['store.driver=memory', `server.data=${join(dir, 'new')}`],
    });
    await nowhere.start();
    assert.ok((await nowhere.rest.ok('GET', '/v1/push/key')).key);
    await nowhere.stop();
    const off = new World({ own: true, options: ['push.webpush.enabled=false'] });
    await off.start();
    await off.rest.err('GET', '/v1/push/key', undefined, 'not_found');
    await off.stop();
  });
});
