// The pure parts: ticks, ids, waiting times, unread counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../src/conversation.ts';
import { Backoff, compareIds, directConv, type Entry, isOlder, messageState, peerOf } from '../src/index.ts';
import { versionFor } from '../src/version.ts';

test('the five states', () => {
  const others = { delivered: 5, read: 3 };
  assert.equal(messageState({ failed: true, others, otherCount: 1 }), 'failed');
  assert.equal(messageState({ others, otherCount: 1 }), 'sending');
  assert.equal(messageState({ seq: 6, others, otherCount: 1 }), 'sent');
  assert.equal(messageState({ seq: 5, others, otherCount: 1 }), 'delivered');
  assert.equal(messageState({ seq: 3, others, otherCount: 1 }), 'read');
  assert.equal(messageState({ seq: 1, others, otherCount: 0 }), 'sent');
});

test('direct conversations are named by numbers, not by strings', () => {
  assert.equal(directConv('9', '10'), 'd.9.10');
  assert.equal(
    directConv('9223372036854775807', '9223372036854775806'),
    'd.9223372036854775806.9223372036854775807',
  );
  assert.ok(compareIds('2', '10') < 0);
  assert.equal(peerOf('d.9.10', '10'), '9');
  assert.equal(peerOf('g.1', '10'), undefined);
});

test('waits grow to half a minute and vary by half', () => {
  const b = new Backoff(() => 0.5);
  const waits = Array.from({ length: 8 }, () => b.next());
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15000, 30000, 30000]);
  b.reset();
  assert.equal(new Backoff(() => 0).next(), 250);
});

const entry = (seq: number, more: Partial<Entry> = {}): Entry => ({
  conv: 'g.1',
  seq,
  ts: seq,
  from: 'b',
  kind: 'text',
  text: `${seq}`,
  ...more,
});

test('unread counts texts of others above the mark that are not deleted', () => {
  const c = new Conversation('g.1', 'group', 'a');
  c.offer(entry(1));
  c.offer(entry(2, { from: 'a' }));
  c.offer(entry(3));
  c.offer(entry(4, { kind: 'renamed' }));
  c.offer(entry(5));
  assert.equal(c.unread, 3);
  c.offer(entry(6, { kind: 'deleted', target: 5, text: '' }));
  assert.equal(c.unread, 2);
  c.applyMark('a', { delivered: 3, read: 1 });
  assert.equal(c.unread, 1);
  c.applyMark('a', { delivered: 6, read: 6 });
  assert.equal(c.unread, 0);
});

test('what lies behind a hole waits until the hole is filled', () => {
  const c = new Conversation('g.1', 'group', 'a');
  assert.equal(c.offer(entry(10)), 'appended');
  assert.equal(c.offer(entry(10)), 'dropped');
  assert.equal(c.offer(entry(13)), 'gap');
  assert.equal(c.offer(entry(12)), 'gap');
  assert.equal(c.hi, 10);
  assert.equal(c.offer(entry(11)), 'appended');
  assert.equal(c.hi, 13);
  assert.equal(c.prepend([entry(7), entry(8)]), 0);
  assert.equal(c.prepend([entry(8), entry(9)]), 2);
  assert.equal(c.memoryLo, 8);
});

test('the newest reaction of a person wins, in whatever order pages arrive', () => {
  const c = new Conversation('g.1', 'group', 'a');
  c.offer(entry(5, { kind: 'reaction', target: 1, text: '👍', on: false }));
  c.prepend([entry(1), entry(2, { kind: 'reaction', target: 1, text: '👍', on: true }), entry(3), entry(4)]);
  assert.deepEqual(c.reactionsOf(1), []);
});

test('versions are compared number by number', () => {
  for (const [a, b, older] of [
    ['web/1.0', 'web/1.0', false],
    ['web/1.0', 'web/1.0.1', true],
    ['web/1.2', 'web/1.2.0', false],
    ['web/1.9', 'web/1.10', true],
    ['web/2', 'web/1.10', false],
    ['web/1.2-beta', 'web/1.3', true],
    ['web', 'web/0.1', true],
    ['web/1.0', '', false],
  ] as const) {
    assert.equal(isOlder(a, b), older, `${a} < ${b}`);
  }
});

test('of a list of versions it is the one of the own name', () => {
  const list = ['tui/0.4', 'web/1.2'];
  assert.equal(versionFor('web/1.0', list), 'web/1.2');
  assert.equal(versionFor('webx/1.0', list), '');
  assert.equal(versionFor('web/1.0', []), '');
});
