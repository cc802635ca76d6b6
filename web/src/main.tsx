// Entry point: starts the account that is signed in, then shows the page.
import { render } from 'preact';
import { App } from './app.tsx';
import { fetchAhead } from './lib/lazy.tsx';
import { go, route } from './lib/route.ts';
import { fetchFor } from './screens/lazy-screens.ts';
import { askToSignIn, session, startClient, watchNetwork } from './state/app.ts';
import './state/prefs.ts';
import { watchPush } from './state/push.ts';
import { registerWorker } from './state/update.ts';
import { loadLanguage } from './strings.ts';

async function main(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) return;
  watchNetwork();
  const s = session.value;
  if (!s) askToSignIn();
  // Signed in meanwhile, as in another tab.
  else if (['signIn', 'register'].includes(route.value.screen)) go({ screen: 'list' }, true);
  await Promise.all([loadLanguage(), fetchFor(route.value), s ? startClient(s) : undefined]);
  render(<App />, root);
  registerWorker();
  watchPush();
  fetchAhead();
}

main();
