// Entry point: starts the account that is signed in, then shows the page.
import { render } from 'preact';
import { App } from './app.tsx';
import { go, route } from './lib/route.ts';
import { session, startClient, watchNetwork } from './state/app.ts';
import './state/prefs.ts';
import { registerWorker } from './state/update.ts';
import { loadLanguage } from './strings.ts';

async function main(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) return;
  const words = loadLanguage();
  watchNetwork();
  const s = session.value;
  if (s) await startClient(s);
  else if (route.value.screen !== 'register') go({ screen: 'signIn' }, true);
  await words;
  render(<App />, root);
  registerWorker();
}

main();
