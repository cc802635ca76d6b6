// The state of the connection in one slim bar; said only when it has something to say.
import { useEffect, useState } from 'preact/hooks';
import { kick, status, updating } from '../state/app.ts';
import { update, updateReady } from '../state/update.ts';
import { t } from '../strings.ts';
import { announce } from './overlay.tsx';

/** A loss shorter than this is nobody's business. */
const QUIET_MS = 2000;
const SLOW_MS = 1000;

/** `quiet` for a second one on the same page: losing the connection and having it back are announced once. */
export function Banner({ quiet = false }: { quiet?: boolean }) {
  const now = status.value;
  const busy = updating.value;
  const [, again] = useState(0);
  const [wasAway, setWasAway] = useState(false);
  const [backUntil, setBackUntil] = useState(0);
  const away = now !== null && !['online', 'stopped', 'outdated'].includes(now.state);
  useEffect(() => {
    if (!away) return;
    const timer = setInterval(() => again((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [away]);
  // Whoever catches up in a moment says nothing of it.
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!busy || away) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [busy, away]);
  const late = away && now !== null && Date.now() - now.lostAt >= QUIET_MS;
  useEffect(() => {
    if (!late) return;
    setWasAway(true);
    if (!quiet) announce(navigator.onLine ? t.errors.unreachable : t.offline);
  }, [late]);
  useEffect(() => {
    if (away || !wasAway) return;
    setWasAway(false);
    if (!quiet) announce(t.backOnline);
    setBackUntil(Date.now() + 1500);
    const timer = setTimeout(() => setBackUntil(0), 1500);
    return () => clearTimeout(timer);
  }, [away, wasAway]);

  if (!now) return null;
  let text = '';
  let action: { label: string; run: () => void } | undefined;
  if (now.state === 'replaced') {
    text = t.replaced;
    action = { label: t.useHere, run: kick };
  } else if (now.state === 'outdated') {
    text = t.tooOld;
    action = { label: t.update, run: () => update(true) };
  } else if (late && !navigator.onLine) text = t.offline;
  else if (late && now.state === 'waiting') {
    text = t.unreachable(Math.max(1, Math.ceil((now.retryAt - Date.now()) / 1000)));
    action = { label: t.tryNow, run: kick };
  } else if (late) text = t.connecting;
  else if (slow) text = t.updating;
  else if (backUntil > Date.now()) text = t.backOnline;
  else if (updateReady.value) {
    text = t.newVersion;
    action = { label: t.update, run: () => update() };
  }
  if (!text) return null;
  return (
    <div class={`banner ${text === t.backOnline ? 'banner-good' : ''}`}>
      <span>{text}</span>
      {action ? (
        <button type="button" class="banner-action" onClick={action.run}>
          {action.label}
        </button>
      ) : null}
    </div>
  );
}
