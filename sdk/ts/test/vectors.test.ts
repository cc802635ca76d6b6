// Runs protocol/vectors/client.json: sequences of frames and the state that every client must reach.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Conversation } from '../src/conversation.ts';
import { messageState } from '../src/tick.ts';
import type { ConvRow, Entry, MessageState } from '../src/types.ts';

declare const REPOSITORY: string;

type Step = {
  event?: Record<string, unknown> & { ev: string };
  history?: Entry[];
  row?: ConvRow;
  send?: { cmid: string; text: string };
  accepted?: { cmid: string; seq: number; ts: number };
  refused?: { cmid: string; retry: boolean };
  expect?: Record<string, unknown>;
};
type Case = { name: string; self: string; start: { row: ConvRow; entries: Entry[] }; steps: Step[] };

/** The outbox of a case, as far as states need it. */
class Sends {
  readonly state = new Map<string, MessageState>();
  private readonly text = new Map<string, string>();

  send(cmid: string, text: string): void {
    this.state.set(cmid, messageState({ others: { delivered: 0, read: 0 }, otherCount: 1 }));
    this.text.set(cmid, text);
  }

  entry(conv: string, from: string, a: { cmid: string; seq: number; ts: number }): Entry {
    return {
      conv,
      seq: a.seq,
      ts: a.ts,
      from,
      kind: 'text',
      text: this.text.get(a.cmid) ?? '',
      cmid: a.cmid,
    };
  }
}

function look(c: Conversation, sends: Sends, want: Record<string, unknown>): Record<string, unknown> {
  const texts = c.entries.filter((e) => e.kind === 'text').map((e) => c.view(e));
  const reactions: Record<string, Record<string, string[]>> = {};
  for (const e of texts) {
    const list = c.reactionsOf(e.seq);
    if (list.length > 0)
      reactions[e.seq] = Object.fromEntries(list.map((r) => [r.emoji, [...r.users].sort()]));
  }
  const tick = (seq: number) => messageState({ seq, others: c.others, otherCount: c.otherCount });
  const all: Record<string, unknown> = {
    held: c.hi,
    asks: c.lastSeq > c.hi ? c.hi : null,
    shown: texts.map((e) => [e.seq, e.deleted_seq ? null : e.text]),
    reactions,
    ticks: Object.fromEntries(Object.keys((want['ticks'] ?? {}) as object).map((s) => [s, tick(Number(s))])),
    states: Object.fromEntries(
      Object.keys((want['states'] ?? {}) as object).map((k) => [k, sends.state.get(k)]),
    ),
    unread: c.unread,
    delivered: c.delivered,
    read: c.read,
    name: c.name,
    member: c.member,
    member_count: c.memberCount,
    archived: c.archived,
    pinned: c.pinned,
    muted_until: c.mutedUntil,
    draft: c.draft,
  };
  return Object.fromEntries(Object.keys(want).map((k) => [k, all[k]]));
}

function onEvent(
  c: Conversation,
  sends: Sends,
  me: string,
  frame: Record<string, unknown> & { ev: string },
): void {
  if (frame.ev === 'entry') {
    const { ev: _, ...entry } = frame;
    const e = entry as unknown as Entry;
    if (e.from === me && e.cmid && sends.state.has(e.cmid)) sends.state.set(e.cmid, 'sent');
    c.offer(e);
  } else if (frame.ev === 'mark') {
    const least = frame['others'] as { delivered: number; read: number } | undefined;
    const marks = least ?? { delivered: Number(frame['delivered']), read: Number(frame['read']) };
    c.applyMark(least ? undefined : String(frame['user']), marks);
  } else if (frame.ev === 'conv') c.applyFields(frame, false);
}

const cases = JSON.parse(readFileSync(`${REPOSITORY}/protocol/vectors/client.json`, 'utf8')) as Case[];
for (const { name, self, start, steps } of cases) {
  test(`vector: ${name}`, () => {
    const c = new Conversation(start.row.conv, start.row.kind, self);
    const sends = new Sends();
    if (start.entries.length > 0) c.restart(start.entries);
    else c.startBehind(0);
    c.applyRow(start.row, false);
    for (const step of steps) {
      if (step.event) onEvent(c, sends, self, step.event);
      if (step.history) c.take(step.history, false);
      if (step.row) c.applyRow(step.row, false);
      if (step.send) sends.send(step.send.cmid, step.send.text);
      if (step.accepted) {
        sends.state.set(step.accepted.cmid, 'sent');
        c.offer(sends.entry(c.id, self, step.accepted));
      }
      if (step.refused && !step.refused.retry) sends.state.set(step.refused.cmid, 'failed');
      if (step.expect) assert.deepEqual(look(c, sends, step.expect), step.expect);
    }
  });
}
