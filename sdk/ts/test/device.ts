// A device under virtual time: one client, or several tabs that share a disk and a connection. It, or one tab of it, can be
// killed at any moment: what was not written by then is gone, and nothing that was begun goes on.
import assert from 'node:assert/strict';
import { Client, type Loaded, MemoryStore, type Store, type TabChannel, Tabs } from '../src/index.ts';
import type { FakeServer, FakeSocket } from './fake.ts';
import type { VirtualTime } from './time.ts';

interface Tab {
  /** In the order opened. */
  readonly number: number;
  readonly client: Client;
  readonly tabs: Tabs;
  readonly channel: TabChannel;
  readonly sockets: FakeSocket[];
  alive: boolean;
}

export class Device {
  readonly user: string;
  private readonly time: VirtualTime;
  private readonly server: FakeServer;
  private readonly random: () => number;
  private readonly alone: boolean;
  private readonly disk = new MemoryStore();
  private readonly tabs: Tab[];
  private first: Tab | undefined;
  private made = 0;

  constructor(time: VirtualTime, server: FakeServer, user: string, tabs: number, random: () => number) {
    this.time = time;
    this.server = server;
    this.user = user;
    this.random = random;
    this.alone = tabs === 1;
    this.tabs = Array.from({ length: tabs }, () => this.make());
  }

  get clients(): Client[] {
    return this.tabs.map((t) => t.client);
  }

  get leader(): Client | undefined {
    return this.first?.client;
  }

  /** What is on its disk. */
  kept(): Promise<Loaded> {
    return this.disk.load();
  }

  /** The client of one tab, whichever `pick` says. */
  client(pick: number): Client {
    return this.at(pick).client;
  }

  tabsOf(pick: number): Tabs {
    return this.at(pick).tabs;
  }

  private at(pick: number): Tab {
    const tab = this.tabs[pick % this.tabs.length];
    assert.ok(tab);
    return tab;
  }

  /** Which life of which tab: what one of them writes comes in the order written. */
  life(pick: number): string {
    return this.at(pick).tabs.id;
  }

  async start(): Promise<void> {
    for (const tab of this.tabs) await tab.client.start();
    this.elect();
  }

  private make(): Tab {
    const { time, server } = this;
    const user = server.users.get(this.user);
    assert.ok(user);
    const channel: TabChannel = {
      onmessage: null,
      postMessage: (message) => this.tell(tab, JSON.stringify(message)),
      close: () => {},
    };
    const number = ++this.made;
    const tabs = new Tabs(channel, `${this.user}.${number}`);
    const sockets: FakeSocket[] = [];
    const Socket = server.socket;
    const real = function Real(url: string) {
      const socket = new Socket(url);
      sockets.push(socket);
      return socket;
    } as unknown as typeof Socket;
    const tab: Tab = {
      number,
      tabs,
      channel,
      sockets,
      alive: true,
      client: new Client({
        url: 'http://fake',
        session: { token: `token-${this.user}`, user, device: '1' },
        store: this.alone ? this.slow(() => tab.alive) : tabs.store(this.slow(() => tab.alive)),
        transport: 'socket',
        env: {
          now: time.now,
          random: this.random,
          setTimeout: (go, ms) => time.setTimeout(() => tab.alive && go(), ms),
          clearTimeout: time.clearTimeout,
          socket: this.alone ? real : tabs.sockets(real),
          fetch: async () => ({ status: 200, text: async () => JSON.stringify(user) }),
        },
      }),
    };
    if (!this.alone) tabs.attach(tab.client);
    return tab;
  }

  /** A disk that takes its time: a batch is there some ms after it was given, unless its writer was killed meanwhile. */
  private slow(alive: () => boolean): Store {
    const { disk, time } = this;
    return {
      load: () => disk.load(),
      entries: (conv, before, limit) => disk.entries(conv, before, limit),
      commit: (batch) =>
        new Promise((go) => {
          const ms = Math.floor(this.random() * 6);
          time.setTimeout(() => alive() && disk.commit(batch).then(go), ms);
        }),
      dropCache: () => disk.dropCache(),
      clear: () => disk.clear(),
    };
  }

  private tell(from: Tab, data: string): void {
    if (!from.alive) return;
    this.time.setTimeout(() => {
      for (const tab of this.tabs) {
        if (tab !== from && tab.alive) tab.channel.onmessage?.({ data: JSON.parse(data) });
      }
    }, 1);
  }

  /** The lock goes to the tab that has waited longest. */
  private elect(): void {
    if (this.first?.alive) return;
    this.first = this.tabs.reduce((a, b) => (a.number < b.number ? a : b));
    if (!this.alone) this.first.tabs.lead();
  }

  private end(tab: Tab): void {
    tab.alive = false;
    for (const s of tab.sockets) s.vanish();
  }

  /** One tab ends as if its process was killed, and is opened again. */
  async killTab(pick: number): Promise<void> {
    const at = pick % this.tabs.length;
    this.end(this.at(at));
    this.tabs[at] = this.make();
    await this.at(at).client.start();
    this.time.setTimeout(() => this.elect(), 5);
  }

  /** One tab is closed, or its process killed, and does not come back. */
  closeTab(pick: number, killed = false): void {
    const tab = this.at(pick);
    if (!killed) tab.tabs.close();
    this.end(tab);
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.time.setTimeout(() => this.elect(), 5);
  }

  /** All end at once, as by a loss of power, and start again. */
  async kill(): Promise<void> {
    for (const tab of this.tabs) this.end(tab);
    for (let at = 0; at < this.tabs.length; at++) this.tabs[at] = this.make();
    await this.start();
  }
}
