// Limits: sends, operations, logins, registrations, devices, invitations.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkError, type Json, Rest } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { cmid, makeGroup, PASSWORD, type User, uniqueName, World, wait, world } from '../lib/world.js';

const skip = unshared('limits of its own');

describe('limit of sends', { skip }, () => {
  const options = ['limits.sends_per_second=4', 'limits.sends_burst=12'];
  const w = world(new World({ own: true, options }));

  test('a burst, then rate_limited with a time to wait', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    assert.equal(c.session.limits.sends_per_second, 4);
    assert.equal(c.session.limits.sends_burst, 12);
    const send = (): Promise<Json> => c.request('send', { to: b.id, cmid: cmid(), text: 'x' });
    const frames = await Promise.all(Array.from({ length: 40 }, send));
    const accepted = frames.filter((f) => f.ok).length;
    assert.ok(accepted >= 12 && accepted <= 24, `${accepted} accepted`);
    const refused = frames.filter((f) => f.error);
    for (const f of refused) {
      checkError(f.error, 'rate_limited');
      assert.ok(f.error.retry_after_ms > 0 && f.error.retry_after_ms <= 12_000);
    }
    await wait(refused.at(-1)!.error.retry_after_ms + 50);
    assert.ok((await send()).ok, 'after the wait it is taken');
    const { last_seq } = await c.ok('history', { conv: a.direct(b) });
    assert.equal(last_seq, accepted + 1);
  });

  /** Uses the burst up and answers one accepted send. */
  async function exhaust(u: User, to: User): Promise<Json> {
    const args = { to: to.id, cmid: cmid(), text: 'first' };
    const c = await u.connect();
    await c.ok('send', args);
    for (let left = true; left; ) {
      const all = Array.from({ length: 15 }, () => c.request('send', { ...args, cmid: cmid() }));
      left = (await Promise.all(all)).every((f) => f.ok);
    }
    return args;
  }

  test('duplicates are free, also when the limit is reached', async () => {
    const [a, b] = await w.users(2);
    const args = await exhaust(a, b);
    const c = await (await a.login()).connect();
    for (let i = 0; i < 50; i++) assert.equal((await c.ok('send', args)).dup, true);
    await c.err('send', { ...args, text: 'changed' }, 'conflict');
  });

  test('the limit is of the user: other devices and REST count in', async () => {
    const [a, b] = await w.users(2);
    await exhaust(a, b);
    const other = await a.login();
    const c = await other.connect();
    const limited = async (one: () => Promise<string | undefined>): Promise<void> => {
      const codes = await Promise.all(Array.from({ length: 10 }, one));
      assert.ok(codes.includes('rate_limited'), codes.join());
    };
    const conv = a.direct(b);
    const code = (frame: Json): string | undefined => frame.error?.code;
    await limited(async () => code(await c.request('send', { to: b.id, cmid: cmid(), text: 'x' })));
    await limited(async () =>
      code(await c.request('react', { conv, seq: 1, emoji: 'x', on: true, cmid: cmid() })),
    );
    await limited(async () => code(await c.request('edit', { conv, seq: 1, text: 'e', cmid: cmid() })));
    await limited(async () => {
      const answer = await a.rest.call('POST', '/v1/messages', { to: b.id, cmid: cmid(), text: 'x' });
      if (answer.status === 429) checkError(answer.json.error, 'rate_limited');
      return answer.json.error?.code;
    });
    const cb = await b.connect();
    await cb.ok('send', { to: a.id, cmid: cmid(), text: 'others are free' });
  });

  test('refused requests are free', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = a.direct(b);
    await c.ok('send', { conv, cmid: cmid(), text: 'x' });
    for (let i = 0; i < 20; i++) {
      await Promise.all([
        c.err('send', { conv, cmid: cmid(), text: '' }, 'bad_request'),
        c.err('send', { to: '1', cmid: cmid(), text: 'x' }, 'not_found'),
        c.err('edit', { conv, cmid: cmid(), seq: 99, text: 'x' }, 'not_found'),
        c.err('send', { conv, cmid: cmid(), text: 'x', reply_to: 99 }, 'bad_request'),
      ]);
    }
    for (let i = 0; i < 8; i++) await c.ok('send', { conv, cmid: cmid(), text: `${i}` });
  });

  test('acks, reads and the like are not limited', async () => {
    const [a, b] = await w.users(2);
    await exhaust(a, b);
    const c = await (await a.login()).connect();
    const conv = a.direct(b);
    const jobs = Array.from({ length: 60 }, (_, i) => c.ok('ack', { delivered: { [conv]: i + 1 } }));
    jobs.push(c.ok('history', { conv }), c.ok('typing', { conv, on: true }));
    await Promise.all(jobs);
  });

  test('new entries of groups count', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect();
    const conv = await makeGroup(c, [b]);
    const rename = (): Promise<Json> => c.request('group.rename', { conv, name: cmid(), cmid: cmid() });
    const frames = await Promise.all(Array.from({ length: 40 }, rename));
    assert.ok(frames.some((f) => f.error?.code === 'rate_limited'));
  });
});

describe('limit of operations', { skip }, () => {
  const w = world(new World({ own: true, options: ['limits.ops_per_second=50'] }));

  test('too many operations close with 4429, others go on', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    ca.ws.onText = () => undefined;
    for (let i = 0; i < 500; i++) ca.ws.text(`{"op":"ping","id":${i}}`);
    await ca.expectClose(4429);
    await cb.ok('ping');
    const again = await a.connect();
    await again.ok('ping');
  });
});

describe('limits by address', { skip }, () => {
  const options = ['limits.logins_per_minute=3', 'limits.registrations_per_minute=2'];
  const w = world(new World({ own: true, options }));
  const from = (address: string): Rest => new Rest(w.url, undefined, { 'X-Forwarded-For': address });

  test('logins', async () => {
    // A name of its own for each try, since names have a limit of their own.
    const wrong = (): Json => ({ name: uniqueName(), password: 'wrong wrong' });
    const one = from('203.0.113.7');
    for (let i = 0; i < 3; i++) await one.err('POST', '/v1/login', wrong(), 'unauthorized');
    const error = await one.err('POST', '/v1/login', wrong(), 'rate_limited');
    assert.ok(error.retry_after_ms > 0);
    await from('198.51.100.1, 203.0.113.7').err('POST', '/v1/login', wrong(), 'rate_limited');
    await from('203.0.113.7, 198.51.100.1').err('POST', '/v1/login', wrong(), 'unauthorized');
    for (let i = 0; i < 5; i++) await w.rest.err('POST', '/v1/login', wrong(), 'unauthorized');
  });

  test('a network of IPv6 is one address', async () => {
    const body = (): Json => ({ name: uniqueName(), password: PASSWORD });
    await from('2001:db8:1:2::1').ok('POST', '/v1/register', body(), 201);
    await from('2001:db8:1:2:ffff::2').ok('POST', '/v1/register', body(), 201);
    await from('2001:db8:1:2::3').err('POST', '/v1/register', body(), 'rate_limited');
    await from('2001:db8:1:3::1').ok('POST', '/v1/register', body(), 201);
  });

  test('registrations', async () => {
    const body = (): Json => ({ name: uniqueName(), password: PASSWORD });
    const one = from('203.0.113.9');
    await one.ok('POST', '/v1/register', body(), 201);
    await one.ok('POST', '/v1/register', body(), 201);
    await one.err('POST', '/v1/register', body(), 'rate_limited');
    await from('203.0.113.10').ok('POST', '/v1/register', body(), 201);
    for (let i = 0; i < 4; i++) await w.rest.ok('POST', '/v1/register', body(), 201);
  });
});

describe('limits by address, when the peer is not trusted', { skip }, () => {
  const options = ['limits.registrations_per_minute=2', 'server.trusted_peers=192.0.2.1/32'];
  const w = world(new World({ own: true, options }));

  test('a forwarded address of a stranger is not believed', async () => {
    for (let i = 0; i < 5; i++) {
      const rest = new Rest(w.url, undefined, { 'X-Forwarded-For': '203.0.113.9' });
      await rest.ok('POST', '/v1/register', { name: uniqueName(), password: PASSWORD }, 201);
    }
  });
});

describe('devices', { skip }, () => {
  const w = world(new World({ own: true, options: ['limits.devices=4'] }));

  test('the oldest unused device makes room', async () => {
    const first = await w.user();
    const c = await first.connect();
    const second = await first.login();
    await wait(5);
    const others: User[] = [];
    for (let i = 0; i < 2; i++) others.push(await first.login());
    const last = await first.login();
    await second.rest.err('GET', '/v1/me', undefined, 'unauthorized');
    await c.ok('ping');
    for (const u of [first, last, ...others]) await u.rest.ok('GET', '/v1/me');
    const { devices } = await last.rest.ok('GET', '/v1/devices');
    assert.equal(devices.length, 4);
  });
});

describe('registration by invitation', { skip }, () => {
  const w = world(new World({ own: true, options: ['server.registration=invite'] }));
  const body = (invite?: unknown): Json => ({ name: uniqueName(), password: PASSWORD, invite });

  test('a code works as often as it says', async () => {
    const run = await w.admin(['invite', 'create', '--uses', '2', '--days', '1']);
    assert.equal(run.code, 0, run.err);
    const code = run.out.trim();
    assert.match(code, /^\S+$/);
    await w.rest.err('POST', '/v1/register', body(), 'forbidden');
    await w.rest.err('POST', '/v1/register', body('wrong'), 'forbidden');
    await w.rest.err('POST', '/v1/register', body(5), 'bad_request', /invite/);
    await w.rest.ok('POST', '/v1/register', body(code), 201);
    const taken = { ...body(code) };
    await w.rest.ok('POST', '/v1/register', taken, 201);
    await w.rest.err('POST', '/v1/register', body(code), 'forbidden');
  });

  test('a registration that fails does not use the code up', async () => {
    const code = (await w.admin(['invite', 'create', '--uses', '1'])).out.trim();
    await w.rest.err('POST', '/v1/register', { ...body(code), password: 'short' }, 'weak_password');
    await w.rest.err('POST', '/v1/register', { ...body(code), name: 'NO' }, 'bad_request');
    await w.rest.ok('POST', '/v1/register', body(code), 201);
  });

  test('many at once with one code: as many as it says', async () => {
    const code = (await w.admin(['invite', 'create', '--uses', '3'])).out.trim();
    const tries = Array.from({ length: 10 }, () => w.rest.call('POST', '/v1/register', body(code)));
    const statuses = (await Promise.all(tries)).map((a) => a.status).sort();
    assert.deepEqual(statuses, [201, 201, 201, 403, 403, 403, 403, 403, 403, 403]);
  });
});

describe('registration off', { skip }, () => {
  const w = world(new World({ own: true, options: ['server.registration=off'] }));

  test('is forbidden; those added by the operator can log in', async () => {
    const body = { name: uniqueName(), password: PASSWORD };
    await w.rest.err('POST', '/v1/register', body, 'forbidden');
    const run = await w.admin(['user', 'add', body.name, '--display-name', 'By hand'], `${PASSWORD}\n`);
    assert.equal(run.code, 0, run.err);
    const got = await w.rest.ok('POST', '/v1/login', body);
    assert.equal(got.user.display_name, 'By hand');
  });
});

describe('guesses that come all at once', { skip }, () => {
  // Each takes its time, so that all of them are there before the first is answered.
  const w = world(
    new World({ own: true, options: ['limits.logins_per_minute=3', 'auth.argon2_mem_kib=65536'] }),
  );

  test('are not more than those that come one by one', async () => {
    const rest = new Rest(w.url, undefined, { 'X-Forwarded-For': '203.0.113.8' });
    const body = { name: uniqueName(), password: 'wrong wrong' };
    const answers = await Promise.all(Array.from({ length: 60 }, () => rest.call('POST', '/v1/login', body)));
    const guesses = answers.filter((a) => a.status === 401).length;
    // Some are under way when the third has failed: one for each thread that hashes.
    assert.ok(guesses >= 3 && guesses < 20, `${guesses} of 60 were guesses`);
    assert.ok(answers.every((a) => [401, 429, 503].includes(a.status)));
  });
});
