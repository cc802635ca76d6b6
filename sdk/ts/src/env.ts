// What the SDK needs from its surroundings; every part can be replaced, so that tests own time and network.

export interface SocketLike {
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string, protocols?: string | string[]) => SocketLike;

export interface ResponseLike {
  readonly status: number;
  text(): Promise<string>;
}

export interface RequestLike {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal?: unknown;
}

export type FetchLike = (url: string, init: RequestLike) => Promise<ResponseLike>;

export interface Env {
  now(): number;
  random(): number;
  uuid(): string;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  socket: SocketConstructor | undefined;
  fetch: FetchLike;
  abort(): { signal: unknown; abort(): void };
}

interface GlobalParts {
  WebSocket?: SocketConstructor;
  fetch?: FetchLike;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  crypto?: { randomUUID?(): string; getRandomValues<T extends Uint8Array>(into: T): T };
  AbortController: new () => { signal: unknown; abort(): void };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** A version 4 UUID. `randomUUID` is missing on pages that were not loaded over TLS or from loopback. */
function uuid(parts: GlobalParts): string {
  if (parts.crypto?.randomUUID) return parts.crypto.randomUUID();
  const bytes = new Uint8Array(16);
  if (parts.crypto) parts.crypto.getRandomValues(bytes);
  else for (let i = 0; i < 16; i++) bytes[i] = Math.floor(Math.random() * 256);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const h = hex(bytes);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** The surroundings of the running program; `over` replaces single parts. */
export function defaultEnv(over: Partial<Env> = {}): Env {
  const parts = globalThis as unknown as GlobalParts;
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    uuid: () => uuid(parts),
    setTimeout: (run, ms) => parts.setTimeout(run, ms),
    clearTimeout: (timer) => parts.clearTimeout(timer),
    socket: parts.WebSocket,
    fetch: (url, init) => {
      if (!parts.fetch) throw new Error('no fetch here: pass one in env');
      return parts.fetch(url, init);
    },
    abort: () => new parts.AbortController(),
    ...over,
  };
}
