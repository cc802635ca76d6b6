// What the page keeps for the service worker, which has no other way to it while the page is closed: whose device this
// is, the words of the language in use, and when it may make a noise.

import type { Noise } from './quiet.ts';

/** The cache that it lies in: beside those of the shell, and kept when the shell is replaced. */
export const KEPT = 'push';
const PLACE = '/kept-for-push';

export interface KeptForPush {
  user: string;
  token: string;
  /** The server's key at the last subscription, and what was asked for then. */
  key: string;
  showText: boolean;
  /** Missing: kept by an older version, which had no such setting. */
  noise?: Noise;
  words: { newMessage: string; added: string; works: string; markRead: string; reply: string };
}

export async function readKept(): Promise<KeptForPush | undefined> {
  const found = await (await caches.open(KEPT)).match(PLACE);
  return found ? ((await found.json()) as KeptForPush) : undefined;
}

export async function keep(what: KeptForPush): Promise<void> {
  const answer = new Response(JSON.stringify(what), { headers: { 'content-type': 'application/json' } });
  await (await caches.open(KEPT)).put(PLACE, answer);
}

export async function dropKept(): Promise<void> {
  await caches.delete(KEPT);
}
