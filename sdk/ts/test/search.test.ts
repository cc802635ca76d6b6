// Search on the device: folding by the protocol's vectors, places of words, and what the cache holds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Conversation } from '../src/conversation.ts';
import { fold, Query } from '../src/fold.ts';
import { Search, type SearchFor } from '../src/search.ts';
import { MemoryStore } from '../src/store.ts';
import type { Entry } from '../src/types.ts';

declare const REPOSITORY: string;

const vectors = JSON.parse(readFileSync(`${REPOSITORY}/protocol/vectors/search.json`, 'utf8')) as {
  fold: [string, string][];
  match: [string, string, boolean][];
};

describe('folding', () => {
  for (const [text, folded] of vectors.fold)
    test(`${JSON.stringify(text)} folds as the server folds it`, () => assert.equal(fold(text), folded));
  for (const [query, text, held] of vectors.match)
    test(`${query} in ${text}: ${held}`, () => assert.equal(new Query(query).matches(text), held));

  test('where the words stand', () => {
    const marked = (query: string, text: string): string[] =>
      new Query(query).ranges(text).map(([a, b]) => text.slice(a, b));
    assert.deepEqual(marked('brul', 'Crème BRÛLÉE'), ['BRÛL']);
    assert.deepEqual(marked('strasse', 'eine Straße!'), ['Straße']);
    assert.deepEqual(marked('cre', 'Cre\u0300me cre'), ['Cre\u0300', 'cre']);
    assert.deepEqual(
      marked('aba ab', 'ababa'),
      ['ababa'].map((s) => s.slice(0, 4)),
    );
    assert.deepEqual(marked('京', '東京と京都'), ['京', '京']);
    assert.deepEqual(marked('x', 'none'), []);
    assert.deepEqual(marked('👍', 'a👍🏽b'), ['👍🏽']);
    assert.deepEqual(marked('full', 'ＦＵＬＬ'), ['ＦＵＬＬ']);
  });
});

describe('what the device holds', () => {
  const ids = ['d.1.2', 'd.1.3'];
  async function world(): Promise<{ search: Search; asked: unknown[] }> {
    const store = new MemoryStore();
    const conversations = new Map<string, Conversation>();
    for (const [i, id] of ids.entries()) {
      const entries: Entry[] = [];
      const add = (more: Partial<Entry>): number => {
        const seq = entries.length + 1;
        entries.push({ conv: id, seq, ts: 1000 * (i + 1) + seq, from: '1', kind: 'text', ...more } as Entry);
        return seq;
      };
      for (let n = 1; n <= 300; n++) add({ text: `Nº ${n} señor`, from: n % 2 ? '1' : '2' });
      add({ kind: 'edited', target: 10, text: 'now a Ñandú' });
      add({ kind: 'deleted', target: 11 });
      add({ kind: 'edited', target: 10, text: 'now an ostrich' });
      add({ text: 'the newest señora' });
      await store.commit({ entries });
      const conv = new Conversation(id, 'direct', '1');
      // Only the newest are in memory.
      conv.take(entries.slice(-20), true);
      conversations.set(id, conv);
    }
    const asked: unknown[] = [];
    const search = new Search(
      {
        conversations,
        request: async () => {
          throw new Error('no connection');
        },
        reliable: async (op, body) => {
          asked.push([op, body]);
          return { results: [], cursor: 'c' };
        },
      },
      store,
    );
    return { search, asked };
  }
  async function find(search: Search, what: SearchFor): Promise<string[]> {
    const found: string[] = [];
    for await (const e of search.local(what)) found.push(`${e.conv}:${e.seq}`);
    return found;
  }

  test('memory and store, newest first, in the newest state', async () => {
    const { search } = await world();
    const all = await find(search, { query: 'senor' });
    assert.equal(all.length, 2 * (300 - 2 + 1));
    assert.equal(all[0], 'd.1.3:304');
    assert.deepEqual(await find(search, { query: 'nandu' }), []);
    assert.deepEqual(await find(search, { query: 'OSTRICH' }), ['d.1.3:10', 'd.1.2:10']);
    assert.deepEqual(await find(search, { query: '11 senor', conv: 'd.1.2', before_ts: 1100 }), []);
  });

  test('filters', async () => {
    const { search } = await world();
    assert.deepEqual(await find(search, { query: 'senora', conv: 'd.1.2' }), ['d.1.2:304']);
    assert.deepEqual(await find(search, { query: 'senor', from: '2', conv: 'd.1.2', before_ts: 1006 }), [
      'd.1.2:4',
      'd.1.2:2',
    ]);
    assert.deepEqual(await find(search, { query: 'senor', after_ts: 2303 }), ['d.1.3:304']);
  });

  test('the first message of a day, without a connection', async () => {
    const { search } = await world();
    assert.equal(await search.firstAt('d.1.2', 0), 1);
    assert.equal(await search.firstAt('d.1.2', 1150), 150);
    assert.equal(await search.firstAt('d.1.2', 1304), 304);
    assert.equal(await search.firstAt('d.1.2', 1305), undefined);
    assert.equal(await search.firstAt('d.9.9', 0), undefined);
  });

  test('nothing to search for finds nothing', async () => {
    const { search } = await world();
    assert.deepEqual(await find(search, { query: ' \u0301 ' }), []);
  });

  test('the server is asked as the protocol has it', async () => {
    const { search, asked } = await world();
    const page = await search.server({ query: 'x', conv: 'd.1.2' }, 5);
    await search.server({ query: 'x', conv: 'd.1.2' }, 5, page.cursor);
    assert.deepEqual(asked, [
      ['search', { query: 'x', conv: 'd.1.2', limit: 5 }],
      ['search', { query: 'x', conv: 'd.1.2', limit: 5, cursor: 'c' }],
    ]);
  });
});
