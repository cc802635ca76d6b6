// Tabs of one device: one connection, the next leader at once, nothing left behind; and what a killed client had to say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device } from './device.ts';
import { A, AB, B, FakeServer } from './fake.ts';
import { VirtualTime } from './time.ts';

interface World {
  time: VirtualTime;
  server: FakeServer;
  ann: Device;
}

async function world(tabs: number): Promise<World> {
  const time = new VirtualTime();
  const server = new FakeServer();
  server.setTimeout = time.setTimeout;
  server.addUser(A, 'ann');
  server.addUser(B, 'bo');
  const ann = new Device(time, server, A, tabs, () => 0.5);
  await ann.start();
  await time.pass(1000);
  return { time, server, ann };
}

const texts = (d: Device, pick: number): (string | undefined)[] =>
  d
    .client(pick)
    .conversation(AB)
    .entries.map((e) => e.text);

test('who forgets writes nothing down again, whatever was on its way', async () => {
  const { time, server, ann } = await world(1);
  server.write(AB, B, { text: 'kept' });
  await time.pass(500);
  assert.equal((await ann.kept()).conversations.length, 1);
  ann.client(0).set(AB, { draft: 'not yet written' });
  await ann.client(0).forget();
  ann.client(0).set(AB, { draft: 'too late' });
  await time.pass(1000);
  const kept = await ann.kept();
  assert.deepEqual([kept.conversations, kept.outbox, kept.people], [[], [], []]);
});

test('one connection for all tabs, and all of them show the same', async () => {
  const { time, server, ann } = await world(3);
  assert.equal(server.sockets.size, 1);
  server.write(AB, B, { text: 'hello' });
  ann.client(1).send(AB, 'from a follower');
  await time.pass(100);
  ann.client(0).send(AB, 'from the leader');
  await time.pass(500);
  ann.client(2).markRead(AB, 1);
  await time.pass(500);
  for (const pick of [0, 1, 2]) {
    assert.deepEqual(texts(ann, pick), ['hello', 'from a follower', 'from the leader']);
    assert.equal(ann.client(pick).conversation(AB).unread, 0);
    assert.equal(ann.client(pick).pending().length, 0);
  }
  assert.equal(server.sockets.size, 1);
  assert.equal(server.conv(AB).marks.get(A)?.read, 1);
});

test('a follower shows what the connection of the leader does, and can have it try now', async () => {
  const { time, server, ann } = await world(2);
  const follower = ann.tabsOf(1);
  let told = 0;
  follower.onstatus = () => told++;
  server.up = false;
  for (const s of [...server.sockets]) s.cut(1006);
  await time.pass(20000);
  assert.equal(ann.client(1).status.state, 'connecting', 'its own way to the leader is open');
  assert.equal(follower.status?.state, 'waiting');
  assert.ok((follower.status?.tries ?? 0) > 1);
  assert.equal(follower.status?.retryAt, ann.client(0).status.retryAt);
  assert.ok(told > 0);
  server.up = true;
  const wait = ann.client(0).status.retryAt - time.now();
  assert.ok(wait > 500, `it would wait for ${wait} ms`);
  follower.kick();
  await time.pass(200);
  assert.equal(ann.client(0).status.state, 'online');
  assert.equal(follower.status?.state, 'online');
});

test('settings of a follower are kept, though it is gone before there is a server', async () => {
  const { time, server, ann } = await world(2);
  server.up = false;
  for (const s of [...server.sockets]) s.cut(1006);
  ann.client(1).set(AB, { draft: 'half a sen' });
  await time.pass(100);
  ann.closeTab(1);
  await time.pass(100);
  await ann.kill();
  assert.equal(ann.client(0).conversation(AB).draft, 'half a sen');
  server.up = true;
  await time.pass(60000);
  assert.ok(server.seen.some((f) => f.op === 'conv.set' && f['draft'] === 'half a sen'));
});

test('the leader is killed: another tab has a connection within a second, and what waited leaves', async () => {
  const { time, server, ann } = await world(2);
  ann.client(1).send(AB, 'before');
  await time.pass(500);
  server.faults.push({ op: 'send', kind: 'ignore' });
  ann.client(1).send(AB, 'under way');
  await time.pass(100);
  ann.closeTab(0);
  await time.pass(1000);
  assert.equal(ann.client(0).status.state, 'online');
  await time.pass(1000);
  assert.deepEqual(texts(ann, 0), ['before', 'under way']);
  assert.equal(server.sockets.size, 1);
});

for (const killed of [false, true]) {
  test(`a follower is ${killed ? 'killed' : 'closed'} with something in its outbox: the leader sends it`, async () => {
    const { time, server, ann } = await world(2);
    server.up = false;
    for (const s of [...server.sockets]) s.cut(1006);
    ann.client(1).send(AB, 'one');
    ann.client(1).send(AB, 'two');
    await time.pass(100);
    ann.closeTab(1, killed);
    server.up = true;
    await time.pass(60000);
    assert.deepEqual(
      server.conv(AB).log.map((e) => e.text),
      ['one', 'two'],
    );
    assert.equal(ann.client(0).pending().length, 0);
  });
}

test('a mark that was written and not yet said when the client was killed is said by its next life', async () => {
  const { time, server, ann } = await world(1);
  server.write(AB, B, { text: 'hello' });
  await time.pass(100);
  assert.equal(server.conv(AB).marks.get(A)?.delivered, 0);
  await ann.kill();
  await time.pass(5000);
  assert.equal(server.conv(AB).marks.get(A)?.delivered, 1);
});
