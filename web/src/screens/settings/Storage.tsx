// Habits of chats on this device, and what of them is kept here.
import { useState } from 'preact/hooks';
import { Choices } from '../../components/basics.tsx';
import { Icon } from '../../components/Icon.tsx';
import { confirm, tell } from '../../components/overlay.tsx';
import { useLoaded } from '../../lib/asking.ts';
import { byteSize } from '../../lib/format.ts';
import { go } from '../../lib/route.ts';
import { clearCache, durable, status, theClient, useList } from '../../state/app.ts';
import { type Prefs, prefs, setPrefs } from '../../state/prefs.ts';
import { t } from '../../strings.ts';

interface Room {
  used: number;
  safe: boolean;
}

async function room(): Promise<Room> {
  const storage = navigator.storage as StorageManager | undefined;
  const [estimate, safe] = await Promise.all([storage?.estimate?.(), storage?.persisted?.()]);
  return { used: estimate?.usage ?? 0, safe: safe === true };
}

function Saved() {
  const [cleared, setCleared] = useState(0);
  const { value } = useLoaded(room, [cleared]);
  if (!durable.value) return <p class="notice">{t.cacheNone}</p>;
  const clear = async (): Promise<void> => {
    if (!(await confirm(t.cacheClearConfirm, t.cacheClear))) return;
    clearCache();
    tell(t.cacheCleared);
    setTimeout(() => setCleared((n) => n + 1), 500);
  };
  return (
    <>
      <p class="hint">{t.cacheHint}</p>
      {value ? <p>{t.cacheSize(byteSize(value.used))}</p> : null}
      {value && !value.safe ? <p class="hint">{t.cacheAtRisk}</p> : null}
      <button
        type="button"
        class="button button-plain"
        disabled={status.value?.state !== 'online'}
        onClick={clear}
      >
        {t.cacheClear}
      </button>
    </>
  );
}

export function StoragePage() {
  useList();
  const p = prefs.value;
  const waiting = theClient().pending();
  const failed = waiting.some((i) => i.failed);
  return (
    <>
      <section class="card">
        <button
          type="button"
          class="action"
          data-go="unsent"
          onClick={() => go({ screen: 'settings', page: 'unsent' })}
        >
          <Icon name="send" />
          <span>{t.unsent}</span>
          {waiting.length > 0 ? (
            <span class={`badge ${failed ? 'badge-failed' : 'badge-muted'}`}>{waiting.length}</span>
          ) : null}
          <Icon name="chevron" size={16} />
        </button>
      </section>
      <section class="card">
        <Choices
          legend={t.openAt}
          name="open-at"
          options={Object.entries(t.openAtChoices) as [Prefs['openAt'], string][]}
          value={p.openAt}
          choose={(openAt) => setPrefs({ openAt })}
        />
      </section>
      <section class="card">
        <Choices
          legend={t.enterKey}
          name="enter"
          options={Object.entries(t.enterChoices) as [Prefs['enter'], string][]}
          value={p.enter}
          choose={(enter) => setPrefs({ enter })}
        />
      </section>
      <section class="card">
        <h3>{t.cache}</h3>
        <Saved />
      </section>
    </>
  );
}
