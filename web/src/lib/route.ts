// Addresses: which screen is shown, and how to get to another one. A conversation id has its dots as hyphens, because
// the server takes a path with a dot for a file.
import { signal } from '@preact/signals';

export type SettingsPage = 'menu' | 'profile' | 'privacy' | 'devices' | 'blocked' | 'appearance';

export type Route =
  | { screen: 'list' }
  | { screen: 'conversation'; conv: string; panel?: 'details' | 'add' | 'message'; seq?: number }
  | { screen: 'newChat' }
  | { screen: 'newGroup' }
  | { screen: 'settings'; page: SettingsPage }
  | { screen: 'signIn' }
  | { screen: 'register' };

const pages: SettingsPage[] = ['profile', 'privacy', 'devices', 'blocked', 'appearance'];

export function parse(path: string): Route {
  const parts = path.split('/').filter(Boolean);
  const [a, b, c, d] = parts;
  if (a === 'c' && b) {
    const conv = b.replaceAll('-', '.');
    if (c === 'details') return { screen: 'conversation', conv, panel: d === 'add' ? 'add' : 'details' };
    if (c === 'm' && d) return { screen: 'conversation', conv, panel: 'message', seq: Number(d) };
    return { screen: 'conversation', conv };
  }
  if (a === 'new') return { screen: b === 'group' ? 'newGroup' : 'newChat' };
  if (a === 'settings') {
    return { screen: 'settings', page: pages.find((p) => p === b) ?? 'menu' };
  }
  if (a === 'signin') return { screen: 'signIn' };
  if (a === 'register') return { screen: 'register' };
  return { screen: 'list' };
}

export function pathOf(r: Route): string {
  switch (r.screen) {
    case 'conversation': {
      const base = `/c/${r.conv.replaceAll('.', '-')}`;
      if (r.panel === 'details') return `${base}/details`;
      if (r.panel === 'add') return `${base}/details/add`;
      return r.panel === 'message' ? `${base}/m/${r.seq ?? 0}` : base;
    }
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

export const route = signal<Route>(parse(location.pathname));

/** How deep we are in our own history: Back inside the page must never leave it from a conversation. */
let depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);

export function go(to: Route, replace = false): void {
  const path = pathOf(to);
  if (path === location.pathname) {
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
  route.value = parse(location.pathname);
});
