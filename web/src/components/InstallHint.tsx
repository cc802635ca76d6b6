// The one suggestion to install the app, below the list of chats.
import { install, installAsked, installHint } from '../state/install.ts';
import { t } from '../strings.ts';
import { IconButton } from './basics.tsx';
import { Icon } from './Icon.tsx';

export function InstallHint() {
  if (!installHint()) return null;
  return (
    <section class="install-hint" aria-label={t.install}>
      <Icon name="download" />
      <p>
        <strong>{t.install}</strong>
        {t.installHint}
      </p>
      <button type="button" class="button" onClick={() => install().catch(() => {})}>
        {t.installNow}
      </button>
      <IconButton icon="close" label={t.notNow} onClick={installAsked} />
    </section>
  );
}
