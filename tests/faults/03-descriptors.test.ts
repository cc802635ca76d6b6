// File descriptors used up: who is in goes on, nothing spins, and it recovers.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { cpuMs, openFiles } from '../lib/proc.js';
import { cmid, eventually, World, wait, world } from '../lib/world.js';

const FILES = 320;

describe('file descriptors', () => {
  const w = world(
    new World({
      own: true,
      errors: /accept\.paused/,
      wrapper: ['prlimit', `--nofile=${FILES}:${FILES}`, '--'],
    }),
  );

  test('used up: accept pauses, chats go on, no spin, and it recovers', async () => {
    const [a, b] = await w.users(2);
    const [ca, cb] = [await a.connect(), await b.connect()];
    const at = new URL(w.url);
    const sockets: net.Socket[] = [];
    for (let i = 0; i < FILES + 100; i++) {
      const socket = net.connect(Number(at.port), at.hostname);
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    await wait(500);
    assert.ok(openFiles(w.server!.pid) <= FILES);
    const cpu = cpuMs(w.server!.pid);
    await wait(1000);
    const used = cpuMs(w.server!.pid) - cpu;
    assert.ok(used < 400, `${used} ms of CPU in an idle second`);
    for (let i = 0; i < 20; i++) {
      await ca.ok('send', { to: b.id, cmid: cmid(), text: `${i}` });
      await cb.event('entry', (e) => e.text === `${i}`);
    }
    for (const socket of sockets) socket.destroy();
    const fresh = await eventually(
      async () => {
        const c = await b.login().then(
          (d) => d.connect(),
          () => undefined,
        );
        return c;
      },
      'new connections are taken again',
      30_000,
    );
    await fresh!.ok('ping');
    assert.ok(w.server!.alive);
  });
});
