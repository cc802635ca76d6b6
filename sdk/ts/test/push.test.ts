// Push subscriptions as calls: what is asked of the server, and what its refusals mean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError, Push, rest } from '../src/index.ts';

interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** A server that answers each call with the next of these. */
function server(...answers: { status: number; json?: unknown }[]): { push: Push; asked: Asked[] } {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: { method: string; body?: string }) => {
    asked.push({
      method: init.method,
      path: new URL(url).pathname,
      body: init.body ? JSON.parse(init.body) : undefined,
    });
    const answer = answers.shift() ?? { status: 500 };
    return { status: answer.status, text: async () => (answer.json ? JSON.stringify(answer.json) : '') };
  };
  return { push: new Push(rest('http://x', { fetch: fetch as never })), asked };
}
const refusal = (code: string) => ({ error: { code, message: '', retry: false, retry_after_ms: 0 } });
const subscription = {
  endpoint: 'https://push.example/x',
  expirationTime: null,
  keys: { p256dh: 'P', auth: 'A' },
};

test('a subscription is handed over with what it is to show', async () => {
  const { push, asked } = server(
    { status: 201, json: { push_id: '7' } },
    { status: 201, json: { push_id: '7' } },
  );
  assert.equal(await push.subscribe(subscription), '7');
  assert.equal(await push.subscribe(subscription, false), '7');
  const body = {
    kind: 'webpush',
    subscription: { endpoint: subscription.endpoint, keys: subscription.keys },
  };
  assert.deepEqual(asked, [
    { method: 'POST', path: '/v1/push', body: { ...body, show_text: true } },
    { method: 'POST', path: '/v1/push', body: { ...body, show_text: false } },
  ]);
});

test('no key is no error; no answer is', async () => {
  const { push } = server(
    { status: 200, json: { key: 'K' } },
    { status: 404, json: refusal('not_found') },
    { status: 503, json: refusal('unavailable') },
  );
  assert.equal(await push.key(), 'K');
  assert.equal(await push.key(), undefined);
  await assert.rejects(push.key(), (e) => e instanceof ParleyError && e.code === 'unavailable');
});

test('one that is gone already is as good as unsubscribed', async () => {
  const { push, asked } = server(
    { status: 204 },
    { status: 404, json: refusal('not_found') },
    { status: 401, json: refusal('unauthorized') },
  );
  await push.unsubscribe('7');
  await push.unsubscribe('a/b');
  await assert.rejects(push.unsubscribe('7'), /./);
  assert.deepEqual(
    asked.map((a) => a.path),
    ['/v1/push/7', '/v1/push/a%2Fb', '/v1/push/7'],
  );
});

test('a test is asked for by its id, and its refusal is told', async () => {
  const { push, asked } = server(
    { status: 200, json: { re: 1, ok: {} } },
    { status: 404, json: refusal('not_found') },
  );
  await push.test('7');
  assert.deepEqual(asked[0]?.body, { op: 'push.test', id: 1, push_id: '7' });
  await assert.rejects(push.test('8'), (e) => e instanceof ParleyError && e.code === 'not_found');
});
