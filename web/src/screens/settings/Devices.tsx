// Where the account is signed in, and signing out from afar.
import type { Device } from '@parley/sdk';
import { Failed, Spinner } from '../../components/basics.tsx';
import { Icon } from '../../components/Icon.tsx';
import { confirm } from '../../components/overlay.tsx';
import { attempt, useLoaded } from '../../lib/asking.ts';
import { rowTime } from '../../lib/format.ts';
import { theClient } from '../../state/app.ts';
import { t } from '../../strings.ts';

function Row({ device: d, remove }: { device: Device; remove?: () => void }) {
  return (
    <li data-device={d.current ? 'current' : 'other'}>
      <span class="avatar avatar-small avatar-icon">
        <Icon name="device" size={18} />
      </span>
      <span class="member-name">
        <span dir="auto">{d.name || '—'}</span>
        <small>{d.current ? t.thisDevice : t.lastUsed(rowTime(d.last_used))}</small>
      </span>
      {remove ? (
        <button type="button" class="link danger" onClick={remove}>
          {t.signOutDevice}
        </button>
      ) : null}
    </li>
  );
}

export function DevicesPage() {
  const c = theClient();
  const { value: devices, failed, again } = useLoaded(() => c.rest.devices());
  if (failed && !devices) return <Failed again={again} />;
  if (!devices) return <Spinner />;
  const others = devices.filter((d) => !d.current).sort((a, b) => b.last_used - a.last_used);
  const remove = async (question: string, gone: Device[]): Promise<void> => {
    if (!(await confirm(question, t.signOut))) return;
    for (const d of gone) if (!(await attempt(() => c.rest.removeDevice(d.id)))) break;
    again();
  };
  return (
    <>
      <section class="card">
        <ul class="plain-list">
          {devices
            .filter((d) => d.current)
            .map((d) => (
              <Row key={d.id} device={d} />
            ))}
        </ul>
        {others.length === 0 ? <p class="hint">{t.noOtherDevices}</p> : null}
      </section>
      {others.length > 0 ? (
        <section class="card">
          <h3>{t.otherDevices}</h3>
          <ul class="plain-list">
            {others.map((d) => (
              <Row key={d.id} device={d} remove={() => remove(`${t.signOut}: ${d.name}?`, [d])} />
            ))}
          </ul>
          <button
            type="button"
            class="button button-plain danger"
            onClick={() => remove(t.signOutOthersConfirm(others.length), others)}
          >
            {t.signOutOthers}
          </button>
        </section>
      ) : null}
    </>
  );
}
