// Remembers what clients were told while a server lives and dies, and checks it against the log after.
import assert from 'node:assert/strict';
import type { Client } from './client.js';
import type { Json } from './http.js';

interface Told {
  text: string;
  seq: number;
  ts: number;
}

/** The acknowledged sends and the events seen of any number of conversations. */
export class Checker {
  /** conv → cmid → what the answer said. */
  readonly acked = new Map<string, Map<string, Told>>();
  /** conv → seq → the event's text. */
  readonly seen = new Map<string, Map<number, string>>();
  /** conv → cmid → text of everything ever tried. */
  readonly tried = new Map<string, Map<string, string>>();

  try(conv: string, cmid: string, text: string): void {
    at(this.tried, conv).set(cmid, text);
  }

  ack(conv: string, cmid: string, text: string, ok: Json): void {
    const known = at(this.acked, conv).get(cmid);
    if (known) {
      assert.equal(ok.seq, known.seq, `cmid ${cmid} was answered with two numbers`);
      assert.equal(ok.ts, known.ts, `cmid ${cmid} was answered with two times`);
    }
    at(this.acked, conv).set(cmid, { text, seq: ok.seq, ts: ok.ts });
  }

  event(e: Json): void {
    const known = at(this.seen, e.conv).get(e.seq);
    if (known !== undefined) assert.equal(e.text, known, `${e.conv} ${e.seq} was told twice, differently`);
    at(this.seen, e.conv).set(e.seq, e.text);
  }

  get count(): number {
    let n = 0;
    for (const of of this.acked.values()) n += of.size;
    return n;
  }

  /** Reads the whole log of `conv` as the user of `own`, who wrote everything in it. */
  async checkLog(own: Client, conv: string): Promise<number> {
    const log: Json[] = [];
    for (let more = true; more; ) {
      const page = await own.ok('history', { conv, after_seq: log.length, limit: 200 });
      log.push(...page.entries);
      more = page.more;
    }
    const byCmid = new Map<string, Json>();
    let ts = 0;
    for (const [i, e] of log.entries()) {
      assert.equal(e.seq, i + 1, `${conv}: no holes`);
      assert.ok(e.ts > ts, `${conv}: ts rises at ${e.seq}`);
      ts = e.ts;
      assert.ok(!byCmid.has(e.cmid), `${conv}: ${e.cmid} is there twice`);
      byCmid.set(e.cmid, e);
      assert.equal(this.tried.get(conv)?.get(e.cmid), e.text, `${conv}: an entry nobody sent`);
    }
    for (const [cmid, told] of this.acked.get(conv) ?? []) {
      const e = byCmid.get(cmid);
      assert.ok(e, `${conv}: acked as ${told.seq}, not there`);
      assert.deepEqual([e.seq, e.ts, e.text], [told.seq, told.ts, told.text]);
    }
    for (const [seq, text] of this.seen.get(conv) ?? []) {
      assert.equal(log[seq - 1]?.text, text, `${conv}: the event ${seq} was seen`);
    }
    return log.length;
  }
}

function at<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  const inner = map.get(key) ?? new Map<K, V>();
  map.set(key, inner);
  return inner;
}
