// Notifications: on this device or not and why, what they show, and which chats are left out.
import { useState } from 'preact/hooks';
import { Switch } from '../../components/basics.tsx';
import { attempt } from '../../lib/asking.ts';
import { theClient, titleOf, useList } from '../../state/app.ts';
import { prefs, setPrefs } from '../../state/prefs.ts';
import {
  type PushState,
  pushState,
  pushText,
  setPushText,
  testPush,
  turnPushOff,
  turnPushOn,
} from '../../state/push.ts';
import { play } from '../../state/sound.ts';
import { t } from '../../strings.ts';
import { isMuted, mutedWords } from '../chat-menu.ts';

const words = (): Record<PushState, string> => ({
  unknown: t.loading,
  on: t.pushOn,
  off: t.pushOff,
  blocked: t.pushBlocked,
  unsupported: t.pushUnsupported,
  home: t.pushHome,
  no_server: t.pushNoServer,
});

function ThisDevice() {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const state = pushState.value;
  const doing = async (what: () => Promise<string>): Promise<void> => {
    setBusy(true);
    setSaid('');
    await attempt(async () => setSaid(await what()));
    setBusy(false);
  };
  const turn = (on: boolean) =>
    doing(async () => {
      if (on) return (await turnPushOn()) ? '' : t.pushFailed;
      await turnPushOff();
      return '';
    });
  const test = () =>
    doing(async () => {
      await testPush();
      return t.pushTested;
    });
  return (
    <section class="card" data-push={state}>
      <Switch
        label={t.pushThis}
        hint={t.pushHint}
        on={state === 'on'}
        disabled={busy || (state !== 'on' && state !== 'off')}
        onChange={turn}
      />
      <p class="hint" role="status">
        {said || words()[state]}
      </p>
      <Switch
        label={t.pushText}
        hint={t.pushTextHint}
        on={pushText.value}
        onChange={(on) => attempt(() => setPushText(on))}
      />
      {state === 'on' ? (
        <button type="button" class="button button-plain" disabled={busy} onClick={test}>
          {t.pushTest}
        </button>
      ) : null}
    </section>
  );
}

function Sounds() {
  const p = prefs.value;
  const time = (label: string, key: 'quietFrom' | 'quietTo') => (
    <label class="time-field">
      <span>{label}</span>
      <input
        type="time"
        value={p[key]}
        required
        onChange={(e) => e.currentTarget.value && setPrefs({ [key]: e.currentTarget.value })}
      />
    </label>
  );
  return (
    <section class="card">
      <Switch
        label={t.sound}
        hint={t.soundHint}
        on={p.sound}
        onChange={(sound) => {
          setPrefs({ sound });
          if (sound) play();
        }}
      />
      <Switch
        label={t.quietHours}
        hint={t.quietHint}
        on={p.quiet}
        disabled={!p.sound}
        onChange={(quiet) => setPrefs({ quiet })}
      />
      {p.sound && p.quiet ? (
        <div class="time-fields">
          {time(t.quietFrom, 'quietFrom')}
          {time(t.quietTo, 'quietTo')}
        </div>
      ) : null}
    </section>
  );
}

export function NotificationsPage() {
  const muted = useList().filter(isMuted);
  return (
    <>
      <ThisDevice />
      <Sounds />
      <section class="card">
        <h3>{t.pushMutedChats}</h3>
        {muted.length === 0 ? <p class="hint">{t.pushNoneMuted}</p> : null}
        <ul class="plain-list">
          {muted.map((conv) => (
            <li key={conv.id}>
              <span class="member-name">
                <span dir="auto">{titleOf(conv)}</span>
                <small>{mutedWords(conv)}</small>
              </span>
              <button type="button" class="link" onClick={() => theClient().set(conv.id, { muted_until: 0 })}>
                {t.unmute}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
