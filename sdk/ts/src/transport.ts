// How frames travel: over a WebSocket, or where that is blocked, by long polling. Both look the same from above.
import type { Env, SocketLike } from './env.ts';
import { defaultLimits, type Profile, type ServerFrame, type SyncAnswer } from './types.ts';
import { versionFor } from './version.ts';

export interface TransportHandlers {
  open(): void;
  frame(frame: ServerFrame): void;
  /** Called once, last. Codes are those of WebSocket; 1006 stands for a network failure. */
  close(code: number, reason: string): void;
}

export interface RequestFrame {
  op: string;
  id: number;
  [member: string]: unknown;
}

export interface Transport {
  readonly kind: 'socket' | 'poll';
  send(frame: RequestFrame): void;
  close(): void;
}

export class SocketTransport implements Transport {
  readonly kind = 'socket';
  private readonly socket: SocketLike;
  private done = false;

  constructor(env: Env, url: string, handlers: TransportHandlers) {
    if (!env.socket) throw new Error('no WebSocket here: pass a socket constructor in env');
    this.socket = new env.socket(url, 'parley.v1');
    this.socket.onopen = () => {
      if (!this.done) handlers.open();
    };
    this.socket.onmessage = (event) => {
      if (this.done || typeof event.data !== 'string') return;
      let frame: unknown;
      try {
        frame = JSON.parse(event.data);
      } catch {
        return;
      }
      if (frame && typeof frame === 'object') handlers.frame(frame as ServerFrame);
    };
    this.socket.onerror = () => {};
    this.socket.onclose = (event) => {
      if (this.done) return;
      this.done = true;
      handlers.close(event.code, event.reason);
    };
  }

  send(frame: RequestFrame): void {
    try {
      this.socket.send(JSON.stringify(frame));
    } catch {
      // A socket that is closing says so through onclose; the request is then answered as disconnected.
    }
  }

  close(): void {
    this.done = true;
    try {
      this.socket.close(1000);
    } catch {
      // Some sockets refuse to be closed before they are open; they are forgotten all the same.
    }
  }
}

interface PollAnswer {
  cursor?: string;
  events?: ServerFrame[];
  oldest_clients?: string[];
}

/** How often one poll or one request is tried again before the whole transport counts as lost. */
const POLL_TRIES = 3;

export class PollTransport implements Transport {
  readonly kind = 'poll';
  private readonly env: Env;
  private readonly base: string;
  private readonly token: string;
  private readonly handlers: TransportHandlers;
  private done = false;
  private cursor = '';
  private oldest: string[] = [];
  private polling: { abort(): void } | undefined;

  constructor(env: Env, base: string, token: string, handlers: TransportHandlers) {
    this.env = env;
    this.base = base;
    this.token = token;
    this.handlers = handlers;
    this.open();
  }

  send(frame: RequestFrame): void {
    if (frame.op === 'hello') this.hello(frame);
    else this.operation(frame);
  }

  close(): void {
    this.done = true;
    this.polling?.abort();
  }

  private finish(code: number, reason: string): void {
    if (this.done) return;
    this.close();
    this.handlers.close(code, reason);
  }

  private async call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> {
    const abort = this.env.abort();
    if (method === 'GET') this.polling = abort;
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, signal: abort.signal };
    const answer = await this.env.fetch(
      this.base + path,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    const text = await answer.text();
    let json: unknown;
    try {
      json = text ? JSON.parse(text) : {};
    } catch {
      json = {};
    }
    return { status: answer.status, json };
  }

  /** True when the status ended this transport. */
  private ended(status: number): boolean {
    if (status === 401) this.finish(4401, 'not signed in');
    else if (status === 410) this.finish(4410, 'gone');
    else return false;
    return true;
  }

  private async open(): Promise<void> {
    try {
      const { status, json } = await this.call('GET', '/v1/poll');
      if (this.done || this.ended(status)) return;
      if (status !== 200) return this.finish(status === 403 ? 4403 : 1006, `status ${status}`);
      const { cursor, oldest_clients } = json as PollAnswer;
      this.cursor = cursor ?? '';
      this.oldest = oldest_clients ?? [];
      this.handlers.open();
      await this.loop();
    } catch {
      this.finish(1006, 'no answer');
    }
  }

  private async loop(): Promise<void> {
    let failures = 0;
    while (!this.done) {
      try {
        const { status, json } = await this.call('GET', `/v1/poll?cursor=${encodeURIComponent(this.cursor)}`);
        if (this.done || this.ended(status)) return;
        if (status === 200) {
          const answer = json as PollAnswer;
          for (const event of answer.events ?? []) this.handlers.frame(event);
          this.cursor = answer.cursor ?? this.cursor;
        }
        if (status === 200 || status === 204) {
          failures = 0;
          continue;
        }
      } catch {
        // The same cursor may be asked again: a lost answer costs nothing.
      }
      if (this.done) return;
      failures++;
      if (failures >= POLL_TRIES) return this.finish(1006, 'no answer');
      await new Promise<void>((go) => this.env.setTimeout(go, 500 * failures));
    }
  }

  private async operation(frame: RequestFrame): Promise<void> {
    try {
      const { status, json } = await this.call('POST', '/v1/op', frame);
      if (this.done || this.ended(status)) return;
      const answer = json as ServerFrame;
      if (answer.re === undefined) return this.finish(1006, `status ${status}`);
      this.handlers.frame(answer);
    } catch {
      this.finish(1006, 'no answer');
    }
  }

  /** There is no hello by long polling: the same answer is put together from the profile and a sync. */
  private async hello(frame: RequestFrame): Promise<void> {
    try {
      const me = await this.call('GET', '/v1/me');
      if (this.done || this.ended(me.status)) return;
      const body = me.json as Profile & { user?: Profile };
      let synced: Partial<SyncAnswer> = {};
      if (frame['sync']) {
        const request = { op: 'sync', id: frame.id, ...(frame['sync'] as object) };
        const { json } = await this.call('POST', '/v1/op', request);
        const answer = json as ServerFrame;
        if (answer.error) return this.handlers.frame({ re: frame.id, error: answer.error });
        synced = (answer.ok ?? {}) as Partial<SyncAnswer>;
      }
      this.handlers.frame({
        re: frame.id,
        ok: {
          user: body.user ?? body,
          device: '',
          store: '',
          server_time: this.env.now(),
          limits: defaultLimits,
          heartbeat_ms: 25000,
          oldest_client: versionFor(String(frame['client'] ?? ''), this.oldest),
          ...synced,
        },
      });
    } catch {
      this.finish(1006, 'no answer');
    }
  }
}
