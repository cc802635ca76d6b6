// The commands of `parley`: serve's refusals, admin, store, version and help.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { parley, ROOT, type Run, Server, tempDir } from '../lib/server.js';
import { cmid, makeGroup, PASSWORD, type User, uniqueName, World, world } from '../lib/world.js';

const skip = unshared('commands on its own data folder');

/** One clear line on standard error, exit 2. */
function refusedLine(run: Run, about: RegExp): void {
  assert.equal(run.code, 2, `exit 2, got ${run.code}: ${run.err}`);
  assert.match(run.err, about);
  assert.equal(run.err.trimEnd().split('\n').length, 1, `one line, got:\n${run.err}`);
  assert.doesNotMatch(run.out, /parley: ready/);
}

describe('version and help', { skip }, () => {
  test('version', async () => {
    const run = await parley(['version']);
    assert.equal(run.code, 0);
    assert.match(run.out, /^parley \S+/);
  });

  test('help, of all and of each command', async () => {
    const all = await parley(['help']);
    assert.equal(all.code, 0);
    for (const command of ['serve', 'admin', 'store', 'send', 'tail', 'bench', 'version']) {
      assert.match(all.out, new RegExp(`\\b${command}\\b`));
      const one = await parley(['help', command]);
      assert.equal(one.code, 0, command);
      assert.ok(one.out.length > 20);
    }
  });

  test('an unknown command is exit 2', async () => {
    const run = await parley(['frobnicate']);
    assert.equal(run.code, 2);
    assert.match(run.err, /frobnicate/);
    const none = await parley([]);
    assert.equal(none.code, 2);
    assert.equal((await parley(['help', 'frobnicate'])).code, 2);
    assert.equal((await parley(['admin', 'frobnicate'])).code, 2);
    assert.equal((await parley(['store', 'frobnicate'])).code, 2);
  });
});

describe('serve', { skip }, () => {
  const serve = (args: string[], data: string): Promise<Run> =>
    parley(['serve', '--listen', '127.0.0.1:0', '--data', data, ...args]);

  test('a bad option, key, value or file is one line and exit 2, before anything is opened', async () => {
    const data = join(tempDir(), 'untouched');
    const file = join(tempDir(), 'bad.conf');
    const withFile = async (text: string, about: RegExp): Promise<void> => {
      writeFileSync(file, text);
      refusedLine(await serve(['--config', file], data), about);
    };
    refusedLine(await serve(['--nonsense'], data), /--nonsense/);
    refusedLine(await serve(['-o', 'nosuch.key=1'], data), /nosuch\.key/);
    refusedLine(await serve(['-o', 'limits.nosuch=1'], data), /limits\.nosuch/);
    refusedLine(await serve(['-o', 'limits.sends_per_second'], data), /limits\.sends_per_second/);
    refusedLine(await serve(['-o', 'limits.sends_per_second=abc'], data), /limits\.sends_per_second/);
    refusedLine(await serve(['-o', 'limits.sends_per_second=-1'], data), /limits\.sends_per_second/);
    refusedLine(await serve(['-o', 'limits.sends_per_second=1x'], data), /limits\.sends_per_second/);
    refusedLine(await serve(['-o', 'store.driver=paper'], data), /store\.driver/);
    refusedLine(await serve(['-o', 'store.sync=perhaps'], data), /store\.sync/);
    refusedLine(await serve(['-o', 'server.registration=maybe'], data), /server\.registration/);
    refusedLine(await serve(['-o', 'auth.argon2_mem_kib=1'], data), /auth\.argon2_mem_kib/);
    refusedLine(await serve(['-o', 'auth.argon2_ops=0'], data), /auth\.argon2_ops/);
    refusedLine(
      await serve(['-o', 'limits.sends_per_second=99999999999999999999'], data),
      /sends_per_second/,
    );
    refusedLine(await serve(['-o'], data), /-o/);
    refusedLine(await serve(['--config', '/nonexistent/x.conf'], data), /\/nonexistent\/x\.conf/);
    refusedLine(await serve(['--listen', 'nonsense'], data), /nonsense/);
    refusedLine(await serve(['--listen', '127.0.0.1:99999'], data), /99999/);
    refusedLine(await serve(['stray'], data), /stray/);
    await withFile('[limits]\nnosuch = 1\n', /nosuch/);
    await withFile('[nosuch]\nkey = 1\n', /nosuch/);
    await withFile('[limits]\nsends_per_second = many\n', /sends_per_second/);
    await withFile('this is not INI\n', /bad\.conf/);
    assert.ok(!existsSync(data), 'nothing was opened');
  });

  test('-o wins over the file, and --listen, --data are taken', async () => {
    const file = join(tempDir(), 'parley.conf');
    const limits = 'sends_per_second = 7\nsends_burst = 77\nhistory_page = 100\n';
    writeFileSync(file, `# comment\n[limits]\n${limits}\n[heartbeat]\nping_ms = 12345\n`);
    const w = new World({ own: true, args: ['--config', file], options: ['limits.sends_burst=99'] });
    await w.start();
    try {
      const c = await (await w.user()).connect();
      assert.equal(c.session.limits.sends_burst, 99);
      assert.equal(c.session.heartbeat_ms, 12345);
      assert.ok(readdirSync(w.server!.data).length > 0);
    } finally {
      await w.stop();
    }
  });

  test('parley.conf.example parses, and names every default', async () => {
    const example = join(ROOT, 'parley.conf.example');
    const server = await Server.start({ args: ['--config', example] });
    await server.drop();
    const text = readFileSync(example, 'utf8');
    for (const key of ['registration', 'sends_per_second', 'ping_ms', 'argon2_mem_kib', 'drain_ms']) {
      assert.match(text, new RegExp(`^#?\\s*${key}\\s*=`, 'm'));
    }
  });

  test('a second serve on the same data is refused with exit 2, the first goes on', async () => {
    const first = await Server.start();
    try {
      refusedLine(await serve([], first.data), /\S/);
      assert.equal((await fetch(`${first.url}/readyz`)).status, 200);
    } finally {
      await first.drop();
    }
  });

  test('an address in use is an error', async () => {
    const first = await Server.start();
    try {
      const at = new URL(first.url).host;
      const run = await parley(['serve', '--listen', at, '--data', tempDir()]);
      assert.notEqual(run.code, 0);
      assert.match(run.err, new RegExp(at.replaceAll('.', '\\.')));
    } finally {
      await first.drop();
    }
  });

  test('SIGHUP reads again and does not disturb', async () => {
    const w = new World({ own: true });
    await w.start();
    try {
      const c = await (await w.user()).connect();
      w.server!.signal('SIGHUP');
      await c.ok('ping');
      const again = await (await w.user()).connect();
      await again.ok('ping');
      await c.ok('ping');
    } finally {
      await w.stop();
    }
  });

  test('SIGINT ends it as SIGTERM does', async () => {
    const server = await Server.start();
    server.signal('SIGINT');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    await server.drop();
  });
});

describe('admin', { skip }, () => {
  const w = world(new World({ own: true }));

  test('user add takes the password from standard input; list shows it', async () => {
    const name = uniqueName('op');
    const run = await w.admin(['user', 'add', name, '--display-name', 'The Operator'], `${PASSWORD}\n`);
    assert.equal(run.code, 0, run.err);
    const got = await w.rest.ok('POST', '/v1/login', { name, password: PASSWORD });
    assert.equal(got.user.display_name, 'The Operator');
    const list = await w.admin(['user', 'list']);
    assert.equal(list.code, 0, list.err);
    assert.ok(list.out.includes(name) && list.out.includes(got.user.id));
    const twice = await w.admin(['user', 'add', name], `${PASSWORD}\n`);
    assert.notEqual(twice.code, 0);
    assert.notEqual((await w.admin(['user', 'add', uniqueName()], 'short\n')).code, 0);
    assert.notEqual((await w.admin(['user', 'add', 'BAD NAME'], `${PASSWORD}\n`)).code, 0);
    assert.doesNotMatch(w.server!.log, new RegExp(PASSWORD), 'no password in the log');
  });

  test('users create makes many with tokens', async () => {
    const file = join(tempDir(), 'tokens');
    const line = ['users', 'create', '--count', '25', '--prefix', 'load', '--tokens', file];
    const run = await w.admin(line);
    assert.equal(run.code, 0, run.err);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 25);
    const seen = new Set<string>();
    for (const line of lines) {
      const [id, name, token, more] = line.split(' ');
      assert.match(id!, /^[0-9]+$/);
      assert.match(name!, /^load/);
      assert.equal(more, undefined);
      seen.add(id!).add(name!).add(token!);
    }
    assert.equal(seen.size, 75);
    for (const line of [lines[0]!, lines[24]!]) {
      const [id, name, token] = line.split(' ');
      const c = await w.client();
      const ok = await c.hello(token!);
      assert.deepEqual([ok.user.id, ok.user.name], [id, name]);
    }
  });

  test('status and log-level', async () => {
    const status = await w.admin(['status']);
    assert.equal(status.code, 0, status.err);
    assert.ok(status.out.trim().length > 0);
    assert.equal((await w.admin(['log-level', 'debug'])).code, 0);
    assert.equal((await w.admin(['log-level', 'info'])).code, 0);
    assert.notEqual((await w.admin(['log-level', 'shouting'])).code, 0);
  });

  test('without a server: straight on the store', async () => {
    const data = tempDir();
    const name = uniqueName();
    const admin = (args: string[], input = ''): Promise<Run> =>
      parley(['admin', ...args, '--data', data, '-o', 'auth.argon2_mem_kib=8'], input);
    assert.equal((await parley(['store', 'init', '--data', data])).code, 0);
    const added = await admin(['user', 'add', name], `${PASSWORD}\n`);
    assert.equal(added.code, 0, added.err);
    assert.ok((await admin(['user', 'list'])).out.includes(name));
    const key = await admin(['key', 'create', '--name', 'k', '--scope', 'status:read']);
    assert.match(key.out, /^\S+ \S+\n$/);
    const server = await Server.start({ data });
    try {
      const answer = await fetch(`${server.url}/v1/login`, {
        method: 'POST',
        body: JSON.stringify({ name, password: PASSWORD }),
      });
      assert.equal(answer.status, 200);
      const secret = key.out.trim().split(' ')[1]!;
      const seen = await fetch(`${server.url}/v1/status?user_ids=1`, { headers: { 'X-Api-Key': secret } });
      assert.equal(seen.status, 200);
    } finally {
      await server.drop();
    }
  });

  test('a list that cannot be read to its end says so', async () => {
    const data = tempDir();
    assert.equal((await parley(['store', 'init', '--data', data])).code, 0);
    for (const name of ['ann', 'bob', 'carl']) {
      const added = await parley(['admin', 'user', 'add', name, '--data', data], `${PASSWORD}\n`);
      assert.equal(added.code, 0, added.err);
    }
    const fails = ['-o', 'store.driver=fail', '-o', 'store.fail=inner=rocksdb read_every=3'];
    const list = await parley(['admin', 'user', 'list', '--data', data, ...fails]);
    assert.equal(list.code, 1, list.out);
    assert.notEqual(list.err, '');
  });

  test('status without a server is an error', async () => {
    const run = await parley(['admin', 'status', '--data', tempDir()]);
    assert.notEqual(run.code, 0);
    assert.ok(run.err.trim().length > 0);
  });
});

describe('store', { skip }, () => {
  const w = new World({ own: true });
  let a: User;
  let b: User;
  let group = '';
  let storeId = '';
  const extra: string[] = [];
  const store = (args: string[], data: string): Promise<Run> => parley(['store', ...args, '--data', data]);

  before(async () => {
    await w.start();
    [a, b] = await w.users(2);
    const c = await a.connect();
    storeId = c.session.store;
    for (let i = 1; i <= 30; i++) await c.ok('send', { to: b.id, cmid: `fixed-${i}`, text: `m ${i}` });
    group = await makeGroup(c, [b]);
    await c.ok('edit', { conv: a.direct(b), seq: 3, cmid: cmid(), text: 'edited' });
    await c.ok('delete', { conv: a.direct(b), seq: 4, cmid: cmid() });
    const cb = await b.connect();
    await cb.ok('ack', { read: { [a.direct(b)]: 7 } });
    await cb.ok('conv.set', { conv: group, pinned: true });
    await cb.ok('contact.add', { user: a.id });
    w.closeAll();
  });
  after(() => w.stop());

  /** A server on `data` must hold what the first one was given. */
  async function checkContent(data: string): Promise<Json> {
    const other = new World({ own: true, data, record: false });
    await other.start();
    try {
      const c = await other.client();
      const session = await c.hello(b.token, { sync: {} });
      const page = await c.ok('history', { conv: a.direct(b), limit: 200 });
      assert.equal(page.entries.length, 32);
      assert.equal(page.entries[0].text, 'm 1');
      assert.equal(page.entries[2].text, 'edited');
      assert.ok(!page.entries[3].text);
      const rows = new Map<string, Json>(session.conversations.map((r: Json) => [r.conv, r]));
      assert.equal(rows.get(a.direct(b)).read, 7);
      assert.equal(rows.get(group).pinned, true);
      assert.deepEqual((await c.ok('contacts')).contacts, [a.id]);
      const ca = await other.client();
      await ca.hello(a.token);
      const again = await ca.ok('send', { to: b.id, cmid: 'fixed-9', text: 'm 9' });
      assert.deepEqual([again.seq, again.dup], [9, true], 'cmids are kept');
      const next = await ca.ok('send', { to: b.id, cmid: cmid(), text: 'next' });
      assert.equal(next.seq, 33);
      other.closeAll();
      assert.equal((await other.server!.stop()).code, 0);
      return session;
    } finally {
      other.closeAll();
      if (other.server?.alive) await other.server.kill();
    }
  }
  async function verified(data: string): Promise<void> {
    const run = await store(['verify'], data);
    assert.equal(run.code, 0, `${run.out}${run.err}`);
    assert.match(run.out.trimEnd().split('\n').at(-1)!, /\d/, 'one line of counts at the end');
  }

  test('beside a running server: refused with exit 2, but backup', async () => {
    const data = w.server!.data;
    for (const args of [['verify'], ['export', join(tempDir(), 'x')], ['init']]) {
      const run = await store(args, data);
      assert.equal(run.code, 2, `${args[0]}: ${run.out}${run.err}`);
    }
    const dir = join(tempDir(), 'backup');
    const run = await store(['backup', dir], data);
    assert.equal(run.code, 0, run.err);
    extra.push(dir);
    const c = await a.connect();
    await c.ok('ping');
    w.closeAll();
  });

  test('restore gives the same conversations under a new store id', async () => {
    const data = join(tempDir(), 'restored');
    const run = await store(['restore', extra[0]!], data);
    assert.equal(run.code, 0, run.err);
    await verified(data);
    const session = await checkContent(data);
    assert.notEqual(session.store, storeId, 'store changes when a backup was restored');
    await verified(data);
    const twice = await store(['restore', extra[0]!], data);
    assert.equal(twice.code, 2, 'not onto a store that is not empty');
    const nothing = await store(['restore', tempDir()], join(tempDir(), 'y'));
    assert.notEqual(nothing.code, 0, 'a folder without a backup');
  });

  test('after a stop: verify, backup, export, import', async () => {
    const data = w.server!.data;
    assert.equal((await w.server!.stop()).code, 0);
    await verified(data);
    const dir = join(tempDir(), 'cold');
    assert.equal((await store(['backup', dir], data)).code, 0);
    const restored = join(tempDir(), 'restored');
    assert.equal((await store(['restore', dir], restored)).code, 0);
    await verified(restored);
    const file = join(tempDir(), 'export');
    const exported = await store(['export', file], data);
    assert.equal(exported.code, 0, exported.err);
    const imported = join(tempDir(), 'imported');
    const run = await store(['import', file], imported);
    assert.equal(run.code, 0, run.err);
    await verified(imported);
    await checkContent(imported);
    assert.equal((await store(['import', file], imported)).code, 2, 'not onto a store that is not empty');
    const bad = join(tempDir(), 'bad');
    writeFileSync(bad, readFileSync(file).subarray(0, 100));
    const broken = await store(['import', bad], join(tempDir(), 'z'));
    assert.notEqual(broken.code, 0, 'a file that ends too early');
  });

  test('a backup is not written over something else', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'mine'));
    writeFileSync(join(dir, 'mine', 'precious'), 'x');
    const run = await store(['backup', join(dir, 'mine')], w.server!.data);
    if (run.code === 0) assert.equal(readFileSync(join(dir, 'mine', 'precious'), 'utf8'), 'x');
  });

  test('verify of a folder that is no store', async () => {
    const run = await store(['verify'], join(tempDir(), 'nothing'));
    assert.notEqual(run.code, 0);
    assert.ok(run.err.trim().length > 0);
  });
});
