// What others may know: held to by the server, at once.
import type { Profile } from '@parley/sdk';
import { useEffect, useState } from 'preact/hooks';
import { Switch } from '../../components/basics.tsx';
import { attempt } from '../../lib/asking.ts';
import { theClient, usePeople } from '../../state/app.ts';
import { t } from '../../strings.ts';

export function PrivacyPage() {
  usePeople();
  const c = theClient();
  const [me, setMe] = useState<Profile>(c.me);
  useEffect(() => {
    c.refreshMe().then(setMe, () => {});
  }, []);
  const set = async (change: Partial<Profile>): Promise<void> => {
    const before = me;
    setMe({ ...me, ...change });
    if (!(await attempt(() => c.setProfile(change)))) setMe(before);
  };
  return (
    <section class="card">
      <Switch
        label={t.showRead}
        hint={t.showReadHint}
        on={me.show_read !== false}
        onChange={(on) => set({ show_read: on })}
      />
      <Switch
        label={t.showTyping}
        hint={t.showTypingHint}
        on={me.show_typing !== false}
        onChange={(on) => set({ show_typing: on })}
      />
      <Switch
        label={t.showLastSeen}
        hint={t.showLastSeenHint}
        on={me.show_last_seen !== false}
        onChange={(on) => set({ show_last_seen: on })}
      />
      <p class="hint">{t.reciprocal}</p>
    </section>
  );
}
