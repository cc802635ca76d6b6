// Notifications of a closed app: whether this device has them, and how they come and go.
import { Push } from '@parley/sdk';
import { effect, signal } from '@preact/signals';
import { dropKept, keep, readKept } from '../lib/kept-for-push.ts';
import type { Noise } from '../lib/quiet.ts';
import { go, route } from '../lib/route.ts';
import type { ToTab } from '../push-worker.ts';
import { language, t } from '../strings.ts';
import { client, session } from './app.ts';
import { prefs } from './prefs.ts';

/** unknown: not looked at yet. home: only from the home screen (Apple). */
export type PushState = 'unknown' | 'on' | 'off' | 'blocked' | 'unsupported' | 'home' | 'no_server';

export const pushState = signal<PushState>('unknown');
export const pushText = signal(localStorage.getItem('parley.push.text') !== 'no');
const ID = 'parley.push.id';

const able = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
const onApple = (): boolean =>
  /iPhone|iPad/.test(navigator.userAgent) && !matchMedia('(display-mode: standalone)').matches;

function api(): Push {
  const c = client.value;
  if (!c) throw new Error('not signed in');
  return new Push(c.rest);
}

function words() {
  return {
    newMessage: t.pushNewMessage,
    added: t.pushAdded,
    works: t.pushWorks,
    markRead: t.pushMarkRead,
    reply: t.pushReply,
  };
}

const noise = (): Noise => {
  const { sound, quiet, quietFrom, quietTo } = prefs.value;
  return { sound, quiet, quietFrom, quietTo };
};

const bytes = (key: string): Uint8Array<ArrayBuffer> => {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
};

/** Was it made with this key? A server that lost its key has another. */
function isFor(subscription: PushSubscription, key: string): boolean {
  const made = subscription.options.applicationServerKey;
  if (!made) return true;
  const [a, b] = [new Uint8Array(made), bytes(key)];
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Subscribes where that has not been done, and tells the server; the permission is there. */
async function subscribe(): Promise<void> {
  const s = session.value;
  const key = await api().key();
  if (!key || !s) {
    pushState.value = 'no_server';
    return;
  }
  const { pushManager } = await navigator.serviceWorker.ready;
  let subscription = await pushManager.getSubscription();
  if (subscription && !isFor(subscription, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(key),
  });
  const id = await api().subscribe(subscription.toJSON(), pushText.value);
  localStorage.setItem(ID, id);
  await keep({
    user: s.user.id,
    token: s.token,
    key,
    showText: pushText.value,
    noise: noise(),
    words: words(),
  });
  pushState.value = 'on';
}

/** To be called at every start: what the browser or the server has forgotten is made good, nothing is asked. */
export async function checkPush(): Promise<void> {
  if (!able()) {
    pushState.value = onApple() ? 'home' : 'unsupported';
    return;
  }
  if (Notification.permission === 'denied') pushState.value = 'blocked';
  else if (Notification.permission !== 'granted' || !localStorage.getItem(ID)) pushState.value = 'off';
  else await subscribe();
}

/** After a press only: asks, where it has not been asked. False: the browser's service cannot be reached. */
export async function turnPushOn(): Promise<boolean> {
  const answer = await Notification.requestPermission();
  if (answer !== 'granted') {
    pushState.value = answer === 'denied' ? 'blocked' : 'off';
    return true;
  }
  try {
    await subscribe();
    return true;
  } catch {
    return false;
  }
}

export async function turnPushOff(): Promise<void> {
  const id = localStorage.getItem(ID);
  localStorage.removeItem(ID);
  pushState.value = 'off';
  await dropKept();
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  if (id) await api().unsubscribe(id);
}

export async function testPush(): Promise<void> {
  await api().test(localStorage.getItem(ID) ?? '');
}

export async function setPushText(on: boolean): Promise<void> {
  pushText.value = on;
  localStorage.setItem('parley.push.text', on ? 'yes' : 'no');
  if (pushState.value === 'on') await subscribe();
}

/** Conversations with something unread, on the icon of the app. */
export function showBadge(unread: number): void {
  const n = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> };
  n.setAppBadge?.(unread).catch(() => {});
}

/** Takes away what was read, here or on another device, or is in front. */
async function tidy(): Promise<void> {
  const c = client.value;
  const registration = c ? await navigator.serviceWorker.getRegistration() : undefined;
  for (const note of (await registration?.getNotifications()) ?? []) {
    const data = note.data as { conv?: string; seq?: number } | null;
    const conv = data?.conv ? c?.conversations.get(data.conv) : undefined;
    const inFront =
      document.hasFocus() && route.value.screen === 'conversation' && route.value.conv === data?.conv;
    if (inFront || (conv && (data?.seq ?? 0) <= conv.read)) note.close();
  }
}

let planned = false;
function tidySoon(): void {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    tidy().catch(() => {});
  }, 300);
}

/** Follows the client, the words and the worker, for as long as the page lives. */
export function watchPush(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', (e) => {
    const told = e.data as ToTab | undefined;
    if (told?.push === 'open') go({ screen: 'conversation', conv: told.conv });
    else if (told?.push === 'shown') tidySoon();
  });
  addEventListener('focus', tidySoon);
  effect(() => {
    const c = client.value;
    if (!c) {
      if (!session.value) {
        localStorage.removeItem(ID);
        dropKept().catch(() => {});
        showBadge(0);
      }
      return;
    }
    c.on('list', tidySoon);
    checkPush().catch(() => {});
  });
  effect(() => {
    void language.value;
    const now = noise();
    if (pushState.peek() !== 'on') return;
    readKept()
      .then((kept) => (kept ? keep({ ...kept, noise: now, words: words() }) : undefined))
      .catch(() => {});
  });
}
