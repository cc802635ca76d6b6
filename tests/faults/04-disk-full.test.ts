// A full disk: sends are refused as unavailable, nothing acked is lost, service returns with the space.
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Checker } from '../lib/checker.js';
import { call, type Json } from '../lib/http.js';
import { mountTmpfs, unmount } from '../lib/proc.js';
import { parley } from '../lib/server.js';
import { cmid, eventually, type User, World } from '../lib/world.js';

const dir = mountTmpfs(192);

/** Writes a file until nothing more fits. */
function fill(file: string): void {
  const fd = openSync(file, 'a');
  try {
    for (let size = 1 << 20; size >= 512; ) {
      try {
        if (writeSync(fd, Buffer.alloc(size)) < size) size >>= 1;
      } catch {
        size >>= 1;
      }
    }
  } finally {
    closeSync(fd);
  }
}

describe('disk full', { skip: dir ? false : 'needs the right to mount a tmpfs' }, () => {
  after(() => {
    if (dir) unmount(dir);
  });

  test('refused, said so, recovered, nothing lost', async () => {
    const data = join(dir!, 'data');
    mkdirSync(data);
    const w = new World({ own: true, data });
    await w.start();
    try {
      const [a, b] = (await w.users(2)) as [User, User];
      const c = await a.connect();
      const conv = a.direct(b);
      const check = new Checker();
      const send = async (text: string): Promise<Json> => {
        const id = cmid();
        check.try(conv, id, text);
        const frame = await c.request('send', { conv, cmid: id, text }, 20_000);
        if (frame.ok) check.ack(conv, id, text, frame.ok);
        return frame;
      };
      for (let i = 0; i < 50; i++) assert.ok((await send(`before ${i}`)).ok);
      const filler = join(dir!, 'filler');
      fill(filler);
      assert.ok(statfsSync(dir!).bavail < 16);
      let refused: Json;
      for (let i = 0; i < 3000 && !refused; i++) {
        const frame = await send('x'.repeat(8000));
        if (frame.error) refused = frame.error;
      }
      assert.ok(refused, 'a send was refused');
      assert.ok(['unavailable', 'overloaded'].includes(refused.code), JSON.stringify(refused));
      assert.equal(refused.retry, true);
      await eventually(async () => (await call(w.url, 'GET', '/readyz')).status === 503, 'not ready');
      assert.equal((await call(w.url, 'GET', '/healthz')).status, 200);
      const id = cmid();
      check.try(conv, id, 'by REST');
      const rest = await a.rest.call('POST', '/v1/messages', { to: b.id, cmid: id, text: 'by REST' });
      assert.equal(rest.status, 503);
      const page = await c.ok('history', { conv, limit: 1 });
      assert.ok(page.last_seq >= 50, 'reading goes on');
      for (const [id, text] of [...check.tried.get(conv)!].slice(0, 5)) {
        const again = await c.request('send', { conv, cmid: id, text });
        if (again.ok) check.ack(conv, id, text, again.ok);
      }
      rmSync(filler);
      await eventually(async () => (await call(w.url, 'GET', '/readyz')).status === 200, 'ready', 60_000);
      for (let i = 0; i < 20; i++) {
        await eventually(async () => (await send(`after ${i}`)).ok, 'accepted again', 30_000);
      }
      for (const [id, text] of check.tried.get(conv)!) {
        const frame = await c.request('send', { conv, cmid: id, text });
        if (frame.ok) check.ack(conv, id, text, frame.ok);
      }
      assert.equal(await check.checkLog(c, conv), check.count, 'accepted once each');
      w.closeAll();
      assert.equal((await w.server!.stop()).code, 0);
      const verify = await parley(['store', 'verify', '--data', data]);
      assert.equal(verify.code, 0, verify.out + verify.err);
    } finally {
      w.closeAll();
      if (w.server?.alive) await w.server.kill();
    }
  });
});
