// REST accounts: registration, login, logout, profiles, search, devices, and the form of errors.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { Rest } from '../lib/http.js';
import { PASSWORD, uniqueName, World, world } from '../lib/world.js';

describe('REST accounts', () => {
  const w = world(new World({}));
  const register = (body: Json, status = 201): Promise<Json> =>
    w.rest.ok('POST', '/v1/register', body, status);
  const refuse = (body: Json, code: string, message?: RegExp): Promise<Json> =>
    w.rest.err('POST', '/v1/register', body, code, message);

  test('register answers token, user and device', async () => {
    const name = uniqueName();
    const got = await register({ name, password: PASSWORD, display_name: 'Änne 😀', device_name: 'laptop' });
    assert.equal(typeof got.token, 'string');
    assert.ok(got.token.length >= 32, 'a token of 256 bits');
    assert.match(got.user.id, /^[1-9][0-9]{0,18}$/);
    assert.equal(got.user.name, name);
    assert.equal(got.user.display_name, 'Änne 😀');
    assert.equal(typeof got.device, 'string');
    assert.ok(got.device.length > 0);
  });

  test('a name is taken once', async () => {
    const name = uniqueName();
    await register({ name, password: PASSWORD });
    await refuse({ name, password: PASSWORD }, 'name_taken');
  });

  test('two registrations of one name at once: one wins', async () => {
    const name = uniqueName();
    const body = { name, password: PASSWORD };
    const all = await Promise.all(Array.from({ length: 6 }, () => w.rest.call('POST', '/v1/register', body)));
    const statuses = all.map((a) => a.status).sort();
    assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409]);
  });

  test('names are [a-z0-9_.]{2,32}', async () => {
    for (const name of ['a', '', 'Abc', 'a b', 'a-b', 'käse', 'a@b', 'a'.repeat(33), 'ab\n', '日本']) {
      await refuse({ name, password: PASSWORD }, 'bad_request', /name/);
    }
    await register({ name: uniqueName('_.').padEnd(32, '9'), password: PASSWORD });
    const two = await w.rest.call('POST', '/v1/register', { name: '._', password: PASSWORD });
    assert.ok(two.status === 201 || two.json?.error?.code === 'name_taken', two.text);
  });

  test('a password has 8 code points at least', async () => {
    await refuse({ name: uniqueName(), password: 'seven77' }, 'weak_password');
    await refuse({ name: uniqueName(), password: '😀'.repeat(7) }, 'weak_password');
    await refuse({ name: uniqueName(), password: '' }, 'weak_password');
    const name = uniqueName();
    await register({ name, password: '😀'.repeat(8) });
    await w.rest.ok('POST', '/v1/login', { name, password: '😀'.repeat(8) });
    await w.rest.err('POST', '/v1/login', { name, password: '😀'.repeat(9) }, 'unauthorized');
    const long = uniqueName();
    await register({ name: long, password: 'x'.repeat(1000) });
    await w.rest.err('POST', '/v1/login', { name: long, password: 'x'.repeat(999) }, 'unauthorized');
  });

  test('missing and wrong members are named', async () => {
    await refuse({ password: PASSWORD }, 'bad_request', /name/);
    await refuse({ name: uniqueName() }, 'bad_request', /password/);
    await refuse({ name: 5, password: PASSWORD }, 'bad_request', /name/);
    await refuse({ name: uniqueName(), password: 12345678 }, 'bad_request', /password/);
    await refuse({ name: uniqueName(), password: PASSWORD, display_name: 5 }, 'bad_request', /display_name/);
    await refuse({ name: uniqueName(), password: PASSWORD, device_name: [] }, 'bad_request', /device_name/);
    await refuse({ name: null, password: PASSWORD }, 'bad_request', /name/);
    await register({ name: uniqueName(), password: PASSWORD, display_name: null, device_name: null });
    await register({ name: uniqueName(), password: PASSWORD, whatever: { x: [1] } });
  });

  test('a display name has 64 code points at most', async () => {
    await register({ name: uniqueName(), password: PASSWORD, display_name: '😀'.repeat(64) });
    await refuse(
      { name: uniqueName(), password: PASSWORD, display_name: 'x'.repeat(65) },
      'bad_request',
      /display_name/,
    );
  });

  test('NUL and lone surrogates in a string are refused by name', async () => {
    const body = (bad: string): string =>
      `{"name":"${uniqueName()}","password":"${PASSWORD}","display_name":"a${bad}b"}`;
    await refuse(body('\\u0000'), 'bad_request', /display_name/);
    await refuse(body('\\ud800'), 'bad_request', /display_name/);
    await refuse(body('\\udc00'), 'bad_request', /display_name/);
    const pair = await register(body('\\ud83d\\ude00'));
    assert.equal(pair.user.display_name, 'a😀b');
  });

  test('a body must be one JSON object', async () => {
    for (const body of ['', 'x', '[]', '"a"', '5', '{', '{}{}', '{"name":"a","name":"b"}', "{'name':1}"]) {
      await w.rest.err('POST', '/v1/register', body, 'bad_request');
    }
    const deep = '['.repeat(16) + ']'.repeat(16);
    await w.rest.err('POST', '/v1/register', `{"x":${deep}}`, 'bad_request');
    const invalid = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    await w.rest.err('POST', '/v1/register', invalid, 'bad_request');
  });

  test('a body over 64 KiB is too_large', async () => {
    const body = (size: number): string => {
      const head = `{"name":"${uniqueName()}","password":"${PASSWORD}","pad":"`;
      return `${head}${'x'.repeat(size - head.length - 2)}"}`;
    };
    await register(body(64 * 1024));
    await w.rest.err('POST', '/v1/register', body(64 * 1024 + 1), 'too_large');
  });

  test('login gives a new device and token', async () => {
    const a = await w.user();
    const again = await a.login('phone');
    assert.notEqual(again.token, a.token);
    assert.notEqual(again.device, a.device);
    const me = await again.rest.ok('GET', '/v1/me');
    assert.equal(me.id, a.id);
    assert.equal(me.name, a.name);
  });

  test('login needs the right password', async () => {
    const a = await w.user();
    const login = (body: Json, code: string): Promise<Json> => w.rest.err('POST', '/v1/login', body, code);
    const wrong = await login({ name: a.name, password: 'not the one' }, 'unauthorized');
    const nobody = await login({ name: uniqueName('nobody'), password: 'not the one' }, 'unauthorized');
    assert.equal(wrong.message, nobody.message, 'whether a name exists is not told');
    await login({ name: a.name }, 'bad_request');
    await login({ password: PASSWORD }, 'bad_request');
    await login({ name: a.name, password: 8 }, 'bad_request');
  });

  test('calls need a token that is right', async () => {
    const a = await w.user();
    for (const path of ['/v1/me', '/v1/devices', '/v1/users?q=a', '/v1/conversations', '/v1/poll']) {
      await w.rest.err('GET', path, undefined, 'unauthorized');
      await new Rest(w.url, 'x'.repeat(43)).err('GET', path, undefined, 'unauthorized');
    }
    for (const value of [a.token, `Basic ${a.token}`, 'Bearer', 'Bearer ', `Bearer ${a.token}x`]) {
      const rest = new Rest(w.url, undefined, { Authorization: value });
      await rest.err('GET', '/v1/me', undefined, 'unauthorized');
    }
    const short = a.token.slice(0, -1);
    await new Rest(w.url, short).err('GET', '/v1/me', undefined, 'unauthorized');
  });

  test('a profile of oneself and of others', async () => {
    const [a, b] = await w.users(2);
    const me = await a.rest.ok('GET', '/v1/me');
    assert.equal(me.id, a.id);
    assert.equal(me.name, a.name);
    assert.equal(typeof me.display_name, 'string');
    const other = await a.rest.ok('GET', `/v1/users/${b.id}`);
    assert.equal(other.id, b.id);
    assert.equal(other.name, b.name);
    assert.equal(other.password, undefined);
    await a.rest.err('GET', '/v1/users/1', undefined, 'not_found');
    await a.rest.err('GET', '/v1/users/9223372036854775807', undefined, 'not_found');
    await a.rest.err('GET', '/v1/users/99999999999999999999999', undefined, ['not_found', 'bad_request']);
    await a.rest.err('GET', '/v1/users/abc', undefined, ['not_found', 'bad_request']);
    await a.rest.err('GET', `/v1/users/0${b.id}`, undefined, ['not_found', 'bad_request']);
  });

  test('search is by name prefix', async () => {
    const root = uniqueName('find').slice(0, 24);
    const names = [`${root}.one`, `${root}.two`, `x${root}`.slice(0, 32)];
    for (const name of names) await register({ name, password: PASSWORD, display_name: `D ${name}` });
    const a = await w.user();
    const { users } = await a.rest.ok('GET', `/v1/users?q=${root}`);
    assert.deepEqual(users.map((u: Json) => u.name).sort(), names.slice(0, 2));
    for (const user of users) {
      assert.match(user.id, /^[0-9]+$/);
      assert.equal(user.display_name, `D ${user.name}`);
    }
    const one = await a.rest.ok('GET', `/v1/users?q=${root}.o`);
    assert.deepEqual(
      one.users.map((u: Json) => u.name),
      [`${root}.one`],
    );
    const none = await a.rest.ok('GET', `/v1/users?q=${root}%20%25`);
    assert.deepEqual(none.users, []);
  });

  test('logout ends the token, and only that one', async () => {
    const a = await w.user();
    const other = await a.login();
    const answer = await a.rest.call('POST', '/v1/logout');
    assert.equal(answer.status, 204);
    await a.rest.err('GET', '/v1/me', undefined, 'unauthorized');
    await other.rest.ok('GET', '/v1/me');
  });

  test('devices are listed and removed', async () => {
    const a = await w.user({ device_name: 'first' });
    const b = await a.login('second');
    const stranger = await w.user();
    const { devices } = await b.rest.ok('GET', '/v1/devices');
    assert.equal(devices.length, 2);
    const byId = new Map<string, Json>(devices.map((d: Json) => [d.id, d]));
    assert.equal(byId.get(a.device).name, 'first');
    assert.equal(byId.get(b.device).name, 'second');
    assert.equal(byId.get(a.device).current, false);
    assert.equal(byId.get(b.device).current, true);
    for (const device of devices) {
      assert.ok(Math.abs(Date.now() - device.last_used) < 600_000, 'last_used in ms');
    }
    await stranger.rest.err('DELETE', `/v1/devices/${a.device}`, undefined, 'not_found');
    await b.rest.err('DELETE', '/v1/devices/12345', undefined, 'not_found');
    await a.rest.ok('GET', '/v1/me');
    await b.rest.ok('DELETE', `/v1/devices/${a.device}`, undefined, 204);
    await a.rest.err('GET', '/v1/me', undefined, 'unauthorized');
    const left = await b.rest.ok('GET', '/v1/devices');
    assert.deepEqual(
      left.devices.map((d: Json) => d.id),
      [b.device],
    );
  });

  test('a known path with another method is 405', async () => {
    const a = await w.user();
    const wrong: [string, string][] = [
      ['GET', '/v1/register'],
      ['GET', '/v1/login'],
      ['GET', '/v1/logout'],
      ['POST', '/v1/me'],
      ['POST', '/v1/devices'],
      ['DELETE', '/v1/me'],
      ['PUT', '/v1/messages'],
      ['POST', '/v1/poll'],
      ['GET', '/v1/op'],
      ['POST', '/v1/ws'],
      ['POST', '/healthz'],
      ['POST', '/v1/status'],
    ];
    for (const [method, path] of wrong) {
      const answer = await a.rest.call(method, path, method === 'GET' ? undefined : {});
      assert.equal(answer.status, 405, `${method} ${path}: ${answer.status} ${answer.text}`);
      assert.equal(answer.json.error.code, 'bad_request');
      assert.ok(answer.headers.allow, `${path} says which`);
      assert.ok(!String(answer.headers.allow).split(', ').includes(method));
    }
    const group = await a.rest.call('PUT', '/v1/groups/g.1/members/2', {});
    assert.equal(group.headers.allow, 'PATCH, DELETE');
    const nobody = await w.rest.call('GET', '/v1/me');
    assert.deepEqual([nobody.status, nobody.headers['www-authenticate']], [401, 'Bearer']);
  });

  test('an unknown path is not_found', async () => {
    const a = await w.user();
    await a.rest.err('GET', '/v1/nothing', undefined, 'not_found');
    await a.rest.err('POST', '/v1/nothing', {}, 'not_found');
  });
});
