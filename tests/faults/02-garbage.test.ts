// A thousand connections of garbage while two people chat.
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import net from 'node:net';
import { describe, test } from 'node:test';
import { openFiles } from '../lib/proc.js';
import { cmid, eventually, World, wait, world } from '../lib/world.js';
import { encodeFrame, OP } from '../lib/ws.js';

const HANDSHAKE =
  'GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

function garbage(kind: number): Buffer {
  const text = (payload: Buffer | string): Buffer => encodeFrame({ opcode: OP.text, payload });
  switch (kind % 10) {
    case 0:
      return randomBytes(randomInt(1, 4000));
    case 1:
      return Buffer.from(HANDSHAKE.slice(0, randomInt(1, HANDSHAKE.length)));
    case 2:
      return Buffer.concat([Buffer.from(HANDSHAKE), randomBytes(randomInt(1, 4000))]);
    case 3:
      return Buffer.concat([Buffer.from(HANDSHAKE), text(randomBytes(200))]);
    case 4:
      return Buffer.concat([Buffer.from(HANDSHAKE), text('['.repeat(60_000))]);
    case 5:
      return Buffer.concat([
        Buffer.from(HANDSHAKE),
        text(`{"op":"hello","id":1,"token":"${'x'.repeat(40)}"}`),
      ]);
    case 6:
      return Buffer.from(`GET /${'%'.repeat(3000)} HTTP/1.1\r\nHost: ${'h'.repeat(3000)}\r\n\r\n`);
    case 7:
      return Buffer.concat([Buffer.from(HANDSHAKE), encodeFrame({ opcode: OP.ping, payload: 'x' })]);
    case 8:
      return Buffer.from(
        `POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n${'{'.repeat(999)}`,
      );
    default: {
      const frame = encodeFrame({ opcode: OP.text, payload: '{"op":"ping","id":1}' });
      const at = randomInt(0, frame.length);
      frame[at]! ^= 1 << randomInt(0, 8);
      return Buffer.concat([Buffer.from(HANDSHAKE), frame]);
    }
  }
}

describe('garbage', () => {
  const w = world(new World({ own: true }));

  test('1,000 connections of garbage do not disturb a chat', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const files = openFiles(w.server!.pid);
    const at = new URL(w.url);
    const sockets: net.Socket[] = [];
    let done = false;
    const attack = (async () => {
      for (let i = 0; i < 1000; i++) {
        const socket = net.connect(Number(at.port), at.hostname);
        socket.on('error', () => undefined);
        socket.resume();
        socket.on('connect', () => {
          const bytes = garbage(i);
          const cut = randomInt(0, bytes.length + 1);
          socket.write(bytes.subarray(0, cut));
          setTimeout(() => socket.destroyed || socket.write(bytes.subarray(cut)), randomInt(0, 300));
          if (i % 7 === 0) setTimeout(() => socket.resetAndDestroy?.(), randomInt(0, 400));
        });
        sockets.push(socket);
        if (i % 25 === 24) await wait(10);
      }
      await wait(400);
      done = true;
    })();
    let sent = 0;
    while (!done) {
      const [c, to] = sent % 2 ? [cb, a] : [ca, b];
      const ok = await c.ok('send', { to: to.id, cmid: cmid(), text: `${sent}` });
      assert.equal(ok.seq, ++sent);
    }
    await attack;
    const { entries, last_seq } = await ca.ok('history', { conv: a.direct(b), limit: 200 });
    assert.equal(last_seq, sent);
    assert.equal(entries.at(-1).text, `${sent - 1}`);
    assert.ok(sent >= 20, `${sent} messages went through`);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => openFiles(w.server!.pid) <= files + 10, 'the connections are gone', 15_000);
    assert.ok(w.server!.alive);
  });
});
