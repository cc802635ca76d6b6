// The service worker's other half: shows what is pushed, and does what is pressed on it.

import { type KeptForPush, readKept } from './lib/kept-for-push.ts';
import { maySound } from './lib/quiet.ts';
import { pathOf } from './lib/route-paths.ts';

/** As the server writes it (protocol/ADDITIONS.md, Web Push). */
interface Payload {
  app_badge?: number;
  notification: {
    title: string;
    body: string;
    tag: string;
    timestamp?: number;
    data: { conv: string; seq: number; kind: 'text' | 'added' | 'test'; sender: string; shown: boolean };
  };
}
type Data = Payload['notification']['data'];

interface Waiting extends Event {
  waitUntil(until: Promise<unknown>): void;
}
interface Pushed extends Waiting {
  readonly data: { json(): unknown } | null;
}
interface Pressed extends Waiting {
  readonly notification: Notification;
  readonly action: string;
  /** What was written into the notification, where it can be. */
  readonly reply?: string | null;
}
interface Changed extends Waiting {
  readonly oldSubscription: PushSubscription | null;
  readonly newSubscription: PushSubscription | null;
}
interface Tab {
  readonly url: string;
  readonly focused: boolean;
  focus(): Promise<Tab>;
  postMessage(message: unknown): void;
}
interface Worker {
  addEventListener(kind: 'push', run: (e: Pushed) => void): void;
  addEventListener(kind: 'notificationclick', run: (e: Pressed) => void): void;
  addEventListener(kind: 'pushsubscriptionchange', run: (e: Changed) => void): void;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<Tab[]>;
    openWindow(path: string): Promise<unknown>;
  };
}

/** What a tab is told; state/push.ts listens. */
export type ToTab = { push: 'shown'; conv: string; seq: number } | { push: 'open'; conv: string };

const worker = self as unknown as Worker;
const tabs = (): Promise<Tab[]> => worker.clients.matchAll({ type: 'window', includeUncontrolled: true });

function call(kept: KeptForPush, method: string, path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${kept.token}`, 'content-type': 'application/json' };
  return fetch(path, { method, headers, body: JSON.stringify(body) });
}

function bodyOf(note: Payload['notification'], kept: KeptForPush | undefined): string {
  if (!kept) return note.body;
  if (note.data.kind === 'test') return kept.words.works;
  if (note.data.kind === 'added') return kept.words.added;
  return note.data.shown ? note.body : kept.words.newMessage;
}

/** Every push shows something: browsers take the permission from who shows nothing. A page that has the conversation in
 * front closes it again. */
async function show(payload: Payload | undefined): Promise<void> {
  const kept = await readKept().catch(() => undefined);
  const note = payload?.notification;
  if (!note) {
    await worker.registration.showNotification('Parley', { body: kept?.words.newMessage ?? 'New message' });
    return;
  }
  const actions =
    kept && note.data.kind === 'text'
      ? [
          { action: 'read', title: kept.words.markRead },
          { action: 'reply', title: kept.words.reply, type: 'text' },
        ]
      : [];
  const silent = kept?.noise !== undefined && !maySound(kept.noise, new Date());
  const options = {
    body: bodyOf(note, kept),
    tag: note.tag,
    renotify: !silent,
    silent,
    timestamp: note.timestamp,
    data: note.data,
    actions,
  };
  await worker.registration.showNotification(note.title, options);
  const badge = navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> };
  if (note.data.kind !== 'test' && payload.app_badge)
    await badge.setAppBadge?.(payload.app_badge).catch(() => {});
  const told: ToTab = { push: 'shown', conv: note.data.conv, seq: note.data.seq };
  for (const tab of await tabs()) tab.postMessage(told);
}

async function open(data: Data): Promise<void> {
  const there = await tabs();
  const tab = there.find((t) => t.focused) ?? there[0];
  if (!tab) {
    await worker.clients.openWindow(data.kind === 'test' ? '/' : pathOf(data.conv));
    return;
  }
  // Without a press that the browser counts it may not come to the front; it goes there all the same.
  await tab.focus().catch(() => undefined);
  if (data.kind !== 'test') tab.postMessage({ push: 'open', conv: data.conv } satisfies ToTab);
}

async function press(e: Pressed): Promise<void> {
  const data = e.notification.data as Data | null;
  e.notification.close();
  if (!data) return;
  const kept = await readKept();
  const { conv, seq } = data;
  const text = e.reply?.trim();
  if (e.action === 'read' && kept) {
    await call(kept, 'POST', '/v1/op', { op: 'ack', id: 1, read: { [conv]: seq } });
  } else if (e.action === 'reply' && text && kept) {
    const answer = await call(kept, 'POST', '/v1/messages', { conv, cmid: crypto.randomUUID(), text });
    // What could not be sent must not be lost: the conversation opens, where it is written again.
    if (!answer.ok) await open(data);
  } else await open(data);
}

/** The browser has changed the subscription by itself. */
async function renew(e: Changed): Promise<void> {
  const kept = await readKept();
  if (!kept) return;
  const options = { userVisibleOnly: true, applicationServerKey: kept.key };
  const next = e.newSubscription ?? (await worker.registration.pushManager.subscribe(options));
  const { endpoint, keys } = next.toJSON();
  const body = { kind: 'webpush', subscription: { endpoint, keys }, show_text: kept.showText };
  await call(kept, 'POST', '/v1/push', body);
}

function payloadOf(e: Pushed): Payload | undefined {
  try {
    return (e.data?.json() as Payload | undefined) ?? undefined;
  } catch {
    return undefined;
  }
}

export function listenForPushes(): void {
  worker.addEventListener('push', (e) => e.waitUntil(show(payloadOf(e))));
  worker.addEventListener('notificationclick', (e) => e.waitUntil(press(e)));
  worker.addEventListener('pushsubscriptionchange', (e) => e.waitUntil(renew(e)));
}
