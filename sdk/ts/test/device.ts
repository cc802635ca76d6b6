// A device under virtual time that can be killed at any moment: what it had not written by then is gone, and nothing that
// it had begun goes on.
import assert from 'node:assert/strict';
import { Client, MemoryStore, type StoreBatch } from '../src/index.ts';
import type { FakeServer } from './fake.ts';
import type { VirtualTime } from './time.ts';

/** A disk that takes its time: a batch is there some ms after it was given, unless the program was killed meanwhile. */
class Disk extends MemoryStore {
  private readonly device: Device;

  constructor(device: Device) {
    super();
    this.device = device;
  }

  override commit(batch: StoreBatch): Promise<void> {
    const run = this.device.run;
    return new Promise((go) => {
      this.device.time.setTimeout(() => {
        if (run === this.device.run) super.commit(batch).then(go);
      }, this.device.diskMs());
    });
  }
}

export class Device {
  readonly time: VirtualTime;
  readonly user: string;
  /** Which life it is in; what an earlier one left under way finds another number. */
  run = 0;
  client: Client;
  private readonly server: FakeServer;
  private readonly random: () => number;
  private readonly disk: Disk;

  constructor(time: VirtualTime, server: FakeServer, user: string, random: () => number) {
    this.time = time;
    this.server = server;
    this.user = user;
    this.random = random;
    this.disk = new Disk(this);
    this.client = this.make();
  }

  diskMs(): number {
    return Math.floor(this.random() * 6);
  }

  private make(): Client {
    const run = this.run;
    const { time, server } = this;
    const user = server.users.get(this.user);
    assert.ok(user);
    return new Client({
      url: 'http://fake',
      session: { token: `token-${this.user}`, user, device: '1' },
      store: this.disk,
      transport: 'socket',
      env: {
        now: time.now,
        random: this.random,
        setTimeout: (go, ms) => time.setTimeout(() => run === this.run && go(), ms),
        clearTimeout: time.clearTimeout,
        socket: server.socket,
        fetch: async () => ({ status: 200, text: async () => JSON.stringify(user) }),
      },
    });
  }

  /** Ends it as a power loss would, and starts it again. */
  async kill(): Promise<void> {
    this.run++;
    for (const s of [...this.server.sockets]) if (s.user === this.user) s.vanish();
    this.client = this.make();
    await this.client.start();
  }
}
