// The server wants a newer version of this page: says so, says that nothing is lost, and gets it.
import { useState } from 'preact/hooks';
import { CLIENT, readOldVersion, status, theClient } from '../state/app.ts';
import { update } from '../state/update.ts';
import { t } from '../strings.ts';
import { Logo, NewHeading } from './SignIn.tsx';

/** Which version was to be replaced in this tab: when it is there again, the server has no newer one yet. */
const TRIED_KEY = 'parley.update-tried';

export function UpdateNeeded() {
  const c = theClient();
  const [busy, setBusy] = useState(false);
  const tried = sessionStorage.getItem(TRIED_KEY) === CLIENT;
  const unsent = c.pending().length;
  const go = async (): Promise<void> => {
    setBusy(true);
    sessionStorage.setItem(TRIED_KEY, CLIENT);
    await update(true);
  };
  return (
    <main class="sign-in">
      <div class="sign-in-card update-needed">
        <Logo />
        <NewHeading>{t.updateNeeded}</NewHeading>
        <p>{t.updateNeededText}</p>
        <p class="hint">{unsent > 0 ? t.updateKeepsUnsent(unsent) : t.updateKeeps}</p>
        {tried && !busy ? (
          <p class="notice" role="status">
            {t.updateNotThere}
          </p>
        ) : null}
        <button type="button" class="button button-wide" disabled={busy} onClick={go}>
          {busy ? t.updating : tried ? t.tryAgain : t.updateNow}
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            readOldVersion.value = true;
          }}
        >
          {t.readOffline}
        </button>
        <p class="hint">
          {t.version}: {CLIENT} → {status.value?.oldestClient}
        </p>
      </div>
    </main>
  );
}
