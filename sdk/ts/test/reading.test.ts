// What is loaded because somebody looks: the surroundings of an old message, when others read, and the contact lists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, Slice } from '../src/index.ts';
import { Device } from './device.ts';
import { A, AB, B, FakeServer } from './fake.ts';
import { VirtualTime } from './time.ts';

interface World {
  time: VirtualTime;
  server: FakeServer;
  device: Device;
  ann: Client;
}

async function world(messages: number): Promise<World> {
  const time = new VirtualTime();
  const server = new FakeServer();
  server.setTimeout = time.setTimeout;
  server.addUser(A, 'ann');
  server.addUser(B, 'bo');
  for (let i = 1; i <= messages; i++) server.write(AB, B, { text: `message ${i}` });
  server.conv(AB).marks.set(A, { delivered: messages, read: messages });
  const device = new Device(time, server, A, 1, () => 0.5);
  await device.start();
  await time.pass(1000);
  return { time, server, device, ann: device.client(0) };
}

/** Waits for what takes virtual time. */
async function now<T>(time: VirtualTime, promise: Promise<T>): Promise<T> {
  const [value] = await Promise.all([promise, time.pass(500)]);
  return value;
}

const seqs = (from: { entries: { seq: number }[] }): number[] => from.entries.map((e) => e.seq);
const run = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('a jump far back shows what is around, and grows until it is a part of the conversation', async () => {
  const { time, server, ann } = await world(400);
  server.write(AB, A, { kind: 'reaction', target: 101, text: '👍', on: true });
  await time.pass(500);
  await now(time, ann.open(AB));
  const conv = ann.conversation(AB);
  const slice = (await now(time, ann.around(AB, 100))) as Slice;
  assert.deepEqual(seqs(slice), run(80, 119));
  assert.equal(slice.joined, false);
  assert.equal(conv.reactionsOf(101).length, 1);
  while (!slice.atStart) assert.ok((await now(time, ann.grow(slice, 'older'))) > 0);
  assert.equal(slice.lo, 1);
  const held = conv.memoryLo;
  while (!slice.joined) assert.ok((await now(time, ann.grow(slice, 'newer'))) > 0);
  assert.ok(conv.memoryLo < held);
  assert.deepEqual(seqs(conv), run(1, 401));
  assert.equal(await now(time, ann.around(AB, 900)), undefined);
});

test('what a slice brought is in the store once the conversation says that it holds it', async () => {
  const { time, server, device, ann } = await world(200);
  await now(time, ann.open(AB));
  const slice = (await now(time, ann.around(AB, 20))) as Slice;
  while (!slice.joined) await now(time, ann.grow(slice, 'newer'));
  await time.pass(1000);
  const lo = ann.conversation(AB).lo;
  server.up = false;
  await device.kill();
  await time.pass(1000);
  const again = device.client(0);
  const old = await now(time, again.around(AB, 60));
  assert.ok(old, 'without a server');
  assert.ok(seqs(old).includes(60));
  while ((await now(time, again.loadOlder(AB))) > 0);
  assert.equal(again.conversation(AB).memoryLo, lo);
  assert.deepEqual(seqs(again.conversation(AB)), run(lo, 200));
});

test('what memory lets go of comes back from the store', async () => {
  const { time, server, ann } = await world(100);
  await now(time, ann.open(AB));
  while ((await now(time, ann.loadOlder(AB))) > 0);
  const conv = ann.conversation(AB);
  assert.deepEqual(seqs(conv), run(1, 100));
  await time.pass(1000);
  const asked = server.seen.length;
  conv.trim(10);
  assert.deepEqual(seqs(conv), run(91, 100));
  assert.equal(conv.atStart, false);
  while ((await now(time, ann.loadOlder(AB))) > 0);
  assert.deepEqual(seqs(conv), run(1, 100));
  assert.ok(!server.seen.slice(asked).some((f) => f.op === 'history'));
});

test('when others received and read is told as far as it was seen', async () => {
  const { time, server, device, ann } = await world(0);
  ann.send(AB, 'one');
  await time.pass(500);
  const bo = new Device(time, server, B, 1, () => 0.5);
  await bo.start();
  await time.pass(3000);
  const delivered = ann.markTimes.when(AB, B, 'delivered', 1);
  assert.ok(delivered !== undefined && time.now() - delivered <= 3000);
  assert.equal(ann.markTimes.when(AB, B, 'read', 1), undefined);
  bo.client(0).markRead(AB, 1);
  await time.pass(1000);
  const read = ann.markTimes.when(AB, B, 'read', 1);
  assert.ok(read !== undefined && read > delivered);
  await time.pass(5000);
  await device.kill();
  // Read while nobody of this device was there to see it.
  server.up = false;
  await time.pass(1000);
  server.write(AB, A, { text: 'two' });
  server.conv(AB).marks.set(B, { delivered: 2, read: 2 });
  server.up = true;
  await time.pass(60000);
  assert.equal(device.client(0).markTimes.when(AB, B, 'read', 1), read, 'kept over a restart');
  assert.equal(device.client(0).markTimes.when(AB, B, 'read', 2), undefined);
});

test('the contact lists are known without a connection, as last heard', async () => {
  const { time, server, device, ann } = await world(1);
  assert.equal(ann.contacts.known, undefined);
  await now(time, ann.contacts.list());
  let changes = 0;
  ann.on('contacts', () => changes++);
  await now(time, ann.contacts.add(B));
  await now(time, ann.contacts.block(B));
  assert.equal(changes, 2);
  await time.pass(1000);
  server.up = false;
  await device.kill();
  assert.deepEqual(device.client(0).contacts.known, { contacts: [B], blocked: [B] });
});
