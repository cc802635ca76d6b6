// The frames of protocol/vectors/frames.json against a live server: closes, errors by code and member, good ones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkError } from '../lib/http.js';
import { ROOT } from '../lib/server.js';
import { World, world } from '../lib/world.js';

type Piece = string | [string, number];
interface Vector {
  name: string;
  frame: string | Piece[];
  expect: { close?: number; error?: string; re?: number | null; member?: string; op?: string; id?: number };
}

function textOf(frame: Vector['frame']): string {
  if (typeof frame === 'string') return frame;
  return frame.map((piece) => (typeof piece === 'string' ? piece : piece[0].repeat(piece[1]))).join('');
}

const vectors = JSON.parse(
  readFileSync(join(ROOT, 'protocol', 'vectors', 'frames.json'), 'utf8'),
) as Vector[];

describe('frame vectors', () => {
  const w = world(new World({}));

  test('frames that close', async () => {
    const user = await w.user();
    for (const { name, frame, expect } of vectors) {
      if (!expect.close) continue;
      const c = await user.connect();
      c.ws.text(textOf(frame));
      await c.expectClose(expect.close).catch((err) => assert.fail(`${name}: ${err.message}`));
    }
  });

  test('frames that are refused', async () => {
    const c = await (await w.user()).connect();
    for (const { name, frame, expect } of vectors) {
      // On a connection that is signed in every hello is refused, so its members may not be named.
      if (!expect.error || name.startsWith('hello')) continue;
      const text = textOf(frame);
      let answer: Awaited<ReturnType<typeof c.answerNull>>;
      if (expect.re === null) {
        c.ws.text(text);
        answer = await c.answerNull();
      } else {
        answer = await c.rawRequest(expect.re ?? 0, text);
      }
      assert.ok(answer.error, `${name}: ${JSON.stringify(answer).slice(0, 200)}`);
      checkError(answer.error, expect.error);
      assert.ok(answer.error.message.includes(expect.member), `${name}: ${answer.error.message}`);
    }
    await c.ok('ping');
  });

  test('frames that are well formed', async () => {
    const c = await (await w.user()).connect();
    for (const { name, frame, expect } of vectors) {
      // What is wrong with these only the state can tell.
      if (!expect.op || name.startsWith('hello') || name.startsWith('sync with all')) continue;
      const { error } = await c.rawRequest(expect.id ?? 0, textOf(frame));
      const wrong = ['bad_request', 'unknown_op', 'too_large', 'internal'].includes(error?.code);
      if (name.startsWith('to nobody')) assert.ok(['not_found', 'bad_request'].includes(error?.code), name);
      else assert.ok(!wrong, `${name}: ${JSON.stringify(error)}`);
    }
    await c.ok('ping');
  });
});
