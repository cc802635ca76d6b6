// Putting the app on the device: what the browser offers, and the one time that it is suggested.
import { signal } from '@preact/signals';

/** Chromium's offer; others have none. */
interface Offer extends Event {
  prompt(): Promise<unknown>;
  readonly userChoice: Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

/** now: by a press. home: by hand, from the browser's share menu (Apple). */
export type InstallState = 'now' | 'home' | 'installed' | 'unsupported';

const VISITS_KEY = 'parley.visits';
const ASKED_KEY = 'parley.install-asked';
/** Whoever came this often may want to keep it. */
const VISITS = 3;

const standalone = (): boolean => matchMedia('(display-mode: standalone)').matches;
const onApple = (): boolean => /iPhone|iPad/.test(navigator.userAgent);

export const installState = signal<InstallState>(
  standalone() ? 'installed' : onApple() ? 'home' : 'unsupported',
);
const asked = signal(localStorage.getItem(ASKED_KEY) !== null);
const visits = countVisit();
let offer: Offer | undefined;

/** A tab counts once, however often it is loaded. */
function countVisit(): number {
  const before = Number(localStorage.getItem(VISITS_KEY) ?? 0);
  if (sessionStorage.getItem(VISITS_KEY)) return before;
  sessionStorage.setItem(VISITS_KEY, 'yes');
  localStorage.setItem(VISITS_KEY, String(before + 1));
  return before + 1;
}

/** Is this the time to suggest it? */
export const installHint = (): boolean => installState.value === 'now' && !asked.value && visits >= VISITS;

/** It was suggested, and will not be again. */
export function installAsked(): void {
  localStorage.setItem(ASKED_KEY, 'yes');
  asked.value = true;
}

/** After a press only: the browser asks. */
export async function install(): Promise<void> {
  installAsked();
  const made = offer;
  if (!made) return;
  offer = undefined;
  await made.prompt();
  const { outcome } = await made.userChoice;
  installState.value = outcome === 'accepted' ? 'installed' : 'unsupported';
}

addEventListener('beforeinstallprompt', (e) => {
  // The browser's own suggestion comes at the wrong moment.
  e.preventDefault();
  offer = e as Offer;
  installState.value = 'now';
});
addEventListener('appinstalled', () => {
  installState.value = 'installed';
});
