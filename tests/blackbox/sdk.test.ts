// The TypeScript SDK against a live server, by long polling: what one writes, the other has, with the truth about it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, rest } from '../../sdk/ts/src/index.js';
import { unshared } from '../lib/place.js';
import { PATIENCE, Server } from '../lib/server.js';
import { PASSWORD, uniqueName, wait } from '../lib/world.js';

let server: Server;
let ann: Client;
let bo: Client;

async function until(what: string, check: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!check()) {
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await wait(20);
  }
}

async function person(name: string): Promise<Client> {
  const session = await rest(server.url).register({ name: uniqueName(name), password: PASSWORD });
  const client = new Client({ url: server.url, session, transport: 'poll', client: 'test/1.0' });
  await client.start();
  await until('online', () => client.status.state === 'online');
  return client;
}

const skip = unshared('a server that it kills');

before(async () => {
  if (skip) return;
  server = await Server.start();
  ann = await person('ann');
  bo = await person('bo');
});

after(async () => {
  await ann?.stop();
  await bo?.stop();
  await server?.drop();
});

test('a message, its states, and the answer', { skip }, async () => {
  const id = ann.directWith(bo.me.id);
  await ann.send(id, 'by long polling');
  await until('it arrived', () => bo.conversation(id).hi === 1);
  const conv = ann.conversation(id);
  await until('accepted', () => conv.hi === 1);
  const entry = conv.at(1);
  assert.ok(entry);
  await until('delivered', () => ann.stateOf(conv, entry) === 'delivered');
  assert.equal(bo.conversation(id).unread, 1);
  bo.markRead(id, 1);
  await until('read', () => ann.stateOf(conv, entry) === 'read');
  await bo.send(id, 'and back', 1);
  await until('the answer', () => conv.hi === 2);
  assert.equal(conv.at(2)?.reply_to, 1);
});

test('a group, a change of its members, and what a server that was killed owes', { skip }, async () => {
  const made = await ann.groups.create('Polled', [bo.me.id]);
  const id = made.conv;
  await until('bo is in', () => bo.conversations.get(id)?.hi === 1);
  assert.equal(bo.conversation(id).name, 'Polled');
  const address = new URL(server.url).host;
  const data = server.data;
  await server.kill();
  for (let i = 1; i <= 5; i++) await ann.send(id, `waiting ${i}`);
  server = await Server.start({ data, listen: address });
  ann.kick();
  bo.kick();
  await until('all five', () => bo.conversation(id).hi === 6 && ann.pending().length === 0);
  const texts = bo.conversation(id).entries.map((e) => e.text);
  assert.deepEqual(
    texts.slice(1),
    [1, 2, 3, 4, 5].map((i) => `waiting ${i}`),
  );
});
