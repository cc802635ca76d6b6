// A WebSocket client (RFC 6455) on a raw socket: well-behaved by default, and able to send any bytes.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { ConnectionRecord, History } from './record.js';
import { PATIENCE } from './server.js';

export const OP = { cont: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const DEFLATE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const MAX_SERVER_FRAME = 1024 * 1024;

export interface Frame {
  fin?: boolean;
  rsv?: number;
  opcode: number;
  payload?: Buffer | string;
  /** False sends an unmasked frame, which a server must refuse. */
  mask?: boolean;
  /** Overrides the length field, for headers that lie. */
  length?: bigint;
}

export function encodeFrame(frame: Frame): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const length = frame.length ?? BigInt(payload.length);
  const masked = frame.mask ?? true;
  const head: number[] = [(frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode];
  const bit = masked ? 0x80 : 0;
  if (length < 126n) head.push(bit | Number(length));
  else if (length < 65536n) head.push(bit | 126, Number(length >> 8n), Number(length & 255n));
  else {
    head.push(bit | 127);
    for (let i = 7n; i >= 0n; i--) head.push(Number((length >> (8n * i)) & 255n));
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const key = randomBytes(4);
  const body = Buffer.from(payload);
  for (let i = 0; i < body.length; i++) body[i]! ^= key[i & 3]!;
  return Buffer.concat([Buffer.from(head), key, body]);
}

/** A payload as permessage-deflate wants it. */
export function compress(payload: Buffer | string): Buffer {
  const out = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return out.subarray(0, out.length - 4);
}

export interface WsOptions {
  path?: string;
  headers?: Record<string, string>;
  protocols?: string;
  /** Answer pings (default true). */
  pong?: boolean;
  /** Offer permessage-deflate without context takeover. */
  deflate?: boolean;
  /** The longest frame that may come, in bytes; unless told, the longest that Parley may send. */
  maxFrame?: number;
}

export interface Closed {
  /** The code of the close frame; 1005 if it had none, 1006 if the connection just ended. */
  code: number;
  reason: string;
}

export class HandshakeError extends Error {
  constructor(
    readonly status: number,
    readonly head: string,
  ) {
    super(`handshake answered ${status}`);
  }
}

/** One WebSocket connection. Callbacks are set by the owner before data can come. */
export class WebSocketRaw {
  onText: (text: string) => void = () => undefined;
  onEnd: (closed: Closed) => void = () => undefined;
  readonly pings: Buffer[] = [];
  readonly pongs: Buffer[] = [];
  /** Response headers of the handshake, in lower case. */
  headers = new Map<string, string>();
  /** Set when the server broke RFC 6455 or a limit; the tests fail on it. */
  fault: string | undefined;
  autoPong = true;
  private maxFrame = MAX_SERVER_FRAME;
  bytesIn = 0;
  /** True if permessage-deflate was agreed on. */
  deflate = false;
  /** Messages that came compressed. */
  inflated = 0;
  private packed = false;
  private buffer: Buffer = Buffer.alloc(0);
  private parts: Buffer[] | null = null;
  private closing: Closed | null = null;
  private closeSent = false;
  private over = false;
  readonly closed: Promise<Closed>;
  private resolveClosed!: (closed: Closed) => void;
  private watchers: (() => void)[] = [];
  /** Where it is written down what goes over the connection, if it is. */
  private record: ConnectionRecord | undefined;

  private constructor(readonly socket: net.Socket) {
    this.closed = new Promise((done) => (this.resolveClosed = done));
  }

  static open(url: string, opts: WsOptions = {}): Promise<WebSocketRaw> {
    const at = new URL(url);
    return new Promise((done, fail) => {
      const socket = net.connect(Number(at.port), at.hostname);
      const ws = new WebSocketRaw(socket);
      ws.autoPong = opts.pong ?? true;
      ws.maxFrame = opts.maxFrame ?? MAX_SERVER_FRAME;
      const history = History.of(url);
      if (history) ws.record = new ConnectionRecord(history);
      const key = randomBytes(16).toString('base64');
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      const timer = setTimeout(() => socket.destroy(new Error('no handshake in time')), PATIENCE);
      const failed = (err: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        fail(err);
      };
      const early = (): void => failed(new Error('closed during the handshake'));
      socket.once('error', failed);
      socket.once('close', early);
      socket.once('connect', () => {
        socket.setNoDelay(true);
        const lines = [
          `GET ${opts.path ?? '/v1/ws'} HTTP/1.1`,
          `Host: ${at.host}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Sec-WebSocket-Key: ${key}`,
          'Sec-WebSocket-Version: 13',
        ];
        if (opts.protocols !== '') {
          lines.push(`Sec-WebSocket-Protocol: ${opts.protocols ?? 'parley.v1'}`);
        }
        if (opts.deflate) {
          lines.push(`Sec-WebSocket-Extensions: ${DEFLATE}`);
        }
        for (const [name, value] of Object.entries(opts.headers ?? {})) {
          lines.push(`${name}: ${value}`);
        }
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      });
      let head = Buffer.alloc(0);
      const onHead = (part: Buffer): void => {
        head = Buffer.concat([head, part]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        clearTimeout(timer);
        socket.off('data', onHead);
        const text = head.toString('latin1', 0, end);
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
        for (const line of text.split('\r\n').slice(1)) {
          const colon = line.indexOf(':');
          ws.headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
        }
        if (status !== 101 || ws.headers.get('sec-websocket-accept') !== accept) {
          return failed(new HandshakeError(status, text));
        }
        socket.off('error', failed);
        socket.off('close', early);
        ws.deflate = /permessage-deflate/.test(ws.headers.get('sec-websocket-extensions') ?? '');
        ws.attach();
        done(ws);
        const rest = head.subarray(end + 4);
        if (rest.length) setImmediate(() => ws.feed(rest));
      };
      socket.on('data', onHead);
    });
  }

  private attach(): void {
    this.socket.on('data', (part: Buffer) => this.feed(part));
    this.socket.on('error', () => this.finish());
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => this.finish());
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.record?.end();
    const closed = this.closing ?? { code: 1006, reason: '' };
    this.onEnd(closed);
    this.resolveClosed(closed);
    this.notify();
  }

  private notify(): void {
    for (const wake of this.watchers.splice(0)) wake();
  }

  private breach(why: string): void {
    this.fault ??= why;
    this.socket.destroy();
  }

  private feed(part: Buffer): void {
    this.bytesIn += part.length;
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, part]) : part;
    while (this.buffer.length >= 2 && !this.over) {
      const b0 = this.buffer[0]!;
      const b1 = this.buffer[1]!;
      let length = b1 & 127;
      let at = 2;
      if (b1 & 0x80) return this.breach('masked frame from the server');
      const first = (b0 & 15) === OP.text;
      if (b0 & 0x30 || (b0 & 0x40 && !(this.deflate && first))) {
        return this.breach('reserved bit from the server');
      }
      if (length === 126) {
        if (this.buffer.length < 4) return;
        length = this.buffer.readUInt16BE(2);
        if (length < 126) return this.breach('length not minimal');
        at = 4;
      } else if (length === 127) {
        if (this.buffer.length < 10) return;
        length = Number(this.buffer.readBigUInt64BE(2));
        if (length < 65536) return this.breach('length not minimal');
        at = 10;
      }
      if (length > this.maxFrame) return this.breach(`frame of ${length} bytes`);
      if (this.buffer.length < at + length) return;
      const payload = Buffer.from(this.buffer.subarray(at, at + length));
      this.buffer = this.buffer.subarray(at + length);
      if (first) this.packed = (b0 & 0x40) !== 0;
      this.take((b0 & 0x80) !== 0, b0 & 15, payload);
    }
  }

  private take(fin: boolean, opcode: number, payload: Buffer): void {
    if (opcode >= 8 && (!fin || payload.length > 125)) return this.breach('bad control frame');
    if (this.closing) return this.breach('a frame after the close frame');
    switch (opcode) {
      case OP.ping:
        this.pings.push(payload);
        if (this.autoPong) this.frame({ opcode: OP.pong, payload });
        break;
      case OP.pong:
        this.pongs.push(payload);
        break;
      case OP.close: {
        if (payload.length === 1) return this.breach('close frame of one byte');
        const code = payload.length ? payload.readUInt16BE(0) : 1005;
        this.closing = { code, reason: payload.subarray(2).toString('utf8') };
        if (!this.closeSent) this.frame({ opcode: OP.close, payload: payload.subarray(0, 2) });
        this.closeSent = true;
        break;
      }
      case OP.text:
      case OP.cont: {
        if ((opcode === OP.cont) !== (this.parts !== null)) return this.breach('fragments mixed');
        this.parts = [...(this.parts ?? []), payload];
        if (!fin) return;
        let whole: Buffer = Buffer.concat(this.parts);
        this.parts = null;
        if (this.packed) {
          this.inflated++;
          whole = inflateRawSync(Buffer.concat([whole, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
        }
        let text: string;
        try {
          text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
        } catch {
          return this.breach('text that is not UTF-8');
        }
        this.record?.got(text);
        this.onText(text);
        break;
      }
      default:
        return this.breach(`opcode ${opcode} from the server`);
    }
    this.notify();
  }

  frame(frame: Frame): void {
    if (frame.opcode === OP.close) this.closeSent = true;
    if (frame.opcode <= OP.binary) this.record?.end();
    this.write(encodeFrame(frame));
  }
  text(text: string | Buffer): void {
    this.record?.asked(text);
    this.write(encodeFrame({ opcode: OP.text, payload: text }));
  }
  raw(bytes: Buffer | string): void {
    this.record?.end();
    this.write(bytes);
  }
  private write(bytes: Buffer | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes as Buffer);
  }
  get ended(): boolean {
    return this.over;
  }

  /** Waits for `done()` to hold, looked at after every frame. */
  async until(done: () => boolean, what: string, timeout = PATIENCE): Promise<void> {
    const end = Date.now() + timeout;
    while (!done()) {
      if (this.fault) assert.fail(`the server broke the protocol: ${this.fault}`);
      if (this.over) assert.fail(`connection ended while waiting for ${what}`);
      await new Promise<void>((go, fail) => {
        const timer = setTimeout(() => fail(new Error(`no ${what} in time`)), end - Date.now());
        this.watchers.push(() => {
          clearTimeout(timer);
          go();
        });
      });
    }
  }

  /** The server must close with this code (any of these), and end the connection. */
  async expectClose(code: number | number[], timeout = PATIENCE): Promise<Closed> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(
        () =>
          fail(
            new Error(
              `no close ${code} in time (${
                this.closing ? `close frame ${this.closing.code}, TCP open` : 'no close frame'
              })`,
            ),
          ),
        timeout,
      );
    });
    const closed = await Promise.race([this.closed, late]).finally(() => clearTimeout(timer));
    if (this.fault) assert.fail(`the server broke the protocol: ${this.fault}`);
    const codes = Array.isArray(code) ? code : [code];
    assert.ok(codes.includes(closed.code), `close ${codes.join('/')}, got ${closed.code}`);
    return closed;
  }

  close(code = 1000): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.frame({ opcode: OP.close, payload });
  }
  destroy(): void {
    this.socket.destroy();
  }
}
