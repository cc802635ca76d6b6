// Entry point: starts the account that is signed in, then shows the page.
import { render } from 'preact';
import { App } from './app.tsx';
import { askToSignIn, session, startClient, watchNetwork } from './state/app.ts';
import './state/prefs.ts';
import { watchPush } from './state/push.ts';
import { registerWorker } from './state/update.ts';
import { loadLanguage } from './strings.ts';

async function main(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) return;
  const words = loadLanguage();
  watchNetwork();
  const s = session.value;
  if (s) await startClient(s);
  else askToSignIn();
  await words;
  render(<App />, root);
  registerWorker();
  watchPush();
}

main();
