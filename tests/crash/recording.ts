// Runs `parley` under the recorder, and finds in its log what clients were told, and when.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Json } from '../lib/http.js';
import { BIN, parley, Server, tempDir } from '../lib/server.js';

const TOOLS = join(BIN, '..', 'tests', 'crash');
export const RECORDER = join(TOOLS, 'crash_record.so');
export const NOSPACE = join(TOOLS, 'crash_nospace.so');
export const CUTTER = join(TOOLS, 'crash_cut');

/** PARLEY_CRASH=full cuts ten times as often; PARLEY_CRASH_SEED makes other choices. */
const FULL = process.env.PARLEY_CRASH === 'full';
export const SEED = Number(process.env.PARLEY_CRASH_SEED ?? 1);
export const times = (n: number): number => (FULL ? n * 10 : n);

/** A folder where recordings stay, for a look at them. */
const KEEP = process.env.PARLEY_CRASH_KEEP;

/** Where the cutter makes folders: in memory, where there is such a place. */
export const WORK = join(existsSync('/dev/shm') ? mkdtempSync('/dev/shm/parley-crash-') : tempDir(), 'cut');
process.on('exit', () => rmSync(dirname(WORK), { recursive: true, force: true }));

/** How many cuts ended how. */
export interface Cuts {
  cuts: number;
  bad: number;
  good: number;
  lost: number;
  violation: number;
  refused: number;
  unreadable: number;
  died: number;
  /** The bad ones. */
  said: string;
}

/** All cuts are good. */
export function wellCut(cuts: Cuts): void {
  assert.equal(cuts.bad, 0, cuts.said);
  assert.equal(cuts.good, cuts.cuts, JSON.stringify({ ...cuts, said: '' }));
}

/** A request of a client; ids are unique in a whole recording. */
export interface Asked {
  op: string;
  user: string;
  args: Json;
}

const HEADER = 24;
const START = 1;
const SENT = 12;

/** A folder, a log of what happens to it, and the requests that were made meanwhile. */
export class Recording {
  readonly dir = KEEP ? mkdtempSync(join(KEEP, 'run-')) : tempDir();
  /** Everything below is recorded. */
  readonly root = join(this.dir, 'root');
  readonly data: string;
  readonly log = join(this.dir, 'run.log');
  readonly toldFile = join(this.dir, 'told');
  private readonly fifo = join(this.dir, 'control');
  readonly asked = new Map<number, Asked>();
  /** The record in which the answer to a cmid was sent first. */
  acked = new Map<string, number>();
  records = 0;
  private lastId = 1_000_000;

  /** data: where the server's folder is below the root. */
  constructor(
    private readonly options: string[] = [],
    data = '',
  ) {
    this.data = join(this.root, data);
    execFileSync('mkfifo', [this.fifo]);
    execFileSync('mkdir', [this.root]);
  }

  /** What fills the disk, once `full` was called: the operation from which on it is. */
  private readonly space = join(this.dir, 'space');

  /** From the k-th operation on (0: none) that needs space for files with `part` in their path, there is none. */
  full(k: number, part = ''): void {
    rmSync(`${this.space}.hit`, { force: true });
    writeFileSync(`${this.space}.new`, `${k} 0 ${part}`);
    renameSync(`${this.space}.new`, this.space);
  }

  /** True when an operation failed since. */
  get wasFull(): boolean {
    return existsSync(`${this.space}.hit`);
  }

  /** The environment of a recorded process whose disk may be full. */
  get fullEnv(): Record<string, string> {
    const preload = `${NOSPACE}:${RECORDER}`;
    return { ...this.env, LD_PRELOAD: preload, NOSPACE_ROOT: this.root, NOSPACE_FILE: this.space };
  }

  /** The environment of a recorded process. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: RECORDER, CRASH_ROOT: this.root, CRASH_LOG: this.log, CRASH_CONTROL: this.fifo };
  }

  start(env = this.env): Promise<Server> {
    // The time of going off line is written without a sync: soon, so that it happens at all.
    const options = ['store.write_buffer_mb=1', 'store.cache_mb=8', 'presence.offline_delay_ms=20'];
    options.push(...this.options);
    return Server.start({ data: this.data, options, env });
  }

  /** Ends the server between two operations, or in the middle of the next sync of its log. */
  async kill(server: Server, how: 'now' | 'in sync'): Promise<void> {
    writeFileSync(this.fifo, how === 'now' ? 'k' : 's');
    assert.equal((await server.exited).signal, 'SIGKILL', server.log.slice(-1000));
  }

  /** Runs the cutter, and answers its figures and what it said before them. */
  async cut(command: string, options: Record<string, string | number> = {}): Promise<Cuts> {
    const args = [
      command,
      '--log',
      this.log,
      '--told',
      this.toldFile,
      '--work',
      WORK,
      '--recorder',
      RECORDER,
    ];
    for (const [name, value] of Object.entries({ seed: SEED, ...options }))
      args.push(`--${name}`, String(value));
    const { stdout } = await promisify(execFile)(CUTTER, args, { maxBuffer: 1 << 26 });
    const lines = stdout.trimEnd().split('\n');
    return { ...JSON.parse(lines.pop()!), said: lines.join('\n') };
  }

  /** A number for a request, which its answer will carry. */
  ask(asked: Asked): number {
    this.asked.set(++this.lastId, asked);
    return this.lastId;
  }

  /** How many records there are so far. */
  position(): number {
    const log = readFileSync(this.log);
    let n = 0;
    for (let at = 0; at < log.length; n++) at += HEADER + log.readUInt32LE(at);
    return n;
  }

  /** Runs `parley ARGS` under the recorder; it must succeed. Answers the position behind it. */
  async run(...args: string[]): Promise<number> {
    const run = await parley(args, '', this.env);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.out}${run.err}`);
    return this.position();
  }

  /** Writes down what was told (tests/crash/told.h) and answers how many facts that are. */
  told(): number {
    const told = new Told(this.asked);
    const streams = new Map<string, Stream>();
    const log = readFileSync(this.log);
    let run = 0;
    let n = 1;
    for (let at = 0; at < log.length; n++) {
      const size = log.readUInt32LE(at);
      const type = log.readUInt32LE(at + 4);
      const bytes = log.subarray(at + HEADER, at + HEADER + size);
      if (type === START) run++;
      if (type === SENT) {
        const key = `${run}.${log.readBigUInt64LE(at + 8)}`;
        const stream = streams.get(key) ?? new Stream();
        streams.set(key, stream);
        for (const frame of stream.feed(bytes)) told.frame(n, frame);
      }
      at += HEADER + size;
    }
    writeFileSync(this.toldFile, told.lines.join(''));
    this.acked = told.acked;
    this.records = n - 1;
    return told.lines.length;
  }
}

/** The bytes that a server sent on one connection: answers of HTTP, then frames. */
class Stream {
  private buffer: Buffer = Buffer.alloc(0);
  private upgraded = false;

  /** The JSON texts that are complete now. */
  feed(bytes: Buffer): Json[] {
    const out: Json[] = [];
    this.buffer = Buffer.concat([this.buffer, bytes]);
    for (let text = this.next(); text !== undefined; text = this.next()) {
      if (text.startsWith('{')) out.push(JSON.parse(text));
    }
    return out;
  }

  private take(head: number, size: number): string | undefined {
    if (this.buffer.length < head + size) return undefined;
    const text = this.buffer.toString('utf8', head, head + size);
    this.buffer = this.buffer.subarray(head + size);
    return text;
  }

  private next(): string | undefined {
    const b = this.buffer;
    if (!this.upgraded) {
      const end = b.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const head = b.toString('latin1', 0, end);
      this.upgraded = head.startsWith('HTTP/1.1 101');
      return this.take(end + 4, Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0));
    }
    if (b.length < 2) return undefined;
    const short = b[1]! & 127;
    if (short < 126) return this.take(2, short);
    if (short === 126) return b.length < 4 ? undefined : this.take(4, b.readUInt16BE(2));
    return b.length < 10 ? undefined : this.take(10, Number(b.readBigUInt64BE(2)));
  }
}

const KINDS: Record<string, string> = {
  send: 'text',
  edit: 'edited',
  delete: 'deleted',
  react: 'reaction',
  'group.create': 'created',
  'group.add': 'member_added',
  'group.remove': 'member_removed',
  'group.leave': 'member_left',
  'group.rename': 'renamed',
};

const hex = (text: unknown): string =>
  typeof text === 'string' ? Buffer.from(text, 'utf8').toString('hex') : '-';

/** Facts out of answers and events. */
class Told {
  readonly lines: string[] = [];
  readonly acked = new Map<string, number>();
  private readonly seen = new Set<string>();
  private readonly entries = new Map<string, string>();
  constructor(private readonly asked: Map<number, Asked>) {}

  private fact(at: number, words: string): void {
    if (this.seen.has(words)) return;
    this.seen.add(words);
    this.lines.push(`${at} ${words}\n`);
  }

  private entry(at: number, conv: string, e: Json): void {
    const same = `${e.ts} ${e.from} ${e.kind}`;
    const before = this.entries.get(`${conv} ${e.seq}`) ?? same;
    assert.equal(same, before, `${conv} ${e.seq} was told twice, differently`);
    this.entries.set(`${conv} ${e.seq}`, same);
    const text = e.kind === 'text' && !e.edited_seq && !e.deleted_seq ? hex(e.text) : '-';
    this.fact(at, `E ${conv} ${e.seq} ${e.ts} ${e.from} ${e.kind} ${hex(e.cmid)} ${text}`);
    const by = e.deleted_seq ? 'deleted' : 'edited';
    if (e.edited_seq || e.deleted_seq) {
      if (e.kind === 'text') this.fact(at, `X ${conv} ${e.deleted_seq ?? e.edited_seq} ${e.seq} ${by}`);
    }
    if (e.kind === 'edited' || e.kind === 'deleted')
      this.fact(at, `X ${conv} ${e.seq} ${e.target} ${e.kind}`);
  }

  private answer(at: number, asked: Asked, ok: Json): void {
    const { op, user, args } = asked;
    if (KINDS[op]) {
      // Nobody was changed: the number is of an older entry.
      if (op === 'group.add' && !args.changes) return;
      if (!this.acked.has(args.cmid)) this.acked.set(args.cmid, at);
      const e = { seq: ok.seq, ts: ok.ts, from: user, kind: KINDS[op], cmid: args.cmid };
      this.entry(at, ok.conv, { ...e, text: args.text, target: args.seq });
    } else if (op === 'ack') {
      for (const conv of new Set([...Object.keys(args.delivered ?? {}), ...Object.keys(args.read ?? {})])) {
        const read = args.read?.[conv] ?? 0;
        this.fact(at, `M ${conv} ${user} ${Math.max(read, args.delivered?.[conv] ?? 0)} ${read}`);
      }
    } else if (op === 'contact.add') this.fact(at, `C ${user} ${args.user}`);
    else if (op === 'block') this.fact(at, `B ${user} ${args.user}`);
    else if (op === 'hello') this.fact(at, `I ${ok.store}`);
    else if (op === 'history') for (const e of ok.entries) this.entry(at, args.conv, e);
    for (const row of ok.conversations ?? []) {
      if (row.last_entry) this.entry(at, row.conv, row.last_entry);
    }
  }

  frame(at: number, frame: Json): void {
    if (frame.ev === 'entry') this.entry(at, frame.conv, frame);
    else if (frame.ev === 'mark' && frame.user)
      this.fact(at, `M ${frame.conv} ${frame.user} ${frame.delivered} ${frame.read}`);
    else if (frame.token && frame.user) this.fact(at, `U ${frame.user.id} ${frame.user.name}`);
    else if (frame.ok && this.asked.has(frame.re)) this.answer(at, this.asked.get(frame.re)!, frame.ok);
  }
}
