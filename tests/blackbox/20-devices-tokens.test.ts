// Tokens taken away and accounts disabled while connections are open.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkError } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { cmid, PASSWORD, World, world } from '../lib/world.js';

describe('devices and tokens', () => {
  const w = world(new World({}));

  test('a removed device: its socket closes with 4401, its token is dead', async () => {
    const a = await w.user();
    const b = await a.login();
    const [ca, cb] = [await a.connect(), await b.connect()];
    await b.rest.ok('DELETE', `/v1/devices/${a.device}`, undefined, 204);
    await ca.expectClose(4401);
    await cb.ok('ping');
    const again = await w.client();
    const frame = await again.request('hello', { token: a.token, client: 't' });
    checkError(frame.error, 'unauthorized');
    await again.expectClose(4401);
    await a.rest.err('GET', '/v1/me', undefined, 'unauthorized');
    await a.rest.err('POST', '/v1/op', { op: 'ping', id: 1 }, 'unauthorized');
  });

  test('removing the own device is signing out', async () => {
    const a = await w.user();
    const c = await a.connect();
    await a.rest.ok('DELETE', `/v1/devices/${a.device}`, undefined, 204);
    await c.expectClose(4401);
  });

  test('logout closes the own socket with 4401, and no other', async () => {
    const a = await w.user();
    const b = await a.login();
    const [ca, cb] = [await a.connect(), await b.connect()];
    await a.rest.ok('POST', '/v1/logout', undefined, 204);
    await ca.expectClose(4401);
    await cb.ok('ping');
  });

  test('nothing is sent to a device that was signed out', async () => {
    const [a, x] = await w.users(2);
    const b = await a.login();
    const ca = await a.connect();
    await b.rest.ok('DELETE', `/v1/devices/${a.device}`, undefined, 204);
    await x.op('send', { to: a.id, cmid: cmid(), text: 'secret' });
    await ca.expectClose(4401);
    assert.deepEqual(ca.history('entry'), []);
  });
});

describe('disabled accounts', { skip: unshared('the admin socket of its server') }, () => {
  const w = world(new World({ own: true }));

  test('sockets close with 4403, hello and calls are refused', async () => {
    const a = await w.user();
    const b = await a.login();
    const other = await w.user();
    const clients = [await a.connect(), await b.connect()];
    const co = await other.connect();
    const run = await w.admin(['user', 'disable', a.name]);
    assert.equal(run.code, 0, run.err);
    for (const c of clients) await c.expectClose(4403);
    await co.ok('ping');
    const again = await w.client();
    const frame = await again.request('hello', { token: a.token, client: 't' });
    checkError(frame.error, 'unauthorized');
    await again.expectClose(4403);
    await a.rest.err('GET', '/v1/me', undefined, ['unauthorized', 'forbidden']);
    await a.rest.err('GET', '/v1/poll', undefined, ['unauthorized', 'forbidden']);
    const login = { name: a.name, password: PASSWORD };
    await w.rest.err('POST', '/v1/login', login, ['unauthorized', 'forbidden']);
  });

  test('a deleted account is out, and its name shows nowhere', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'stays' });
    const run = await w.admin(['user', 'delete', a.name]);
    assert.equal(run.code, 0, run.err);
    await ca.expectClose([4401, 4403]);
    await a.rest.err('GET', '/v1/me', undefined, ['unauthorized', 'forbidden']);
    const login = { name: a.name, password: PASSWORD };
    await w.rest.err('POST', '/v1/login', login, 'unauthorized');
    const { users } = await b.rest.ok('GET', `/v1/users?q=${a.name}`);
    assert.deepEqual(users, []);
    const { entries } = await (await b.connect()).ok('history', { conv: a.direct(b) });
    assert.equal(entries.length, 1);
  });

  test('an unknown name is an error', async () => {
    for (const verb of ['disable', 'delete']) {
      const run = await w.admin(['user', verb, 'nobody_at_all']);
      assert.notEqual(run.code, 0);
      assert.match(run.err, /\S/);
    }
  });

  test('retries that name a deleted user are still answered by their cmid', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const send = { to: b.id, cmid: cmid(), text: 'x' };
    const sent = await ca.ok('send', send);
    const create = { name: 'g', members: [b.id], cmid: cmid() };
    const made = await ca.ok('group.create', create);
    assert.equal((await w.admin(['user', 'delete', b.name])).code, 0);
    assert.deepEqual(await ca.ok('send', send), { ...sent, dup: true });
    assert.deepEqual(await ca.ok('group.create', create), { ...made, dup: true });
    await ca.err('send', { ...send, cmid: cmid() }, ['not_found', 'forbidden', 'blocked']);
  });
});
