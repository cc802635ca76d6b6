// search (protocol/ADDITIONS.md): folding, words, filters, pages and cursors, and above all who sees what.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import { type Json, Rest } from '../lib/http.js';
import { unshared } from '../lib/place.js';
import { parley, tempDir } from '../lib/server.js';
import { cmid, flood, makeGroup, type User, World, wait, world } from '../lib/world.js';

const say = (c: Client, to: Json, text: string): Promise<Json> => c.ok('send', { ...to, cmid: cmid(), text });
const seqs = (page: Json): number[] => page.results.map((e: Json) => e.seq);
const texts = (page: Json): string[] => page.results.map((e: Json) => e.text);

/** All pages of a search, each checked for its order; no result twice. */
async function all(c: Client, args: Json): Promise<Json[]> {
  const results: Json[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const page: Json = await c.ok('search', { ...args, ...(cursor ? { cursor } : {}) });
    assert.ok(page.results.length <= (args.limit ?? 20), 'at most limit results');
    for (let i = 1; i < page.results.length; i++)
      assert.ok(page.results[i - 1].ts >= page.results[i].ts, 'newest first');
    results.push(...page.results);
    cursor = page.cursor;
    if (!cursor) break;
  }
  assert.equal(cursor, undefined, 'the search came to an end');
  const names = results.map((e) => `${e.conv}:${e.seq}`);
  assert.equal(new Set(names).size, names.length, 'no result twice');
  return results;
}

describe('search: what matches', () => {
  const w = world(new World({}));
  let a: User;
  let b: User;
  let ca: Client;
  let cb: Client;
  let conv: string;

  before(async () => {
    [a, b] = await w.users(2);
    conv = a.direct(b);
    const c = await a.connect();
    for (const text of [
      'Crème brûlée at noon',
      'Die STRASSE ist lang',
      'Die Straße ist kurz',
      '東京タワーに行きたい',
      '私は猫が好きです',
      'Привет, Мир',
      'xylophone lessons on Tuesday',
      'ＦＵＬＬ ｗｉｄｔｈ',
      '안녕하세요 여러분',
      'line one\nline two\ttabbed',
      'مَرْحَبًا بالعالم',
      'ΣΊΣΥΦΟΣ',
      'o',
    ])
      await say(c, { to: b.id }, text);
    c.ws.destroy();
  });
  const find = async (query: string, more: Json = {}): Promise<string[]> => {
    cb = await b.connect();
    return texts(await cb.ok('search', { query, conv, ...more }));
  };

  for (const [query, expected] of [
    ['creme brulee', ['Crème brûlée at noon']],
    ['CRÈME', ['Crème brûlée at noon']],
    ['brûl', ['Crème brûlée at noon']],
    ['strasse', ['Die Straße ist kurz', 'Die STRASSE ist lang']],
    ['Straße lang', ['Die STRASSE ist lang']],
    ['lang straße', ['Die STRASSE ist lang']],
    ['東京', ['東京タワーに行きたい']],
    ['京タ', ['東京タワーに行きたい']],
    ['猫', ['私は猫が好きです']],
    ['привет мир', ['Привет, Мир']],
    ['ophone', ['xylophone lessons on Tuesday']],
    ['tuesday   xylo', ['xylophone lessons on Tuesday']],
    ['full width', ['ＦＵＬＬ ｗｉｄｔｈ']],
    ['하세', ['안녕하세요 여러분']],
    ['one two tabbed', ['line one\nline two\ttabbed']],
    ['مرحبا', ['مَرْحَبًا بالعالم']],
    ['σισυφοσ', ['ΣΊΣΥΦΟΣ']],
    ['σίσυφος', ['ΣΊΣΥΦΟΣ']],
    ['xylophones', []],
    ['xylophone wednesday', []],
    ['か', []],
    ['%', []],
  ] as [string, string[]][])
    test(`${query} finds ${expected.length}`, async () => assert.deepEqual(await find(query), expected));

  test('a single letter', async () => {
    const found = await find('o', { limit: 100 });
    assert.ok(found.includes('o') && found.includes('xylophone lessons on Tuesday'));
    assert.ok(!found.includes('東京タワーに行きたい'));
  });

  test('results are entries as in history', async () => {
    cb = await b.connect();
    const { results } = await cb.ok('search', { query: 'xylophone', conv });
    const { entries } = await cb.ok('history', { conv, around_seq: results[0].seq, limit: 1 });
    assert.deepEqual(results, entries);
    assert.ok(!('cmid' in results[0]), 'the cmid is the writer’s');
    ca = await a.connect();
    const own = (await ca.ok('search', { query: 'xylophone' })).results[0];
    assert.equal(typeof own.cmid, 'string');
  });

  test('by POST /v1/op', async () => {
    const { results, cursor } = await b.op('search', { query: 'brulee' });
    assert.deepEqual([results.length, results[0].conv, cursor], [1, conv, undefined]);
  });

  test('what is wrong with a question', async () => {
    cb = await b.connect();
    for (const [args, name] of [
      [{}, 'query'],
      [{ query: '' }, 'query'],
      [{ query: 7 }, 'query'],
      [{ query: '   ' }, 'query'],
      [{ query: '\u0301\u0302' }, 'query'],
      [{ query: 'x'.repeat(257) }, 'query'],
      [{ query: 'é'.repeat(129) }, 'query'],
      [{ query: 'x', limit: 0 }, 'limit'],
      [{ query: 'x', limit: 101 }, 'limit'],
      [{ query: 'x', after_ts: -1 }, 'after_ts'],
      [{ query: 'x', before_ts: '1' }, 'before_ts'],
      [{ query: 'x', conv: 5 }, 'conv'],
      [{ query: 'x', from: 5 }, 'from'],
      [{ query: 'x', cursor: 'abc' }, 'cursor'],
      [{ query: 'x', cursor: '' }, 'cursor'],
      [{ query: 'x', cursor: 'x'.repeat(513) }, 'cursor'],
    ] as [Json, string][])
      await cb.err('search', args, 'bad_request', new RegExp(name));
    await cb.ok('search', { query: 'x'.repeat(256) });
    await cb.ok('search', { query: 'é'.repeat(128), conv: null, from: null, cursor: null });
    await cb.err('search', { query: 'x', conv: 'd.5.3' }, 'not_found');
  });

  test('conversations one has no part in', async () => {
    const c = await w.user();
    const cc = await c.connect();
    await cc.err('search', { query: 'x', conv }, 'not_member');
    await cc.err('search', { query: 'x', conv: `g.${'0'.repeat(32)}` }, 'not_member');
    assert.deepEqual((await cc.ok('search', { query: 'xylophone' })).results, []);
    assert.deepEqual((await cc.ok('search', { query: 'x', conv: c.direct(a) })).results, []);
  });
});

describe('search: filters', () => {
  const w = world(new World({}));

  test('from, after_ts, before_ts', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const sent = [];
    for (let i = 1; i <= 6; i++)
      sent.push(await say(i % 2 ? ca : cb, { to: i % 2 ? b.id : a.id }, `apple ${i}`));
    const ts = sent.map((s) => s.ts);
    const ask = async (more: Json): Promise<number[]> =>
      seqs(await ca.ok('search', { query: 'APPLE', ...more }));
    assert.deepEqual(await ask({}), [6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await ask({ from: a.id }), [5, 3, 1]);
    assert.deepEqual(await ask({ from: b.id }), [6, 4, 2]);
    assert.deepEqual(await ask({ after_ts: ts[3] }), [6, 5]);
    assert.deepEqual(await ask({ before_ts: ts[3] }), [3, 2, 1]);
    assert.deepEqual(await ask({ after_ts: ts[0], before_ts: ts[4], from: b.id }), [4, 2]);
    assert.deepEqual(await ask({ after_ts: ts[5] }), []);
    assert.deepEqual(await ask({ before_ts: 0 }), []);
    // The time of the message counts, not of its edit.
    await ca.ok('edit', { conv: a.direct(b), seq: 1, cmid: cmid(), text: 'green apple' });
    assert.deepEqual(await ask({ before_ts: ts[1] }), [1]);
    assert.deepEqual(await ask({ after_ts: ts[5] }), []);
  });
});

describe('search: edits and deletes', () => {
  const w = world(new World({}));

  test('the newest text is found, no earlier one', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await say(ca, { to: b.id }, 'first walrus');
    await ca.ok('edit', { conv, seq: 1, cmid: cmid(), text: 'second otter' });
    await ca.ok('edit', { conv, seq: 1, cmid: cmid(), text: 'third badger' });
    for (const c of [ca, cb]) {
      assert.deepEqual(seqs(await c.ok('search', { query: 'walrus' })), []);
      assert.deepEqual(seqs(await c.ok('search', { query: 'otter' })), []);
      const { results } = await c.ok('search', { query: 'badger' });
      assert.deepEqual([results.length, results[0].seq, results[0].edited_seq], [1, 1, 3]);
      assert.deepEqual([results[0].kind, results[0].text], ['text', 'third badger']);
    }
    await ca.ok('delete', { conv, seq: 1, cmid: cmid() });
    for (const query of ['walrus', 'otter', 'badger']) assert.deepEqual(await all(cb, { query }), [], query);
  });

  test('names, reactions and other changes are no results', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const conv = await makeGroup(ca, [b], { name: 'Zebra club' });
    await say(ca, { conv }, 'hello');
    await ca.ok('group.rename', { conv, name: 'Zebra society', cmid: cmid() });
    await ca.ok('react', { conv, seq: 2, emoji: '🦓', on: true, cmid: cmid() });
    assert.deepEqual(await all(ca, { query: 'zebra' }), []);
    assert.deepEqual(await all(ca, { query: '🦓' }), []);
  });

  test('deep in the log, where the index stands between', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const conv = a.direct(b);
    await flood(ca, { to: b.id }, 40, 'alpha');
    await say(ca, { conv }, 'a lonely pangolin');
    await flood(ca, { conv }, 200, 'beta');
    assert.deepEqual(seqs(await cb.ok('search', { query: 'PANGO' })), [41]);
    assert.deepEqual(seqs(await cb.ok('search', { query: 'alpha 17' })), [17]);
    await ca.ok('edit', { conv, seq: 3, cmid: cmid(), text: 'now an aardvark' });
    assert.deepEqual(seqs(await cb.ok('search', { query: 'aardvark' })), [3]);
    assert.equal((await all(cb, { query: 'alpha', limit: 100 })).length, 39);
    await flood(ca, { conv }, 100, 'gamma');
    assert.deepEqual(seqs(await cb.ok('search', { query: 'aardvark' })), [3]);
    await ca.ok('delete', { conv, seq: 41, cmid: cmid() });
    await ca.ok('delete', { conv, seq: 3, cmid: cmid() });
    assert.deepEqual(await all(cb, { query: 'pangolin' }), []);
    assert.deepEqual(await all(cb, { query: 'aardvark' }), []);
  });
});

describe('search: rights', () => {
  const w = world(new World({}));

  async function group(more: Json = {}): Promise<{ o: User; m: User; n: User; co: Client; conv: string }> {
    const [o, m, n] = await w.users(3);
    const co = await o.connect();
    return { o, m, n, co, conv: await makeGroup(co, [m], more) };
  }

  test('one removed finds nothing of after, and no text that was edited after', async () => {
    const { m, n, co, conv } = await group();
    await say(co, { conv }, 'koala before');
    await say(co, { conv }, 'koala to be edited');
    await co.ok('group.remove', { conv, users: [m.id], cmid: cmid() });
    await say(co, { conv }, 'koala after');
    await co.ok('edit', { conv, seq: 3, cmid: cmid(), text: 'koala edited later' });
    const cm = await m.connect();
    for (const args of [{ query: 'koala' }, { query: 'koala', conv }])
      assert.deepEqual(texts(await cm.ok('search', args)), ['koala before']);
    assert.deepEqual(await all(cm, { query: 'later' }), []);
    assert.equal((await all(co, { query: 'koala' })).length, 3);
    const cn = await n.connect();
    assert.deepEqual(await all(cn, { query: 'koala' }), [], 'one who was never in');
    await cn.err('search', { query: 'koala', conv }, 'not_member');
    // Deleted by an owner later: gone for the former member, too.
    await co.ok('delete', { conv, seq: 2, cmid: cmid() });
    assert.deepEqual(await all(cm, { query: 'koala' }), []);
    // Back in, everything is to be seen again.
    await co.ok('group.add', { conv, users: [m.id], cmid: cmid() });
    assert.deepEqual(texts(await cm.ok('search', { query: 'koala' })), ['koala after', 'koala edited later']);
  });

  test('one who left', async () => {
    const { m, co, conv } = await group();
    await say(co, { conv }, 'lemur one');
    const cm = await m.connect();
    await cm.ok('group.leave', { conv, cmid: cmid() });
    await say(co, { conv }, 'lemur two');
    assert.deepEqual(texts(await cm.ok('search', { query: 'lemur' })), ['lemur one']);
  });

  test('one added sees everything before, unless history is "joined"', async () => {
    for (const history of ['all', 'joined']) {
      const { n, co, conv } = await group({ history });
      await say(co, { conv }, 'ibis early');
      await co.ok('group.add', { conv, users: [n.id], cmid: cmid() });
      await say(co, { conv }, 'ibis late');
      // The edit can be seen, its target cannot.
      await co.ok('edit', { conv, seq: 2, cmid: cmid(), text: 'ibis early, edited' });
      const cn = await n.connect();
      const expected = history === 'all' ? ['ibis late', 'ibis early, edited'] : ['ibis late'];
      assert.deepEqual(texts(await cn.ok('search', { query: 'ibis' })), expected, history);
      assert.deepEqual(texts(await cn.ok('search', { query: 'ibis', conv })), expected, history);
    }
  });

  test('a block hides nothing that was written', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    await say(ca, { to: b.id }, 'moose');
    await ca.ok('block', { user: b.id });
    assert.equal((await all(ca, { query: 'moose' })).length, 1);
    assert.equal((await all(cb, { query: 'moose' })).length, 1);
  });
});

describe('search: pages', () => {
  const w = world(new World({}));

  test('over many conversations, whatever the limit', async () => {
    const [a, ...others] = await w.users(9);
    const ca = await a!.connect();
    for (const [i, other] of others.entries()) {
      await flood(ca, { to: other.id }, 3 + i * 5, 'needle');
      await flood(ca, { to: other.id }, 20, 'hay');
    }
    const count = others.reduce((n, _, i) => n + 3 + i * 5, 0);
    let expected: string[] | undefined;
    for (const limit of [1, 7, 100]) {
      const found = await all(ca, { query: 'needle', limit });
      assert.equal(found.length, count, `limit ${limit}`);
      const names = found.map((e) => `${e.conv}:${e.seq}`).sort();
      assert.deepEqual(names, expected ?? names);
      expected = names;
      assert.ok(found.every((e) => e.text.startsWith('needle')));
    }
  });

  test('what is written between pages moves nothing out of them', async () => {
    const [a, b, c, d] = await w.users(4);
    const ca = await a.connect();
    for (const other of [b, c, d]) {
      await flood(ca, { to: other.id }, 5, 'needle');
      await wait(20); // so that their times differ
    }
    const first = await ca.ok('search', { query: 'needle', limit: 5 });
    assert.deepEqual([...new Set(first.results.map((e: Json) => e.conv))], [a.direct(d)]);
    // The conversation that would come last is now the newest.
    await say(ca, { to: b.id }, 'news');
    const found = [...first.results];
    for (let cursor = first.cursor; cursor; ) {
      const page: Json = await ca.ok('search', { query: 'needle', limit: 5, cursor });
      found.push(...page.results);
      cursor = page.cursor;
    }
    const names = found.map((e: Json) => `${e.conv}:${e.seq}`);
    assert.deepEqual([names.length, new Set(names).size], [15, 15]);
  });

  test('a cursor serves its question only', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    await flood(ca, { to: b.id }, 10, 'needle');
    const { cursor } = await ca.ok('search', { query: 'needle', limit: 2 });
    assert.equal(typeof cursor, 'string');
    await ca.ok('search', { query: 'needle', limit: 9, cursor });
    await ca.err('search', { query: 'needles', cursor }, 'bad_request', /cursor/);
    await ca.err('search', { query: 'needle', from: a.id, cursor }, 'bad_request', /cursor/);
    await ca.err('search', { query: 'needle', after_ts: 1, cursor }, 'bad_request', /cursor/);
    await ca.err('search', { query: 'needle', conv: a.direct(b), cursor }, 'bad_request', /cursor/);
    await ca.err('search', { query: 'needle', cursor: `${cursor}0` }, 'bad_request', /cursor/);
    // Another user's cursor opens nothing.
    const c = await (await w.user()).connect();
    assert.deepEqual((await c.ok('search', { query: 'needle', cursor })).results, []);
  });
});

describe('search: a budget', () => {
  const w = world(
    new World({ own: true, args: ['-o', 'search.budget=256', '-o', 'limits.sends_per_second=0'] }),
  );

  test('a search that finds little ends early and goes on', {
    skip: unshared('a small budget'),
  }, async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    await say(ca, { to: b.id }, 'platypus at the very beginning');
    for (let i = 0; i < 4; i++) await flood(ca, { to: b.id }, 250, 'a platypu s');
    let pages = 0;
    const found: Json[] = [];
    for (let cursor: string | undefined; ; pages++) {
      const page: Json = await ca.ok('search', {
        query: 'platypu',
        limit: 100,
        ...(cursor ? { cursor } : {}),
      });
      found.push(...page.results);
      cursor = page.cursor;
      if (!cursor) break;
    }
    assert.equal(found.length, 1001);
    assert.ok(pages >= 4, `${pages} pages`);
  });
});

describe('search: after a crash', { skip: unshared('a server that it kills') }, () => {
  test('everything is found, deleted texts are not', async () => {
    const data = tempDir();
    const one = new World({ own: true, data });
    await one.start();
    const [a, b] = await one.users(2);
    const ca = await a.connect();
    await flood(ca, { to: b.id }, 100, 'badger');
    await say(ca, { to: b.id }, 'quokka');
    await ca.ok('delete', { conv: a.direct(b), seq: 7, cmid: cmid() });
    await one.server!.kill();
    one.closeAll();
    const two = new World({ own: true, data });
    await two.start();
    try {
      const call = async (args: Json): Promise<Json> => {
        const answer = await new Rest(two.url, a.token).call('POST', '/v1/op', {
          op: 'search',
          id: 1,
          ...args,
        });
        return answer.json.ok;
      };
      assert.deepEqual(seqs(await call({ query: 'quokka' })), [101]);
      const page = await call({ query: 'badger', limit: 100 });
      assert.equal(page.results.length, 99);
      assert.ok(!seqs(page).includes(7));
    } finally {
      await two.stop();
    }
    // The index was brought up to what it is to have, and hides nothing; and it can be made anew.
    const verify = async (): Promise<string> => {
      const run = await parley(['store', 'verify', '--data', data]);
      assert.equal(run.code, 0, run.out);
      return run.out;
    };
    assert.match(await verify(), / 3 index rows$/m);
    const anew = await parley(['store', 'index', '--data', data]);
    assert.deepEqual([anew.code, anew.out.trim()], [0, 'index: 3 rows for 1 conversations']);
    assert.match(await verify(), / 3 index rows$/m);
  });
});

describe('search: switched off', () => {
  const w = world(new World({ own: true, args: ['-o', 'search.enabled=false'] }));

  test('is forbidden', { skip: unshared('another configuration') }, async () => {
    const c = await (await w.user()).connect();
    await c.err('search', { query: 'x' }, 'forbidden');
  });
});
