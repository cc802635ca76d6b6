// Starts, stops and kills one `parley serve` for a test, and runs other `parley` commands.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Patience for anything that is waited for; a slow build (sanitizers) raises it. */
export const PATIENCE = Number(process.env.PARLEY_TEST_TIMEOUT ?? 8000);

/** The repository's root: run.mjs hands it over, since bundles live elsewhere. */
export const ROOT = resolve(process.env.PARLEY_ROOT ?? process.cwd());

export const BIN = resolve(process.env.PARLEY_BIN ?? join(ROOT, 'build', 'parley'));

/** Fast password hashing and no limits of speed: what every file wants unless it says otherwise. */
const COMMON = [
  'auth.argon2_mem_kib=8',
  'auth.argon2_ops=1',
  'limits.sends_per_second=0',
  'limits.ops_per_second=0',
];

const folders = new Set<string>();
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** A temporary folder that goes away with the test process. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'parley-test-'));
  folders.add(dir);
  return dir;
}

export function dropDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  folders.delete(dir);
}

export interface ServerOptions {
  /** `section.key=value` options; later ones win over the common ones. */
  options?: string[];
  /** Arguments put in front of the server's command line, e.g. ['prlimit', '--nofile=64']. */
  wrapper?: string[];
  args?: string[];
  env?: Record<string, string>;
  data?: string;
  listen?: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running `parley serve`. */
export class Server {
  readonly exited: Promise<Exit>;
  url = '';
  private errors = '';
  private constructor(
    private readonly child: ChildProcess,
    readonly data: string,
    private readonly ownsData: boolean,
  ) {
    running.add(child);
    child.stderr!.setEncoding('utf8');
    child.stderr!.on('data', (text: string) => {
      this.errors += text;
      if (this.errors.length > 4_000_000) this.errors = this.errors.slice(-2_000_000);
    });
    this.exited = new Promise((done) => {
      child.once('close', (code, signal) => {
        running.delete(child);
        done({ code, signal });
      });
    });
  }

  /** Resolves when the ready line was read; rejects with the log if the process ends first. */
  static async start(opts: ServerOptions = {}): Promise<Server> {
    const data = opts.data ?? tempDir();
    const line = [...(opts.wrapper ?? []), BIN, 'serve'];
    line.push('--listen', opts.listen ?? '127.0.0.1:0', '--data', data);
    for (const option of [...COMMON, ...(opts.options ?? [])]) line.push('-o', option);
    line.push(...(opts.args ?? []));
    const child = spawn(line[0]!, line.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...opts.env },
    });
    const server = new Server(child, data, opts.data === undefined);
    await server.ready();
    return server;
  }

  private ready(): Promise<void> {
    return new Promise((done, fail) => {
      let out = '';
      const timer = setTimeout(() => {
        this.child.kill('SIGKILL');
        fail(new Error(`not ready in time; log:\n${this.errors.slice(-3000)}`));
      }, PATIENCE + 10_000);
      this.child.once('error', (err) => {
        clearTimeout(timer);
        fail(err);
      });
      this.child.stdout!.setEncoding('utf8');
      this.child.stdout!.on('data', (text: string) => {
        out += text;
        const found = /^parley: ready (http:\/\/\S+)\r?\n/m.exec(out);
        if (found && !this.url) {
          this.url = found[1]!;
          clearTimeout(timer);
          done();
        }
      });
      void this.exited.then((exit) => {
        clearTimeout(timer);
        if (this.url) return;
        const end = `code ${exit.code}, signal ${exit.signal}`;
        fail(new Error(`ended before it was ready (${end}):\n${this.errors.slice(-3000)}`));
      });
    });
  }

  /** The process that was started (the wrapper, if it does not exec). */
  get pid(): number {
    return this.child.pid!;
  }
  get log(): string {
    return this.errors;
  }
  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** SIGKILL, and wait for the end. The data stays until drop(). */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM with a patience; answers how it ended. */
  async stop(): Promise<Exit> {
    if (this.alive) this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE + 10_000);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Ends it without ceremony and removes its data if this object made the folder. */
  async drop(): Promise<void> {
    if (this.alive) await this.kill();
    if (this.ownsData) dropDir(this.data);
  }
}

export interface Run {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Runs `parley ARGS` to its end with `input` on standard input. */
export function parley(args: string[], input = '', env: Record<string, string> = {}): Promise<Run> {
  return new Promise((done, fail) => {
    const child = spawn(BIN, args, { stdio: 'pipe', env: { ...process.env, ...env } });
    running.add(child);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE + 20_000);
    child.once('error', fail);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      done({ code, signal, out, err });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Starts `parley ARGS` and leaves it running; the caller ends it. */
export function parleySpawn(args: string[]): ChildProcess {
  const child = spawn(BIN, args, { stdio: 'pipe' });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

export function haveBinary(): boolean {
  return existsSync(BIN);
}
