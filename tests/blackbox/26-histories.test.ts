// Several users with two devices each, direct conversations and groups, while the server is killed again and again:
// what all of them asked and received is held against every promise by parley-check.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Actor } from '../lib/actor.js';
import type { Json } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { BIN, tempDir } from '../lib/server.js';
import { eventually, type User, World, wait } from '../lib/world.js';

const LIVES = process.env.PARLEY_SOAK ? 60 : 4;
const STEPS = 60;
const PRESENCE = ['presence.offline_delay_ms=200', 'heartbeat.ping_ms=1000', 'heartbeat.dead_ms=2000'];

/** One random thing that a client does. */
function act(actor: Actor, users: User[]): void {
  const other = users[randomInt(users.length)]!;
  const convs = [...actor.held.keys()];
  const conv = convs[randomInt(Math.max(1, convs.length))];
  const held = conv ? actor.held.get(conv)!.entries : [];
  const target = held[randomInt(Math.max(1, held.length))];
  const text = `${actor.user.name} ${randomInt(1e6)}`;
  const group = actor.groups[randomInt(Math.max(1, actor.groups.length))];
  switch (randomInt(14)) {
    case 0:
      if (target) actor.write('edit', { conv, seq: target.seq, text });
      break;
    case 1:
      if (target) actor.write('delete', { conv, seq: target.seq });
      break;
    case 2:
      if (target) actor.write('react', { conv, seq: target.seq, emoji: '👍', on: randomInt(2) === 0 });
      break;
    case 3:
    case 4:
      if (conv) actor.mark(conv);
      break;
    case 5:
      if (conv) void actor.look('history', { conv, limit: randomInt(1, 30) }).catch(() => undefined);
      break;
    case 6:
      void actor.look('sync', { limit: 500 }).catch(() => undefined);
      break;
    case 7:
      if (group) actor.write('group.rename', { conv: group, name: text });
      break;
    case 8:
      if (group) actor.write(randomInt(2) ? 'group.add' : 'group.remove', { conv: group, users: [other.id] });
      break;
    case 9:
      if (actor.groups.length < 2 && randomInt(4) === 0)
        actor.write('group.create', { name: text, members: users.slice(0, 3).map((u) => u.id) });
      break;
    default:
      if (conv && randomInt(2)) actor.write('send', { conv, text });
      else if (other.id !== actor.user.id) actor.write('send', { to: other.id, text });
  }
}

/** The log as it must be held: only members of the format, `conv` is in the line. */
function shown(entries: Json[]): Json[] {
  return entries.map(({ conv, ...entry }) => entry);
}

describe('histories', { skip: unshared('a server that it kills') }, () => {
  let running: World | undefined;
  // A test that fails must not leave a server to wait for.
  after(() => running?.stop());

  test(`${LIVES} lives of a server hold every promise`, async () => {
    const data = tempDir();
    const folder = process.env.PARLEY_HISTORY ?? tempDir();
    const life = async (): Promise<World> => {
      const w = new World({ own: true, data, folder, options: PRESENCE });
      await w.start();
      running = w;
      return w;
    };
    let w = await life();
    const history = w.history!;
    const users = await w.users(5);
    const second = await Promise.all(users.map((u) => u.login()));
    const actors = [...users, ...second].map((u) => new Actor(u));
    await Promise.all(actors.map((a) => a.connect(w.url)));
    const members = users.slice(1, 4).map((u) => u.id);
    actors[0]!.write('group.create', { name: 'All', members, history: 'all' });
    actors[1]!.write('group.create', { name: 'Joined', members: [users[0]!.id], history: 'joined' });

    for (let n = 1; n <= LIVES; n++) {
      for (let step = 0; step < STEPS; step++) {
        for (const actor of actors) {
          if (actor.connected && randomInt(30) === 0) actor.drop();
          else if (!actor.connected) await actor.connect(w.url);
          act(actor, users);
        }
        await wait(randomInt(8));
      }
      history.line('note', { text: `kill ${n}` });
      await w.server!.kill();
      for (const actor of actors) actor.drop();
      w = await life();
      await Promise.all(actors.map((a) => a.connect(w.url)));
    }

    history.line('heal');
    const settled = async (): Promise<boolean> => {
      for (const actor of actors) if (!actor.connected) await actor.connect(w.url);
      return actors.every((a) => a.settled);
    };
    await eventually(settled, 'every outbox is empty, no hole is left');
    /* Marks are told within a second; presence is true within its bound. */
    await wait(history.presenceMs);
    history.line('end');
    for (const actor of actors) {
      const rows = (await actor.lookAgain(w.url, 'sync', { limit: 500 })).ok.conversations;
      await actor.lookAgain(w.url, 'presence', { users: users.map((u) => u.id) });
      history.line('outbox', { device: actor.user.device, cmids: actor.outbox.map((i) => i.args.cmid) });
      for (const row of rows) {
        if (row.member && row.kind === 'group') await actor.lookAgain(w.url, 'members', { conv: row.conv });
        await actor.lookAgain(w.url, 'history', { conv: row.conv, limit: 200 });
        const entries = shown(actor.held.get(row.conv)?.entries ?? []);
        const [first, last] = [entries[0]?.seq ?? 1, entries.at(-1)?.seq ?? 0];
        history.line('hold', { device: actor.user.device, conv: row.conv, first, last, entries });
      }
    }
    for (const actor of actors) actor.drop();
    await w.stop();
    history.end();

    const checker = join(dirname(BIN), 'parley-check');
    const run = spawnSync(checker, [history.path], { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(run.status, 0, `${run.stdout.slice(0, 4000)}${run.stderr}`);
    assert.match(run.stdout, / 0 violations/);
    const sent = /(\d+) entries seen/.exec(run.stdout);
    assert.ok(Number(sent?.[1]) > 100 * LIVES, `enough was written: ${run.stdout}`);
  });
});
