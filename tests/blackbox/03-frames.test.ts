// WebSocket frames: RFC 6455 breaches, UTF-8, sizes and fragments, each with its close code.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../lib/client.js';
import { RawHttp } from '../lib/http.js';
import { cmid, World, world } from '../lib/world.js';
import { compress, encodeFrame, type Frame, HandshakeError, OP, WebSocketRaw } from '../lib/ws.js';

function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

describe('frames', () => {
  const w = world(new World({ record: false }));

  async function signedIn(): Promise<Client> {
    return (await w.user()).connect();
  }
  /** These frames on a fresh signed-in connection must be answered by a close with `code`. */
  async function refused(code: number, ...frames: Frame[]): Promise<void> {
    const c = await signedIn();
    c.ws.raw(Buffer.concat(frames.map(encodeFrame)));
    await c.expectClose(code);
  }

  test('a binary frame: 1003', async () => {
    await refused(1003, { opcode: OP.binary, payload: '{"op":"ping","id":1}' });
    await refused(1003, { opcode: OP.binary });
    await refused(1003, { opcode: OP.binary, fin: false, payload: 'x' });
  });

  test('an unmasked frame: 1002', () =>
    refused(1002, { opcode: OP.text, payload: '{"op":"ping","id":1}', mask: false }));

  test('reserved bits: 1002', async () => {
    for (const rsv of [1, 2, 3, 4, 7]) {
      await refused(1002, { opcode: OP.text, rsv, payload: '{"op":"ping","id":1}' });
    }
    await refused(1002, { opcode: OP.ping, rsv: 4, payload: '' });
  });

  test('reserved opcodes: 1002', async () => {
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) await refused(1002, { opcode, payload: 'x' });
  });

  test('control frames are whole and short: 1002', async () => {
    await refused(1002, { opcode: OP.ping, fin: false, payload: 'x' });
    await refused(1002, { opcode: OP.ping, payload: 'x'.repeat(126) });
    await refused(1002, { opcode: OP.pong, payload: 'x'.repeat(126) });
    await refused(1002, { opcode: OP.close, payload: closePayload(1000, 'x'.repeat(124)) });
  });

  test('fragments out of place: 1002', async () => {
    await refused(1002, { opcode: OP.cont, payload: 'x' });
    await refused(1002, { opcode: OP.cont, fin: false, payload: 'x' });
    await refused(1002, { opcode: OP.text, fin: false, payload: '{' }, { opcode: OP.text, payload: '}' });
  });

  test('bad close frames: 1002, their bad text 1007', async () => {
    await refused(1002, { opcode: OP.close, payload: 'x' });
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535]) {
      await refused(1002, { opcode: OP.close, payload: closePayload(code) });
    }
    const c = await signedIn();
    c.ws.frame({ opcode: OP.close, payload: closePayload(1000, Buffer.from([0xff, 0xfe])) });
    await c.expectClose([1007, 1002]);
  });

  test('a close frame is echoed, then the connection ends', async () => {
    for (const code of [1000, 1001, 3000, 4999]) {
      const c = await signedIn();
      c.ws.frame({ opcode: OP.close, payload: closePayload(code, 'bye') });
      await c.expectClose(code);
    }
    const c = await signedIn();
    c.ws.frame({ opcode: OP.close });
    await c.expectClose([1005, 1000]);
  });

  test('nothing after the close frame is read', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const send = { op: 'send', id: 5, to: b.id, cmid: cmid(), text: 'too late' };
    ca.ws.raw(
      Buffer.concat([
        encodeFrame({ opcode: OP.close, payload: closePayload(1000) }),
        encodeFrame({ opcode: OP.text, payload: JSON.stringify(send) }),
      ]),
    );
    await ca.expectClose(1000);
    const cb = await b.connect();
    const page = await cb.ok('history', { conv: a.direct(b) });
    assert.equal(page.last_seq, 0);
  });

  test('pings are answered with their payload, also between fragments', async () => {
    const c = await signedIn();
    for (const payload of ['', 'hi', 'x'.repeat(125)]) {
      const before = c.ws.pongs.length;
      c.ws.frame({ opcode: OP.ping, payload });
      await c.ws.until(() => c.ws.pongs.length > before, 'a pong');
      assert.equal(c.ws.pongs.at(-1)!.toString(), payload);
    }
  });

  test('an unasked pong is ignored', async () => {
    const c = await signedIn();
    c.ws.frame({ opcode: OP.pong, payload: 'unasked' });
    await c.ok('ping');
  });

  test('a fragmented request is one request', async () => {
    const c = await signedIn();
    const text = Buffer.from('{"op":"ping","id":70,"x":"äöü😀"}');
    const answered = new Promise<void>((go) => {
      const before = c.ws.onText;
      c.ws.onText = (got) => (JSON.parse(got).re === 70 ? go() : before(got));
    });
    // Cut inside the characters, with an empty fragment and pings in between, written byte by byte.
    const frames: Frame[] = [{ opcode: OP.text, fin: false, payload: text.subarray(0, 26) }];
    frames.push({ opcode: OP.ping, payload: '1' });
    frames.push({ opcode: OP.cont, fin: false, payload: '' });
    frames.push({ opcode: OP.cont, fin: false, payload: text.subarray(26, 33) });
    frames.push({ opcode: OP.pong, payload: '2' });
    frames.push({ opcode: OP.cont, payload: text.subarray(33) });
    for (const byte of Buffer.concat(frames.map(encodeFrame))) {
      c.ws.raw(Buffer.from([byte]));
      await new Promise((go) => setImmediate(go));
    }
    await answered;
    assert.equal(c.ws.pongs.length, 1);
  });

  test('text that is not UTF-8: 1007', async () => {
    const bad: number[][] = [
      [0xff],
      [0xc0, 0x80],
      [0xc1, 0xbf],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xed, 0xbf, 0xbf],
      [0xf0, 0x80, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x80],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
    ];
    for (const bytes of bad) {
      const payload = Buffer.concat([
        Buffer.from('{"op":"ping","id":1,"x":"'),
        Buffer.from(bytes),
        Buffer.from('"}'),
      ]);
      await refused(1007, { opcode: OP.text, payload });
    }
    // Not UTF-8 goes before not JSON, and a character may not end with the message.
    await refused(1007, { opcode: OP.text, payload: Buffer.from([0x7b, 0xe2, 0x82]) });
    await refused(
      1007,
      { opcode: OP.text, fin: false, payload: Buffer.from([0x22, 0xf0, 0x9f]) },
      { opcode: OP.cont, payload: Buffer.from([0x98]) },
    );
  });

  test('frames up to 64 KiB are taken, larger ones close with 4413', async () => {
    const frame = (size: number, id: number): string => {
      const head = `{"op":"ping","id":${id},"x":"`;
      return `${head}${'x'.repeat(size - head.length - 2)}"}`;
    };
    const c = await signedIn();
    const full = await c.rawRequest(10, frame(65536, 10));
    assert.ok(full.ok);
    c.ws.text(frame(65537, 11));
    await c.expectClose(4413);
  });

  test('the size counts over the fragments', async () => {
    const part = 'x'.repeat(32768);
    const c = await signedIn();
    const frames: Frame[] = [
      { opcode: OP.text, fin: false, payload: part },
      { opcode: OP.cont, fin: false, payload: part },
      { opcode: OP.cont, fin: false, payload: 'x' },
    ];
    c.ws.raw(Buffer.concat(frames.map(encodeFrame)));
    await c.expectClose(4413);
  });

  test('a header that announces too much is refused before the payload comes', async () => {
    for (const length of [65537n, 1n << 32n, (1n << 62n) + 5n]) {
      const c = await signedIn();
      c.ws.raw(encodeFrame({ opcode: OP.text, length }));
      await c.expectClose(4413);
    }
    const c = await signedIn();
    c.ws.raw(encodeFrame({ opcode: OP.text, length: 1n << 63n }));
    await c.expectClose([1002, 4413]);
  });

  test('a wrong frame does not hide requests before it', async () => {
    const [a, b] = await w.users(2);
    const ca = await a.connect();
    const send = { op: 'send', id: 900, to: b.id, cmid: cmid(), text: 'before the breach' };
    ca.ws.raw(
      Buffer.concat([
        encodeFrame({ opcode: OP.text, payload: JSON.stringify(send) }),
        encodeFrame({ opcode: OP.binary, payload: 'x' }),
      ]),
    );
    ca.ws.onText = () => undefined;
    const cb = await b.connect({ sync: {} });
    if (cb.session.conversations.length === 0) await cb.event('entry');
    await ca.expectClose(1003);
  });

  test('the handshake is checked', async () => {
    const good: Record<string, string> = {
      Host: new URL(w.url).host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': Buffer.alloc(16, 7).toString('base64'),
      'Sec-WebSocket-Version': '13',
    };
    const ask = async (change: Record<string, string | undefined>): Promise<number> => {
      const raw = await RawHttp.open(w.url);
      const lines = Object.entries({ ...good, ...change })
        .filter(([, v]) => v !== undefined)
        .map(([k, v]) => `${k}: ${v}`);
      raw.write(`GET /v1/ws HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      const answer = await raw.answer();
      raw.destroy();
      return answer!.status;
    };
    assert.equal(await ask({}), 101);
    assert.equal(await ask({ Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade' }), 101);
    for (const change of [
      { 'Sec-WebSocket-Key': undefined },
      { 'Sec-WebSocket-Key': 'short' },
      { 'Sec-WebSocket-Version': '12' },
      { 'Sec-WebSocket-Version': undefined },
      { Upgrade: undefined },
      { Upgrade: 'h2c' },
      { Connection: 'keep-alive' },
    ]) {
      const status = await ask(change);
      assert.ok(status >= 400 && status < 500, `${JSON.stringify(change)} gave ${status}`);
    }
  });

  test('a handshake to another path is refused', async () => {
    await assert.rejects(WebSocketRaw.open(w.url, { path: '/v1/wss' }), (err) => {
      assert.ok(err instanceof HandshakeError);
      assert.equal(err.status, 404);
      return true;
    });
  });

  test('no compression unless it was offered', async () => {
    const c = await w.client();
    assert.equal(c.ws.headers.get('sec-websocket-extensions'), undefined);
  });

  test('permessage-deflate, where the server has it on', async () => {
    const [a, b] = await w.users(2);
    const c = await a.connect({}, { deflate: true });
    const text = 'compress me '.repeat(500);
    await c.ok('send', { to: b.id, cmid: cmid(), text });
    const page = await c.ok('history', { conv: a.direct(b) });
    assert.equal(page.entries[0].text, text);
    if (!c.ws.deflate) {
      c.ws.frame({ opcode: OP.text, rsv: 4, payload: compress('{"op":"ping","id":1}') });
      await c.expectClose(1002);
      return;
    }
    assert.match(c.ws.headers.get('sec-websocket-extensions')!, /server_no_context_takeover/);
    c.ws.frame({ opcode: OP.text, rsv: 4, payload: compress('{"op":"nonsense"}') });
    assert.ok((await c.answerNull()).error);
    const half = compress(`{"op":"nonsense","x":"${text}"}`);
    c.ws.frame({ opcode: OP.text, rsv: 4, fin: false, payload: half.subarray(0, 10) });
    c.ws.frame({ opcode: OP.cont, payload: half.subarray(10) });
    assert.ok((await c.answerNull()).error);
    c.ws.frame({ opcode: OP.text, rsv: 4, payload: compress(`{"x":"${'x'.repeat(10_000_000)}"}`) });
    await c.expectClose(4413);
    const broken = await (await a.login()).connect({}, { deflate: true });
    broken.ws.frame({ opcode: OP.text, rsv: 4, payload: Buffer.alloc(50, 0xff) });
    await broken.expectClose([1002, 1007]);
    const control = await (await a.login()).connect({}, { deflate: true });
    control.ws.frame({ opcode: OP.ping, rsv: 4, payload: 'x' });
    await control.expectClose(1002);
    const late = await (await a.login()).connect({}, { deflate: true });
    late.ws.frame({ opcode: OP.text, rsv: 4, fin: false, payload: 'x' });
    late.ws.frame({ opcode: OP.cont, rsv: 4, payload: 'x' });
    await late.expectClose(1002);
  });
});
