// The client against a server in memory: nothing lost, nothing twice, the truth about every message.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Client, type ClientOptions, MemoryStore } from '../src/index.ts';
import { A, AB, B, FakeServer } from './fake.ts';

function world(): FakeServer {
  const server = new FakeServer();
  server.addUser(A, 'ann');
  server.addUser(B, 'bo');
  return server;
}

const running = new Set<Client>();
afterEach(async () => {
  for (const c of running) await c.stop();
  running.clear();
});

function client(server: FakeServer, id: string, more: Partial<ClientOptions> = {}): Client {
  const user = server.users.get(id);
  assert.ok(user);
  const made = new Client({
    url: 'http://fake',
    session: { token: `token-${id}`, user, device: '1' },
    env: {
      socket: server.socket,
      random: () => 0.01,
      fetch: async (url) => {
        const found = server.users.get(url.split('/').at(-1) ?? '');
        if (!server.up) throw new Error('down');
        return { status: found ? 200 : 404, text: async () => JSON.stringify(found ?? {}) };
      },
    },
    ...more,
  });
  running.add(made);
  return made;
}

async function until(what: string, check: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!check()) {
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await new Promise((go) => setTimeout(go, 5));
  }
}

const texts = (c: Client, conv = AB): string[] =>
  c
    .conversation(conv)
    .entries.filter((e) => e.kind === 'text')
    .map((e) => c.conversation(conv).view(e).text ?? '');

test('a message goes from sending to sent, delivered and read', async () => {
  const server = world();
  const ann = client(server, A);
  const bo = client(server, B);
  await ann.start();
  await ann.send(AB, 'hello');
  const conv = ann.conversation(AB);
  const [waiting] = ann.pending(AB);
  assert.ok(waiting);
  assert.equal(ann.stateOf(conv, waiting), 'sending');
  await until('accepted', () => conv.hi === 1);
  assert.equal(ann.pending(AB).length, 0);
  const entry = conv.at(1);
  assert.ok(entry);
  assert.equal(ann.stateOf(conv, entry), 'sent');
  await bo.start();
  await until('delivered', () => ann.stateOf(conv, entry) === 'delivered');
  assert.equal(bo.conversation(AB).unread, 1);
  bo.markRead(AB, 1);
  assert.equal(bo.conversation(AB).unread, 0);
  await until('read', () => ann.stateOf(conv, entry) === 'read');
  await ann.stop();
  await bo.stop();
});

test('a lost request leads to the same cmid again; a lost answer is found in the log', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  server.faults.push({ op: 'send', kind: 'cut' });
  const { id } = await ann.send(AB, 'once');
  await until('settled', () => ann.pending(AB).length === 0);
  const tries = (cmid: string): number => server.seen.filter((f) => f['cmid'] === cmid).length;
  assert.equal(tries(id), 2);
  server.faults.push({ op: 'send', kind: 'lose' });
  const second = await ann.send(AB, 'twice');
  await until('settled', () => ann.pending(AB).length === 0);
  assert.equal(tries(second.id), 1);
  assert.deepEqual(texts(ann), ['once', 'twice']);
  assert.equal(server.conv(AB).log.length, 2);
  await ann.stop();
});

test('order is kept, one in flight; a final refusal fails one message and not the next', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  server.faults.push({ op: 'send', kind: 'refuse', error: { code: 'overloaded', message: '', retry: true } });
  for (let i = 0; i < 20; i++) await ann.send(AB, `m${i}`);
  await until('all accepted', () => ann.pending(AB).length === 0);
  assert.deepEqual(
    texts(ann),
    Array.from({ length: 20 }, (_, i) => `m${i}`),
  );
  server.faults.push({ op: 'send', kind: 'refuse', error: { code: 'blocked', message: 'no', retry: false } });
  await ann.send(AB, 'refused');
  await ann.send(AB, 'fine');
  await until('fine accepted', () => texts(ann).includes('fine'));
  const [failed] = ann.pending(AB);
  assert.equal(failed?.failed?.code, 'blocked');
  assert.ok(failed);
  await ann.retry(failed.id);
  await until('retried', () => texts(ann).at(-1) === 'refused');
  assert.equal(server.seen.filter((f) => f['cmid'] === failed.id).length, 2);
  await ann.stop();
});

test('the outbox survives the client', async () => {
  const server = world();
  server.up = false;
  const store = new MemoryStore();
  const first = client(server, A, { store });
  await first.start();
  await first.send(AB, 'one');
  await first.send(AB, 'two');
  await first.stop();
  server.up = true;
  const second = client(server, A, { store });
  await second.start();
  await until('sent', () => second.pending().length === 0);
  assert.deepEqual(texts(second), ['one', 'two']);
  await second.stop();
});

test('lost events are found by the number that follows, and by sync after a cut', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  server.write(AB, B, { text: '1' });
  await until('first', () => texts(ann).length === 1);
  server.loseEvents.add('entry');
  server.write(AB, B, { text: '2' });
  server.write(AB, B, { text: '3' });
  server.loseEvents.clear();
  server.write(AB, B, { text: '4' });
  await until('filled', () => texts(ann).length === 4);
  assert.deepEqual(texts(ann), ['1', '2', '3', '4']);
  for (const s of server.sockets) s.cut(1006);
  for (let i = 5; i <= 30; i++) server.write(AB, B, { text: `${i}` });
  await until('caught up', () => texts(ann).length === 30);
  assert.equal(ann.conversation(AB).unread, 30);
  await ann.stop();
});

test('a client that starts again shows its cache at once, and asks only for what changed', async () => {
  const server = world();
  const store = new MemoryStore();
  const first = client(server, A, { store });
  for (let i = 1; i <= 100; i++) server.write(AB, i % 2 ? A : B, { text: `${i}` });
  await first.start();
  await until('there', () => first.conversation(AB).hi === 100);
  await first.open(AB);
  await first.stop();
  server.up = false;
  const second = client(server, A, { store });
  await second.start();
  assert.equal(second.conversations.size, 1);
  await second.open(AB);
  assert.ok(texts(second).length >= 40);
  assert.equal(second.conversation(AB).unread, 50);
  server.up = true;
  server.write(AB, B, { text: 'new' });
  second.kick();
  await until('new one', () => texts(second).at(-1) === 'new');
  const hello = server.seen.filter((f) => f.op === 'hello').at(-1);
  assert.ok((hello?.['sync'] as { since?: string } | undefined)?.since);
  while ((await second.loadOlder(AB)) > 0);
  assert.equal(second.conversation(AB).entries.length, 101);
  await second.stop();
});

test('a restored server: the cache goes, the outbox stays', async () => {
  const server = world();
  const store = new MemoryStore();
  const first = client(server, A, { store });
  server.write(AB, B, { text: 'will be gone' });
  await first.start();
  await until('there', () => first.conversation(AB).hi === 1);
  await first.stop();
  server.up = false;
  const second = client(server, A, { store });
  await second.start();
  await second.send(AB, 'kept');
  server.store = 'second';
  server.convs.clear();
  server.up = true;
  second.kick();
  await until('sent', () => second.pending().length === 0 && texts(second).length === 1);
  assert.deepEqual(texts(second), ['kept']);
  await second.stop();
});

test('edits, deletions and reactions are laid over what they point at', async () => {
  const server = world();
  const ann = client(server, A);
  const bo = client(server, B);
  await ann.start();
  await bo.start();
  await ann.send(AB, 'helo');
  await ann.send(AB, 'oops');
  await until('two', () => bo.conversation(AB).hi === 2);
  await ann.edit(AB, 1, 'hello');
  await ann.delete(AB, 2);
  await until('changed', () => bo.conversation(AB).hi === 4);
  await bo.react(AB, 1, '👍', true);
  await until('all', () => bo.conversation(AB).hi === 5 && ann.conversation(AB).hi === 5);
  for (const c of [ann, bo]) {
    const conv = c.conversation(AB);
    assert.deepEqual(texts(c), ['hello', '']);
    assert.deepEqual(conv.reactionsOf(1), [{ emoji: '👍', users: [B] }]);
    const second = conv.at(2);
    assert.equal(second && conv.view(second).deleted_seq, 4);
  }
  assert.equal(bo.conversation(AB).unread, 1);
  await ann.stop();
  await bo.stop();
});

test('in a group the slowest member decides', async () => {
  const server = world();
  server.addUser('1003', 'cy');
  server.group('g.1', 'Team', [A, B, '1003']);
  const ann = client(server, A);
  const bo = client(server, B);
  await ann.start();
  await bo.start();
  await ann.send('g.1', 'all?');
  const conv = ann.conversation('g.1');
  await until('two', () => conv.hi === 2 && bo.conversation('g.1').hi === 2);
  bo.markRead('g.1', 2);
  await until('bo read', () => conv.members?.get(B)?.read === 2);
  const e = conv.at(2);
  assert.ok(e);
  assert.equal(ann.stateOf(conv, e), 'sent');
  const cy = client(server, '1003');
  await cy.start();
  await until('cy has it', () => ann.stateOf(conv, e) === 'delivered');
  cy.markRead('g.1', 2);
  await until('all read', () => ann.stateOf(conv, e) === 'read');
  for (const c of [ann, bo, cy]) await c.stop();
});

test('close codes: signed out and replaced end it, going away comes back', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  for (const s of server.sockets) s.cut(1001);
  await until('back', () => ann.status.state === 'online');
  for (const s of server.sockets) s.cut(4409);
  assert.equal(ann.status.state, 'replaced');
  ann.kick();
  await until('back again', () => ann.status.state === 'online');
  for (const s of server.sockets) s.cut(4401);
  assert.equal(ann.status.state, 'signed_out');
  await ann.stop();
});

test('too old for the server: the end, until it is started again; what waits stays', async () => {
  const server = world();
  server.oldestClient = 'web/1.10';
  const store = new MemoryStore();
  const ann = client(server, A, { client: 'web/1.9', store });
  await ann.start();
  await until('outdated', () => ann.status.state === 'outdated');
  const before = server.seen.length;
  await ann.send(AB, 'not yet');
  ann.kick();
  await new Promise((go) => setTimeout(go, 50));
  assert.equal(ann.status.state, 'outdated');
  assert.equal(server.seen.length, before, 'it stays away');
  assert.equal(ann.pending().length, 1);
  await ann.stop();
  const next = client(server, A, { client: 'web/1.10', store });
  await next.start();
  await until('sent', () => next.pending().length === 0);
  assert.deepEqual(texts(next), ['not yet']);
});

test('4401 before the answer to hello is a loss like any other; a refused token signs out', async () => {
  const server = world();
  const ann = client(server, A);
  server.faults.push({ op: 'hello', kind: 'ignore' });
  await ann.start();
  await until('hello was said', () => server.seen.length === 1);
  for (const s of server.sockets) s.cut(4401);
  assert.equal(ann.status.state, 'waiting');
  await until('online', () => ann.status.state === 'online');
  const error = { code: 'unauthorized', message: '', retry: false };
  server.faults.push({ op: 'hello', kind: 'refuse', error });
  for (const s of server.sockets) s.cut(1006);
  await until('signed out', () => ann.status.state === 'signed_out');
});

test('typing and presence reach the other side', async () => {
  const server = world();
  const ann = client(server, A);
  const bo = client(server, B);
  await ann.start();
  await bo.start();
  await until('online', () => ann.status.state === 'online' && bo.status.state === 'online');
  await ann.send(AB, 'x');
  ann.people.typing(AB);
  await until('typing', () => bo.people.typingIn(AB).includes(A));
  ann.people.typingStopped();
  await until('stopped', () => bo.people.typingIn(AB).length === 0);
  const told: string[] = [];
  bo.on('presence', (user) => told.push(user));
  bo.people.watch([A]);
  await until('presence', () => bo.people.presenceOf(A)?.status === 'online');
  assert.deepEqual(told, [A]);
  // Asked for again, the same answer is nothing new.
  bo.people.watch([A, B]);
  await until('presence of both', () => bo.people.presenceOf(B)?.status === 'online');
  assert.deepEqual(told, [A, B]);
  await ann.stop();
  await bo.stop();
});

test('what was decided about a message while it was under way follows it', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  const left = (text: string) => () => server.seen.some((f) => f.op === 'send' && f['text'] === text);
  server.delay = () => 40;
  const gone = await ann.send(AB, 'taken back');
  await until('it left', left('taken back'));
  await ann.withdraw(gone.id);
  const changed = await ann.send(AB, 'as first written');
  await until('it left', left('as first written'));
  await ann.amend(changed.id, 'as it should be');
  await until('all is said', () => ann.pending().length === 0 && server.conv(AB).log.length === 4);
  assert.deepEqual(
    server
      .conv(AB)
      .log.map((e) => [e.kind, e.text, e.target])
      .sort(),
    [
      ['deleted', undefined, 1],
      ['edited', 'as it should be', 2],
      ['text', 'as first written', undefined],
      ['text', 'taken back', undefined],
    ],
  );
  await until('shown', () => texts(ann).includes('as it should be'));
  assert.ok(!texts(ann).includes('taken back'));
});

test('a message that has not left can be written anew; one that was refused, too', async () => {
  const server = world();
  server.up = false;
  const ann = client(server, A);
  await ann.start();
  const item = await ann.send(AB, 'first');
  await ann.amend(item.id, 'second');
  server.faults.push({
    op: 'send',
    kind: 'refuse',
    error: { code: 'too_large', message: '', retry: false },
  });
  server.up = true;
  await until('refused', () => {
    ann.kick();
    return ann.pending()[0]?.failed !== undefined;
  });
  assert.deepEqual(
    server.seen.filter((f) => f.op === 'send').map((f) => f['text']),
    ['second'],
  );
  await ann.amend(item.id, 'third');
  await until('accepted', () => ann.pending().length === 0);
  assert.deepEqual(texts(ann), ['third']);
});

test('clearing the cache keeps the outbox and what waits to be said, and loads the rest again', async () => {
  const server = world();
  server.write(AB, B, { text: 'hello' });
  const store = new MemoryStore();
  const ann = client(server, A, { store });
  await ann.start();
  await until('there', () => texts(ann).length === 1);
  server.up = false;
  for (const s of [...server.sockets]) s.cut(1006);
  await ann.send(AB, 'waits');
  ann.set(AB, { draft: 'half a sen' });
  ann.clearCache();
  await ann.hurry();
  const kept = await store.load();
  assert.deepEqual(
    kept.outbox.map((i) => i.text),
    ['waits'],
  );
  assert.deepEqual(kept.meta['settings'], { [AB]: { draft: 'half a sen' } });
  server.up = true;
  await until('back', () => {
    ann.kick();
    return texts(ann).includes('waits');
  });
  await ann.open(AB);
  assert.deepEqual(texts(ann), ['hello', 'waits']);
});

test('a setting that is changed while another is under way is sent, too', async () => {
  const server = world();
  const ann = client(server, A);
  await ann.start();
  await until('online', () => ann.status.state === 'online');
  server.delay = () => 40;
  const sets = () => server.seen.filter((f) => f.op === 'conv.set');
  ann.set(AB, { pinned: true });
  await until('the first has left', () => sets().length === 1);
  ann.set(AB, { marked_unread: true });
  await until('the second, too', () => sets().some((f) => f['marked_unread'] === true));
});
