// All keys, as a page; the sheet that Ctrl+/ opens shows the same.
import { Switch } from '../../components/basics.tsx';
import { ShortcutList } from '../../components/ShortcutSheet.tsx';
import { prefs, setPrefs } from '../../state/prefs.ts';
import { t } from '../../strings.ts';

export function ShortcutsPage() {
  return (
    <>
      <section class="card">
        <Switch
          label={t.moreKeys}
          hint={t.moreKeysHint}
          on={prefs.value.moreKeys}
          onChange={(moreKeys) => setPrefs({ moreKeys })}
        />
      </section>
      <section class="card">
        <ShortcutList />
      </section>
    </>
  );
}
