// What happens to a poll session that nobody polls: offline after 30 s and the delay, gone after 60 s.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cmid, World, wait, world } from '../lib/world.js';

describe('an abandoned poll session', () => {
  const w = world(new World({}));

  test('online until 30 s after the last poll, gone after 60 s', async () => {
    const [a, b] = await w.users(2);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'x' });
    const c = await a.connect();
    await c.ok('watch', { users: [b.id] });
    const p = await b.poll();
    await c.event('presence', (e) => e.status === 'online');
    assert.equal((await p.ask(p.cursor, 100)).status, 204);
    const last = Date.now();
    await wait(20_000);
    assert.equal((await c.ok('presence', { users: [b.id] })).users[0].status, 'online');
    // One from before the session may have come as well.
    c.forget();
    await c.event('presence', (e) => e.status === 'offline', 30_000);
    const after = Date.now() - last;
    assert.ok(after > 33_000, `offline after ${after} ms, not before 30 s and 5 s`);
    await a.op('send', { to: b.id, cmid: cmid(), text: 'kept in the session' });
    await wait(last + 63_000 - Date.now());
    const answer = await p.ask(p.cursor, 100);
    assert.equal(answer.status, 410);
  });
});
