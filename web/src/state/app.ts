// The account that is signed in, its client, and the signals by which screens follow it.
import {
  Client,
  type ConnectionStatus,
  type ContactLists,
  type Conversation,
  defaultEnv,
  MemoryStore,
  type Presence,
  type Profile,
  type Session,
  type Store,
  type TabChannel,
  Tabs,
} from '@parley/sdk';
import { computed, signal } from '@preact/signals';
import { tell, untell } from '../components/overlay.tsx';
import { go, type Route, route } from '../lib/route.ts';
import { HELD, slim } from '../lib/slim.ts';
import { Ticks } from '../lib/ticks.ts';
import { t } from '../strings.ts';
import { IdbStore } from './idb-store.ts';
import { soundFor } from './sound.ts';

const SESSION_KEY = 'parley.session';
const LOG_LINES = 200;

export const session = signal<Session | null>(readKept<Session>(SESSION_KEY));
export const client = signal<Client | null>(null);
export const status = signal<ConnectionStatus | null>(null);
export const updating = signal(false);
/** The server wants a newer version of this page, and the person wants to read what is here all the same. */
export const readOldVersion = signal(false);

/** A session that was ended by somebody else, and whose it was. */
export interface Ended {
  why: 'signed_out' | 'disabled';
  user: Profile;
}

const ENDED_KEY = 'parley.ended';
/** Until somebody signs in, also over a reload. */
export const ended = signal<Ended | null>(readKept<Ended>(ENDED_KEY));
/** What was not sent when it ended; undefined: look into the store. */
export const left = signal<Left[] | undefined>(undefined);

export interface Left {
  id: string;
  /** Whom it was for. */
  to: string;
  text: string;
}

export function setEnded(next: Ended | null): void {
  if (next) localStorage.setItem(ENDED_KEY, JSON.stringify(next));
  else localStorage.removeItem(ENDED_KEY);
  if (!next) left.value = undefined;
  ended.value = next;
}

/** The address somebody came for before signing in. */
let wanted: Route | undefined;

/** What this program calls itself to the server. */
export const CLIENT = 'web/1.0';
/** False where the browser keeps nothing: what waits is lost when the page is closed. */
export const durable = signal(true);
/** What the connection did, a line a step, the newest first. */
export const connectionLog = signal<string[]>([]);

const listTick = signal(0);
const peopleTick = signal(0);
const contactsTick = signal(0);
const convTicks = new Ticks();
/** By person: what they are called, and whether they are there. */
const nameTicks = new Ticks();
const presenceTicks = new Ticks();

function readKept<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

/** Many changes in one turn become one look at the screen. */
function batched(run: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      run();
    });
  };
}

const bumpList = batched(() => listTick.value++);
const bumpPeople = batched(() => peopleTick.value++);

let kept: Store | undefined;

/** The store of the running client. */
export function theStore(): Store {
  if (!kept) throw new Error('not signed in');
  return kept;
}

/** The running client. Only screens behind the sign-in call this. */
export function theClient(): Client {
  const c = client.value;
  if (!c) throw new Error('not signed in');
  return c;
}

// Each of these reads a signal, so a component that calls it is drawn again when the thing changes. A component that
// shows such a thing must call one itself: its parent's being drawn again is not enough when its properties are the same.

/** Sorted once a change, however many show it. */
const list = computed(() => {
  void listTick.value;
  return sortedConversations();
});

export const useList = (): Conversation[] => list.value;

export function useConversation(id: string): Conversation {
  convTicks.follow(id);
  return theClient().conversation(id);
}

/** Of many people, or of any. Who shows a few follows each by `nameOf` and `presenceOf`. */
export function usePeople(): Client['people'] {
  void peopleTick.value;
  return theClient().people;
}

/** As last heard; undefined before the first time. */
export function useContacts(): ContactLists | undefined {
  void contactsTick.value;
  return theClient().contacts.known;
}

export function sortedConversations(): Conversation[] {
  const c = theClient();
  const waiting = new Map(c.pending().map((item) => [item.conv, item.client_ts]));
  const shown: { conv: Conversation; at: number }[] = [];
  for (const conv of c.conversations.values()) {
    if (conv.hi === 0 && conv.lastSeq === 0 && conv.draft === '' && !waiting.has(conv.id)) continue;
    shown.push({ conv, at: Math.max(conv.activity, waiting.get(conv.id) ?? 0) });
  }
  shown.sort((a, b) => Number(b.conv.pinned) - Number(a.conv.pinned) || b.at - a.at);
  return shown.map(({ conv }) => conv);
}

export function nameOf(user: string): string {
  const c = theClient();
  nameTicks.follow(user);
  return c.people.get(user)?.display_name || c.people.get(user)?.name || '…';
}

export function titleOf(conv: Conversation): string {
  const peer = peerId(conv);
  if (peer === undefined) return conv.name || '…';
  nameTicks.follow(peer);
  return theClient().people.get(peer)?.display_name || conv.name || '…';
}

/** As far as it is known and may be. */
export function presenceOf(user: string): Presence | undefined {
  presenceTicks.follow(user);
  return theClient().people.presenceOf(user);
}

export const isOnline = (user: string | undefined): boolean =>
  user !== undefined && presenceOf(user)?.status === 'online';

export function peerId(conv: Conversation): string | undefined {
  if (conv.kind !== 'direct') return undefined;
  const [, a, b] = conv.id.split('.');
  return a === theClient().me.id ? b : a;
}

/** Nobody is signed in: to the screen for that, and afterwards to where one wanted to go. */
export function askToSignIn(): void {
  const { screen } = route.value;
  if (screen === 'signIn' || screen === 'register') return;
  wanted = route.value;
  go({ screen: 'signIn' }, true);
}

export async function signedIn(next: Session): Promise<void> {
  localStorage.setItem(SESSION_KEY, JSON.stringify(next));
  setEnded(null);
  session.value = next;
  await startClient(next);
  const { screen } = route.value;
  if (screen === 'signIn' || screen === 'register') go(wanted ?? { screen: 'list' }, true);
  wanted = undefined;
}

/** Another tab signed in or out, or found that the session has ended. */
function watchSession(): void {
  addEventListener('storage', (e) => {
    if (e.key !== SESSION_KEY) return;
    if (e.newValue === null && session.value) sessionEnded('signed_out');
    else if (e.newValue !== null && !session.value) location.reload();
  });
}

export async function signOut(): Promise<void> {
  const c = client.value;
  localStorage.removeItem(SESSION_KEY);
  client.value = null;
  session.value = null;
  untell();
  await c?.signOut().catch(() => {});
  leaveTabs();
  go({ screen: 'signIn' }, true);
}

function sessionEnded(why: Ended['why']): void {
  const c = client.value;
  // Another tab was first: it was told the same as this one, or its person signed out and wants nothing of the account
  // to stay, so that it must not be written down again.
  const told = readKept<Ended>(ENDED_KEY);
  const leaves = localStorage.getItem(SESSION_KEY) === null && !told;
  if (c && !leaves) {
    // The store has that of the other tabs, too.
    if (!durable.value)
      left.value = c
        .pending()
        .filter((i) => i.op === 'send')
        .map((i) => ({ id: i.id, to: titleOf(c.conversation(i.conv)), text: i.text ?? '' }));
    setEnded(told ?? { why, user: c.me });
  }
  localStorage.removeItem(SESSION_KEY);
  (leaves ? c?.forget() : c?.stop())?.catch(() => {});
  leaveTabs();
  client.value = null;
  session.value = null;
  untell();
  askToSignIn();
}

let tabs: Tabs | undefined;
let stopLeading = (): void => {};

/** What is signed out leads no more, nor does it wait for that: it would write down again what was just dropped. */
function leaveTabs(): void {
  tabs?.close();
  tabs = undefined;
  stopLeading();
}

/** One connection for all tabs of a device; undefined where a browser cannot tell who leads: each has its own then. */
function shareWithTabs(s: Session): Tabs | undefined {
  leaveTabs();
  if (!navigator.locks || typeof BroadcastChannel === 'undefined') return undefined;
  const channel = new BroadcastChannel(`parley-${s.user.id}`) as unknown as TabChannel;
  return new Tabs(channel, `${Date.now()}.${Math.random()}`);
}

/** The tab that holds the lock leads; the browser hands it on at the moment it ends, however that comes. */
function leadOne(s: Session, part: Tabs): void {
  const ended = new Promise<void>((go) => {
    stopLeading = go;
  });
  navigator.locks
    .request(`parley-${s.user.id}`, async () => {
      if (tabs !== part) return;
      part.lead();
      await ended;
    })
    .catch(() => {});
}

const WARNED_KEY = 'parley.warned';

let askedToKeep = false;

/** Firefox puts this to the person, so it is asked for when there is something to keep, and the answer is not waited for. */
function askToKeep(c: Client): void {
  if (askedToKeep || c.pending().length === 0) return;
  askedToKeep = true;
  navigator.storage?.persist?.().catch(() => {});
}

/** Something waits to be sent, and the browser may throw it away: said once on this device. */
async function warnOnce(c: Client): Promise<void> {
  if (
    ['online', 'outdated'].includes(c.status.state) ||
    localStorage.getItem(WARNED_KEY) ||
    c.pending().length === 0
  )
    return;
  localStorage.setItem(WARNED_KEY, 'yes');
  if (!durable.value) tell(t.cacheNone);
  else if (!(await navigator.storage?.persisted?.().catch(() => false))) tell(t.keepOpen);
}

let running: Client | undefined;

/** In a tab that follows, what the leader's connection does. */
function showStatus(): void {
  const next = tabs?.status ?? running?.status;
  if (!next) return;
  const was = status.value;
  status.value = next;
  if (was?.state === next.state && was.retryAt === next.retryAt) return;
  const wait = next.retryAt > 0 ? `, next try in ${Math.max(0, next.retryAt - Date.now())} ms` : '';
  const by = next.transport ? ` by ${next.transport}` : '';
  const line = `${new Date().toISOString()} ${next.state}${by}, try ${next.tries}${wait}`;
  connectionLog.value = [line, ...connectionLog.value].slice(0, LOG_LINES);
}

/** Tries to connect now, if it is not connected. */
export function kick(): void {
  if (tabs) tabs.kick();
  else client.value?.kick();
}

/** Drops what is kept of the server's on this device; it is loaded again. */
export function clearCache(): void {
  if (tabs) tabs.clearCache();
  else client.value?.clearCache();
}

export async function startClient(s: Session): Promise<void> {
  let store: Store;
  try {
    store = await IdbStore.open(s.user.id);
  } catch {
    store = new MemoryStore();
    durable.value = false;
  }
  tabs = shareWithTabs(s);
  if (tabs) tabs.onstatus = showStatus;
  const env = tabs ? { socket: tabs.sockets(defaultEnv().socket) } : {};
  kept = tabs?.store(store) ?? store;
  const c = new Client({
    url: location.origin,
    session: s,
    client: CLIENT,
    store: kept,
    env,
  });
  tabs?.attach(c);
  c.on('list', bumpList);
  c.on('conversation', (id) => convTicks.bump(id));
  c.on('typing', (id) => convTicks.bump(id));
  c.on('person', ({ id }) => {
    nameTicks.bump(id);
    bumpPeople();
  });
  c.on('presence', (id) => {
    presenceTicks.bump(id);
    bumpPeople();
  });
  c.on('me', bumpPeople);
  c.on('updating', (busy) => {
    updating.value = busy;
  });
  c.on('contacts', () => contactsTick.value++);
  c.on('reset', () => convTicks.bumpAll());
  c.on('status', (next) => {
    showStatus();
    if (next.state === 'signed_out' || next.state === 'disabled') sessionEnded(next.state);
  });
  c.on('entry', ({ conversation }) => {
    const r = route.value;
    // What is on the screen is let go of by what draws it.
    if (r.screen !== 'conversation' || r.conv !== conversation.id) slim(conversation, HELD);
  });
  soundFor(c, () => tabs?.leads ?? true);
  running = c;
  await c.start();
  client.value = c;
  if (tabs) leadOne(s, tabs);
  c.on('conversation', () => {
    askToKeep(c);
    warnOnce(c);
  });
}

/** Signs that a try to connect would work now. */
export function watchNetwork(): void {
  let hiddenAt = 0;
  watchSession();
  addEventListener('pagehide', (e) => {
    client.value?.hurry();
    if (e.isTrusted && !e.persisted) tabs?.bye();
  });
  addEventListener('online', kick);
  document.addEventListener('visibilitychange', () => {
    const c = client.value;
    if (document.visibilityState === 'hidden') hiddenAt = Date.now();
    else if (
      c?.status.state !== 'replaced' &&
      (Date.now() - hiddenAt > 30_000 || c?.status.state === 'waiting')
    ) {
      kick();
    }
  });
}
