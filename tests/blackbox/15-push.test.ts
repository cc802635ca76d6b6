// Push registrations by socket and REST.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkError } from '../lib/http.js';
import { World, world } from '../lib/world.js';

const SUBSCRIPTION = {
  endpoint: 'https://push.example/send/abc',
  expirationTime: null,
  keys: {
    p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
    auth: 'tBHItJI5svbpez7KI4CCXg',
  },
};

describe('push registrations', () => {
  const w = world(new World({}));

  test('register and unregister on the socket', async () => {
    const c = await (await w.user()).connect();
    for (const args of [
      { kind: 'apns', token: 'a'.repeat(64) },
      { kind: 'fcm', token: 'fcm:token_-x' },
      { kind: 'webpush', subscription: SUBSCRIPTION },
    ]) {
      const { push_id } = await c.ok('push.register', args);
      assert.equal(typeof push_id, 'string');
      assert.ok(push_id.length > 0);
      assert.deepEqual(await c.ok('push.unregister', { push_id }), {});
    }
  });

  test('what is refused', async () => {
    const c = await (await w.user()).connect();
    await c.err('push.register', {}, 'bad_request', /kind/);
    await c.err('push.register', { kind: 'pigeon', token: 'x' }, 'bad_request', /kind/);
    await c.err('push.register', { kind: 5, token: 'x' }, 'bad_request', /kind/);
    await c.err('push.register', { kind: 'apns' }, 'bad_request', /token/);
    await c.err('push.register', { kind: 'fcm', token: 5 }, 'bad_request', /token/);
    await c.err('push.register', { kind: 'webpush' }, 'bad_request', /subscription/);
    await c.err('push.register', { kind: 'webpush', subscription: 'x' }, 'bad_request', /subscription/);
    await c.err('push.unregister', {}, 'bad_request', /push_id/);
  });

  test('by REST', async () => {
    const a = await w.user();
    const made = await a.rest.ok('POST', '/v1/push', { kind: 'webpush', subscription: SUBSCRIPTION }, 201);
    assert.equal(typeof made.push_id, 'string');
    await a.rest.ok('DELETE', `/v1/push/${encodeURIComponent(made.push_id)}`, undefined, 204);
    await a.rest.err('POST', '/v1/push', { kind: 'nothing' }, 'bad_request', /kind/);
    await w.rest.err('POST', '/v1/push', { kind: 'apns', token: 'x' }, 'unauthorized');
  });

  test("one cannot remove another's registration", async () => {
    const [a, b] = await w.users(2);
    const { push_id } = await a.op('push.register', { kind: 'fcm', token: 'mine' });
    const stolen = await b.rest.call('DELETE', `/v1/push/${encodeURIComponent(push_id)}`);
    assert.ok(stolen.status === 404 || stolen.status === 204, stolen.text);
    await a.rest.ok('DELETE', `/v1/push/${encodeURIComponent(push_id)}`, undefined, 204);
  });

  test('the VAPID key is a P-256 point, where Web Push is set up', async () => {
    const a = await w.user();
    const answer = await a.rest.call('GET', '/v1/push/key');
    if (answer.status === 404) {
      checkError(answer.json.error, 'not_found');
      return;
    }
    const bytes = Buffer.from(answer.json.key, 'base64url');
    assert.equal(bytes.length, 65);
    assert.equal(bytes[0], 4);
    assert.equal((await a.rest.ok('GET', '/v1/push/key')).key, answer.json.key);
  });
});
