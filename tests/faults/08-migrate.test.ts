// The store moves to another folder while clients write; the server is killed in between; what was answered is there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parley, tempDir } from '../lib/server.js';
import { cmid, User, World, wait } from '../lib/world.js';

interface Sent {
  cmid: string;
  seq: number;
}

/** Sends one message after the other until told to stop, or until the connection is gone; keeps what was answered. */
function writing(from: User, to: User, sent: Sent[]): () => Promise<void> {
  let going = true;
  const done = (async () => {
    const client = await from.connect();
    while (going) {
      const id = cmid();
      const answer = await client.request('send', { to: to.id, cmid: id, text: 'm' }).catch(() => null);
      if (!answer) return;
      if (answer.ok) sent.push({ cmid: id, seq: answer.ok.seq });
      else await wait(20);
    }
  })();
  return () => {
    going = false;
    return done;
  };
}

/** The same device on another server. */
const on = (w: World, u: User): User => new User(w, u.id, u.name, u.token, u.device);

describe('migrate', { skip: Boolean(process.env.PARLEY_URL) }, () => {
  test('the store moves under load, through a kill', async () => {
    const old = tempDir();
    const fresh = tempDir();
    const to = `rocksdb:${join(fresh, 'store')}`;
    const sent: Sent[] = [];
    const one = new World({ own: true, data: old, record: false });
    await one.start();
    const [a, b] = await one.users(2);
    let stop = writing(a, b, sent);
    const stays = await parley(['store', 'migrate', '--data', old, '--to', to, '--stay']);
    assert.equal(stays.code, 0, stays.out + stays.err);
    assert.match(stays.out, /follows/);
    // It runs, and is not to be ended by an order that means another place.
    const elsewhere = await parley(['store', 'migrate', '--data', old, '--to', `${to}2`]);
    assert.equal(elsewhere.code, 2, elsewhere.out + elsewhere.err);
    assert.match(elsewhere.err, /being moved to/);
    await one.server!.kill();
    await stop();
    one.closeAll();
    const before = sent.length;
    assert.ok(before > 0);
    const two = new World({ own: true, data: old, record: false });
    await two.start();
    // The move is not forgotten: the other place is refused, this one is gone on with.
    const other = await parley(['store', 'migrate', '--data', old, '--to', `${to}2`]);
    assert.equal(other.code, 2, other.out + other.err);
    stop = writing(on(two, a), b, sent);
    const moved = await parley(['store', 'migrate', '--data', old, '--to', to]);
    assert.equal(moved.code, 0, moved.out + moved.err);
    assert.match(moved.out, /the new store: .* 0 violations/);
    await stop();
    two.closeAll();
    await two.server!.stop();
    assert.ok(sent.length > before);
    const refused = await parley(['store', 'verify', '--data', old]);
    assert.equal(refused.code, 2, refused.out + refused.err);
    assert.match(refused.err, /was moved to/);
    const three = new World({ own: true, data: fresh, record: false });
    await three.start();
    try {
      const client = await on(three, a).connect();
      for (const { cmid: id, seq } of sent) {
        const again = await client.ok('send', { to: b.id, cmid: id, text: 'm' });
        assert.deepEqual([again.dup, again.seq], [true, seq]);
      }
    } finally {
      await three.stop();
    }
  });
});
