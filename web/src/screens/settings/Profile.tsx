// What others see of oneself.
import { useEffect, useState } from 'preact/hooks';
import { Avatar, TextField } from '../../components/basics.tsx';
import { tell } from '../../components/overlay.tsx';
import { attempt } from '../../lib/asking.ts';
import { theClient } from '../../state/app.ts';
import { t } from '../../strings.ts';

export function ProfilePage() {
  const c = theClient();
  const [name, setName] = useState(c.me.display_name);
  const [about, setAbout] = useState(c.me.about ?? '');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    c.refreshMe().then(
      (me) => setAbout((old) => old || (me.about ?? '')),
      () => {},
    );
  }, []);
  const changed = name.trim() !== c.me.display_name || about !== (c.me.about ?? '');
  const save = async (e: Event): Promise<void> => {
    e.preventDefault();
    setBusy(true);
    if (await attempt(() => c.setProfile({ display_name: name.trim(), about }))) tell(t.saved);
    setBusy(false);
  };
  return (
    <form class="settings-page" onSubmit={save}>
      <div class="face">
        <Avatar id={c.me.id} name={name || c.me.name} size="big" />
        <p class="hint">
          <bdi>@{c.me.name}</bdi>
        </p>
      </div>
      <section class="card">
        <TextField
          label={t.displayName}
          value={name}
          onInput={setName}
          maxLength={64}
          autocapitalize="words"
          hint={t.yourName}
        />
        <TextField
          label={t.aboutYou}
          value={about}
          onInput={setAbout}
          maxLength={140}
          autocapitalize="sentences"
        />
        <button type="submit" class="button" disabled={!changed || busy || !name.trim()}>
          {t.save}
        </button>
      </section>
    </form>
  );
}
