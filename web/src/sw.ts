// The service worker: keeps the shell (page, script, style, icon) so that it opens without a network. What is shown in
// it comes from the client's store, and nothing of the server's answers is kept here.

import { KEPT } from './lib/kept-for-push.ts';
import { listenForPushes } from './push-worker.ts';

/** Set by the build: the files of the shell, and a name that changes with any of them. */
declare const SHELL: string[];
declare const VERSION: string;

interface Waiting extends Event {
  waitUntil(until: Promise<unknown>): void;
}

interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Worker {
  addEventListener(kind: 'install' | 'activate', run: (e: Waiting) => void): void;
  addEventListener(kind: 'fetch', run: (e: Fetching) => void): void;
  addEventListener(kind: 'message', run: (e: MessageEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

const worker = self as unknown as Worker;
const PAGE = '/index.html';
/** All addresses are those of screens (lib/route.ts) but these, and files, which have a dot. */
const servers = /^\/(?:v1|healthz|readyz|metrics)(?:\/|$)|\./;

async function keep(): Promise<void> {
  const cache = await caches.open(VERSION);
  await cache.addAll(SHELL.map((path) => new Request(path, { cache: 'reload' })));
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) if (name !== VERSION && name !== KEPT) await caches.delete(name);
  await worker.clients.claim();
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(VERSION);
  return (await cache.match(path)) ?? fetch(request);
}

worker.addEventListener('install', (e) => e.waitUntil(keep()));
worker.addEventListener('activate', (e) => e.waitUntil(takeOver()));
worker.addEventListener('message', (e) => {
  if (e.data === 'take over') worker.skipWaiting();
});
worker.addEventListener('fetch', (e) => {
  const { request } = e;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (!servers.test(url.pathname)) e.respondWith(kept(PAGE, request));
  } else if (SHELL.includes(url.pathname)) e.respondWith(kept(url.pathname, request));
});
listenForPushes();
