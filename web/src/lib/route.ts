// Addresses: which screen is shown, and how to get to another one. A conversation id has its dots as hyphens, because
// the server takes a path with a dot for a file.
import { signal } from '@preact/signals';
import { pathOf as pathOfConv } from './route-paths.ts';

/** In the order of the menu. */
const settingsPages = [
  'profile',
  'privacy',
  'notifications',
  'appearance',
  'storage',
  'unsent',
  'devices',
  'blocked',
  'shortcuts',
  'about',
] as const;

export type SettingsPage = 'menu' | (typeof settingsPages)[number];

/** What stands beside a conversation. With `seq` and without a panel, the message is jumped to. */
export type Panel = 'details' | 'add' | 'message' | 'forward';

export type Route =
  | { screen: 'list' }
  | { screen: 'conversation'; conv: string; panel?: Panel; seq?: number }
  | { screen: 'search'; query: string }
  | { screen: 'people' }
  | { screen: 'share'; text: string }
  | { screen: 'newChat' }
  | { screen: 'newGroup' }
  | { screen: 'settings'; page: SettingsPage }
  | { screen: 'signIn' }
  | { screen: 'register' };

export function parse(address: string): Route {
  const { pathname, searchParams } = new URL(address, location.origin);
  const parts = pathname.split('/').filter(Boolean);
  const [a, b, c, d] = parts;
  if (a === 'c' && b) {
    const conv = b.replaceAll('-', '.');
    if (c === 'details') return { screen: 'conversation', conv, panel: d === 'add' ? 'add' : 'details' };
    if (c === 'm' && d) {
      const panel = parts[4] === 'forward' ? 'forward' : 'message';
      return { screen: 'conversation', conv, panel, seq: Number(d) };
    }
    const seq = Number(searchParams.get('m'));
    return seq > 0 ? { screen: 'conversation', conv, seq } : { screen: 'conversation', conv };
  }
  if (a === 'new') return { screen: b === 'group' ? 'newGroup' : 'newChat' };
  if (a === 'settings') {
    return { screen: 'settings', page: settingsPages.find((p) => p === b) ?? 'menu' };
  }
  if (a === 'search') return { screen: 'search', query: searchParams.get('q') ?? '' };
  if (a === 'people') return { screen: 'people' };
  if (a === 'share') {
    // What other apps hand over comes in these parts; several of them often say the same.
    const given = ['title', 'text', 'url'].map((name) => searchParams.get(name)?.trim() ?? '');
    return { screen: 'share', text: [...new Set(given.filter(Boolean))].join('\n') };
  }
  if (a === 'signin') return { screen: 'signIn' };
  if (a === 'register') return { screen: 'register' };
  return { screen: 'list' };
}

export function pathOf(r: Route): string {
  switch (r.screen) {
    case 'conversation': {
      const base = pathOfConv(r.conv);
      if (r.panel === 'details') return `${base}/details`;
      if (r.panel === 'add') return `${base}/details/add`;
      if (r.panel === 'message') return `${base}/m/${r.seq ?? 0}`;
      if (r.panel === 'forward') return `${base}/m/${r.seq ?? 0}/forward`;
      return r.seq ? `${base}?m=${r.seq}` : base;
    }
    case 'search':
      return `/search?q=${encodeURIComponent(r.query)}`;
    case 'people':
      return '/people';
    case 'share':
      return `/share?text=${encodeURIComponent(r.text)}`;
    case 'newChat':
      return '/new';
    case 'newGroup':
      return '/new/group';
    case 'settings':
      return r.page === 'menu' ? '/settings' : `/settings/${r.page}`;
    case 'signIn':
      return '/signin';
    case 'register':
      return '/register';
    default:
      return '/';
  }
}

export const route = signal<Route>(parse(location.href));

/** How deep we are in our own history: Back inside the page must never leave it from a conversation. */
let depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);

export function go(to: Route, replace = false): void {
  const path = pathOf(to);
  if (path === location.pathname + location.search) {
    route.value = to;
    return;
  }
  if (replace) history.replaceState({ depth }, '', path);
  else history.pushState({ depth: ++depth }, '', path);
  route.value = to;
}

/** One level up: through the history when we came from there, else straight to the screen above. */
export function back(above: Route): void {
  if (depth > 0) history.back();
  else go(above, true);
}

addEventListener('popstate', () => {
  depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);
  route.value = parse(location.href);
});
