// fsync fails: nothing is acked that is not durable, the server says so, and comes back by itself.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Checker } from '../lib/checker.js';
import { call, type Json } from '../lib/http.js';
import { buildFailsync } from '../lib/proc.js';
import { parley, tempDir } from '../lib/server.js';
import { cmid, eventually, World } from '../lib/world.js';

describe('failing fsync', () => {
  test('unavailable while it fails, the same cmid accepted after, nothing twice', async () => {
    const trigger = join(tempDir(), 'fail');
    const env = {
      LD_PRELOAD: buildFailsync(),
      FAILSYNC_FILE: trigger,
      ASAN_OPTIONS: 'verify_asan_link_order=0',
    };
    const w = new World({ own: true, env, errors: /event=(store|writer)\./ });
    await w.start();
    try {
      const [a, b] = await w.users(2);
      const [c, cb] = [await a.connect(), await b.connect()];
      const conv = a.direct(b);
      const check = new Checker();
      const send = async (id: string, text: string): Promise<Json> => {
        check.try(conv, id, text);
        const frame = await c.request('send', { conv, cmid: id, text }, 20_000);
        if (frame.ok) check.ack(conv, id, text, frame.ok);
        return frame;
      };
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 20; i++) assert.ok((await send(cmid(), `round ${round}, ${i}`)).ok);
        const acked = check.count;
        writeFileSync(trigger, '');
        const ids = Array.from({ length: 30 }, () => cmid());
        const frames = await Promise.all(ids.map((id, i) => send(id, `failing ${round} ${i}`)));
        for (const frame of frames) {
          assert.ok(['unavailable', 'overloaded'].includes(frame.error?.code), JSON.stringify(frame));
          assert.equal(frame.error.retry, true);
        }
        assert.equal(check.count, acked, 'nothing is acked while sync fails');
        await eventually(async () => (await call(w.url, 'GET', '/readyz')).status === 503, 'not ready');
        rmSync(trigger);
        await eventually(async () => (await call(w.url, 'GET', '/readyz')).status === 200, 'ready', 60_000);
        for (const [i, id] of ids.entries()) {
          await eventually(async () => (await send(id, `failing ${round} ${i}`)).ok, 'accepted', 30_000);
        }
      }
      assert.equal(await check.checkLog(c, conv), check.count);
      for (const e of cb.history('entry')) check.event(e);
      await check.checkLog(c, conv);
      w.closeAll();
      await w.server!.kill();
      const verify = await parley(['store', 'verify', '--data', w.server!.data]);
      assert.equal(verify.code, 0, verify.out + verify.err);
      const again = new World({ own: true, data: w.server!.data });
      await again.start();
      const own = await again.client();
      await own.hello(a.token);
      assert.equal(await check.checkLog(own, conv), check.count);
      await again.stop();
    } finally {
      await w.stop();
    }
  });
});
