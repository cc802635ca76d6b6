// A long-poll client: keeps the cursor, hands out events one by one.
import assert from 'node:assert/strict';
import type { Answer, Json, Rest } from './http.js';
import { PATIENCE } from './server.js';

export class Poller {
  private events: Json[] = [];
  private constructor(
    private readonly rest: Rest,
    public cursor: string,
  ) {}

  /** Opens a session (which ends the device's former one). */
  static async open(rest: Rest): Promise<Poller> {
    const body = await rest.ok('GET', '/v1/poll');
    assert.equal(typeof body.cursor, 'string');
    assert.deepEqual(body.events, []);
    return new Poller(rest, body.cursor);
  }

  /** One poll as it is, without moving the cursor. */
  ask(cursor = this.cursor, waitMs = 1000, signal?: AbortSignal): Promise<Answer> {
    const path = `/v1/poll?cursor=${encodeURIComponent(cursor)}&wait_ms=${waitMs}`;
    return this.rest.call('GET', path, undefined, { timeout: waitMs + PATIENCE, signal });
  }

  /** One poll that moves on; the events that came (none after 204). */
  async step(waitMs = 1000): Promise<Json[]> {
    const answer = await this.ask(this.cursor, waitMs);
    if (answer.status === 204) return [];
    assert.equal(answer.status, 200, answer.text);
    this.cursor = answer.json.cursor;
    this.events.push(...answer.json.events);
    return answer.json.events;
  }

  /** Polls until an event of this kind for which `pred` holds has come. */
  async event(kind: string, pred: (event: Json) => boolean = () => true, timeout = PATIENCE): Promise<Json> {
    const end = Date.now() + timeout;
    for (;;) {
      const index = this.events.findIndex((e) => e.ev === kind && pred(e));
      if (index >= 0) return this.events.splice(index, 1)[0];
      const left = end - Date.now();
      if (left <= 0) assert.fail(`no ${kind} by polling; got ${JSON.stringify(this.events)}`);
      await this.step(Math.min(left, 5000));
    }
  }
  unseen(kind: string, pred: (event: Json) => boolean = () => true): Json[] {
    return this.events.filter((e) => e.ev === kind && pred(e));
  }
}
