// me.set: the own profile and the privacy switches.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cmid, eventually, syncRow, World, world } from '../lib/world.js';

describe('me.set', () => {
  const w = world(new World({}));

  test('switches are on by default; each change answers the new profile', async () => {
    const a = await w.user({ display_name: 'Old' });
    const c = await a.connect();
    const before = await a.rest.ok('GET', '/v1/me');
    for (const name of ['show_last_seen', 'show_read', 'show_typing']) {
      assert.equal(before[name], true, name);
    }
    const one = await c.ok('me.set', { display_name: 'New 😀', about: 'I am.\nReally.' });
    assert.equal(one.id, a.id);
    assert.equal(one.name, a.name);
    assert.equal(one.display_name, 'New 😀');
    assert.equal(one.about, 'I am.\nReally.');
    assert.equal(one.show_read, true);
    const two = await c.ok('me.set', { show_read: false, show_typing: false });
    assert.deepEqual(
      [two.display_name, two.show_read, two.show_typing, two.show_last_seen],
      ['New 😀', false, false, true],
    );
    assert.deepEqual(await a.rest.ok('GET', '/v1/me'), two);
    const three = await c.ok('me.set', { show_read: true });
    assert.equal(three.show_read, true);
    assert.equal(three.show_typing, false);
    const hello = (await a.connect()).session;
    assert.equal(hello.user.display_name, 'New 😀');
  });

  test('others see the new profile', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await ca.ok('send', { to: b.id, cmid: cmid(), text: 'x' });
    await ca.ok('me.set', { display_name: 'Shown', about: 'about me' });
    await eventually(async () => {
      const user = await b.rest.ok('GET', `/v1/users/${a.id}`);
      return user.display_name === 'Shown';
    }, 'the profile');
    await eventually(async () => (await syncRow(cb, a.direct(b))).name === 'Shown', 'the name in sync');
    await eventually(async () => {
      const { members } = await cb.ok('members', { conv: a.direct(b) });
      return members.some((m: { display_name: string }) => m.display_name === 'Shown');
    }, 'the name in members');
    const found = await b.rest.ok('GET', `/v1/users?q=${a.name}`);
    assert.equal(found.users[0].display_name, 'Shown');
  });

  test('what is refused', async () => {
    const a = await w.user({ display_name: 'Kept' });
    const c = await a.connect();
    await c.err('me.set', { display_name: 5 }, 'bad_request', /display_name/);
    await c.err('me.set', { display_name: 'x'.repeat(65) }, 'bad_request', /display_name/);
    await c.err('me.set', { about: [] }, 'bad_request', /about/);
    for (const name of ['show_last_seen', 'show_read', 'show_typing']) {
      await c.err('me.set', { display_name: 'Lost', [name]: 'no' }, 'bad_request', new RegExp(name));
      await c.err('me.set', { [name]: 0 }, 'bad_request', new RegExp(name));
    }
    const me = await a.rest.ok('GET', '/v1/me');
    assert.equal(me.display_name, 'Kept');
    await c.ok('me.set', { display_name: '😀'.repeat(64) });
  });
});
