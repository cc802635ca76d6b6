// A client of the Parley protocol on one WebSocket: requests matched to answers, events kept in order.
import assert from 'node:assert/strict';
import { checkError, type Json } from './http.js';
import { PATIENCE } from './server.js';
import { type Closed, WebSocketRaw, type WsOptions } from './ws.js';

/** Anything received, in the order of arrival; `at` counts over answers and events alike. */
export interface Received {
  at: number;
  frame: Json;
}

interface Waiter {
  kind: string;
  pred: (event: Json) => boolean;
  done: (event: Json) => void;
}

export class Client {
  readonly all: Received[] = [];
  /** Called for each event, before anybody waits for it. */
  onEvent: (event: Json) => void = () => undefined;
  private events: Json[] = [];
  private waiters: Waiter[] = [];
  private pending = new Map<number, (frame: Json) => void>();
  private unmatched: Json[] = [];
  private next = 1;
  /** The `ok` of hello, once said. */
  session: Json;

  constructor(readonly ws: WebSocketRaw) {
    ws.onText = (text) => this.take(text);
  }

  static async open(url: string, opts: WsOptions = {}): Promise<Client> {
    return new Client(await WebSocketRaw.open(url, opts));
  }

  private take(text: string): void {
    let frame: Json;
    try {
      frame = JSON.parse(text);
    } catch {
      this.ws.fault ??= `not JSON: ${text.slice(0, 100)}`;
      return;
    }
    this.all.push({ at: this.all.length, frame });
    if (typeof frame.ev === 'string') {
      this.onEvent(frame);
      const index = this.waiters.findIndex((w) => matches(w.kind, w.pred, frame));
      if (index >= 0) this.waiters.splice(index, 1)[0]!.done(frame);
      else this.events.push(frame);
    } else if (frame.re === null) {
      this.unmatched.push(frame);
    } else if (this.pending.has(frame.re)) {
      const done = this.pending.get(frame.re)!;
      this.pending.delete(frame.re);
      done(frame);
    } else {
      this.ws.fault ??= `an answer nobody asked for: ${text.slice(0, 100)}`;
    }
  }

  /** Sends a request and returns the whole answer frame. */
  request(op: string, args: Json = {}, timeout = PATIENCE): Promise<Json> {
    const id = this.next++;
    return this.rawRequest(id, JSON.stringify({ op, id, ...args }), timeout);
  }

  /** Sends `text` as it is and waits for the answer to `id`. */
  rawRequest(id: number, text: string, timeout = PATIENCE): Promise<Json> {
    if (id >= this.next) this.next = id + 1;
    if (Math.abs(id) > 2 ** 52) this.next = 1_000_000;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        fail(new Error(`no answer to ${text.slice(0, 200)}${this.why()}`));
      }, timeout);
      const settle = (frame: Json): void => {
        clearTimeout(timer);
        done(frame);
      };
      this.pending.set(id, settle);
      this.ws.text(text);
      void this.ws.closed.then((closed) => {
        if (!this.pending.has(id) || this.pending.get(id) !== settle) return;
        clearTimeout(timer);
        this.pending.delete(id);
        const why = this.ws.fault ? `: ${this.ws.fault}` : '';
        fail(new Error(`closed with ${closed.code}${why}, no answer to ${text.slice(0, 200)}`));
      });
    });
  }

  private why(): string {
    return this.ws.fault ? ` (${this.ws.fault})` : '';
  }

  /** The request must succeed; returns the content of `ok`. */
  async ok(op: string, args: Json = {}, timeout = PATIENCE): Promise<Json> {
    const frame = await this.request(op, args, timeout);
    assert.ok(frame.ok, `${op} should succeed: ${JSON.stringify(frame).slice(0, 300)}`);
    assert.equal(frame.error, undefined);
    return frame.ok;
  }

  /** The request must be refused with `code`. */
  async err(op: string, args: Json, code: string | string[], message?: RegExp): Promise<Json> {
    const frame = await this.request(op, args);
    assert.equal(frame.ok, undefined, `${op} should fail: ${JSON.stringify(frame).slice(0, 300)}`);
    checkError(frame.error, code, message);
    return frame.error;
  }

  /** The next answer with `re: null`. */
  async answerNull(): Promise<Json> {
    await this.ws.until(() => this.unmatched.length > 0, 'answer with re null');
    return this.unmatched.shift();
  }

  /** The first unseen event of this kind for which `pred` holds, now or soon. */
  event(kind: string, pred: (event: Json) => boolean = () => true, timeout = PATIENCE): Promise<Json> {
    const index = this.events.findIndex((event) => matches(kind, pred, event));
    if (index >= 0) return Promise.resolve(this.events.splice(index, 1)[0]);
    return new Promise((done, fail) => {
      const stack = new Error();
      const waiter: Waiter = {
        kind,
        pred,
        done: (event) => {
          clearTimeout(timer);
          done(event);
        },
      };
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((w) => w !== waiter);
        stack.message = `no ${kind} event in time${this.why()}; unseen: ${JSON.stringify(this.events).slice(
          0,
          600,
        )}`;
        fail(stack);
      }, timeout);
      this.waiters.push(waiter);
    });
  }

  /** Events that came and were not taken by event(). */
  unseen(kind?: string, pred: (event: Json) => boolean = () => true): Json[] {
    return this.events.filter((event) => matches(kind, pred, event));
  }
  forget(): void {
    this.events = [];
  }

  /** Every event so far of this kind, seen or not, in order. */
  history(kind: string, pred: (event: Json) => boolean = () => true): Json[] {
    return this.all.map((r) => r.frame).filter((frame) => matches(kind, pred, frame));
  }

  async hello(token: string, more: Json = {}): Promise<Json> {
    this.session = await this.ok('hello', { token, client: 'test/1.0', ...more });
    return this.session;
  }

  expectClose(code: number | number[], timeout = PATIENCE): Promise<Closed> {
    return this.ws.expectClose(code, timeout);
  }

  /** Closes politely and waits for the end. */
  async close(): Promise<void> {
    this.ws.close();
    await this.ws.expectClose([1000, 1005, 1006]);
  }
}

function matches(kind: string | undefined, pred: (event: Json) => boolean, frame: Json): boolean {
  return typeof frame.ev === 'string' && (kind === undefined || frame.ev === kind) && pred(frame);
}
