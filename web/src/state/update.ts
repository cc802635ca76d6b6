// The service worker, and how the page gets to its next version: by itself while it opens, later only when told to.
import { signal } from '@preact/signals';
import { client } from './app.ts';

/** A newer version waits; `update` goes to it. */
export const updateReady = signal(false);

const SCRIPT = '/sw.js';
const LOOK_MS = 3600_000;
const FETCH_MS = 10_000;

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

let registration: ServiceWorkerRegistration | undefined;
let reloads = false;

/** The content policy takes script addresses from this policy only, and this policy knows one. */
function scriptUrl(): string {
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy('app', {
    createScriptURL(url) {
      if (url !== SCRIPT) throw new TypeError(url);
      return url;
    },
  });
  return policy?.createScriptURL(SCRIPT) ?? SCRIPT;
}

function takeOver(): void {
  reloads = true;
  registration?.waiting?.postMessage('take over');
}

export async function registerWorker(): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers) return;
  const before = workers.controller;
  workers.addEventListener('controllerchange', () => {
    // Another tab went on: this one keeps what it has until somebody says so.
    if (reloads) location.reload();
    else if (before) updateReady.value = true;
  });
  // Registering waits for a look for the next version that is under way, which may take seconds; this does not.
  const known = await workers.getRegistration().catch(() => undefined);
  if (known) follow(known, workers);
  // Nothing has been typed yet.
  if (known?.waiting && before) takeOver();
  const made = await workers.register(scriptUrl()).catch(() => undefined);
  if (!made) return;
  if (made !== known) follow(made, workers);
  if (made.waiting && before && !reloads) updateReady.value = true;
  setInterval(() => made.update().catch(() => {}), LOOK_MS);
}

function follow(made: ServiceWorkerRegistration, workers: ServiceWorkerContainer): void {
  registration = made;
  made.addEventListener('updatefound', () => {
    const next = made.installing;
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && workers.controller) updateReady.value = true;
    });
  });
}

/** Has the newest version that the server has wait here; gives up after a while. */
async function fetchNext(): Promise<void> {
  const made = registration;
  if (!made) return;
  await made.update().catch(() => {});
  const next = made.installing;
  if (!next) return;
  await new Promise<void>((go) => {
    next.addEventListener('statechange', () => go());
    setTimeout(go, FETCH_MS);
  });
}

/** Saves what was typed, then reloads with the newest version; `look`: one that this page has not heard of, too. */
export async function update(look = false): Promise<void> {
  dispatchEvent(new Event('pagehide'));
  await client.value?.hurry();
  if (look && !registration?.waiting) await fetchNext();
  if (registration?.waiting) takeOver();
  else location.reload();
}
