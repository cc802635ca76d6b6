// Who may not write to oneself.
import { Avatar, Empty, Failed, Spinner } from '../../components/basics.tsx';
import { attempt, useLoaded } from '../../lib/asking.ts';
import { nameOf, theClient, useContacts } from '../../state/app.ts';
import { t } from '../../strings.ts';

export function BlockedPage() {
  const c = theClient();
  const known = useContacts();
  const { failed, again } = useLoaded(() => c.contacts.list());
  if (!known) return failed ? <Failed again={again} /> : <Spinner />;
  if (known.blocked.length === 0) return <Empty icon="block" title={t.nobodyBlocked} />;
  return (
    <section class="card">
      <ul class="plain-list">
        {known.blocked.map((u) => (
          <li key={u}>
            <Avatar id={u} name={nameOf(u)} size="small" />
            <span class="member-name">
              <span dir="auto">{nameOf(u)}</span>
            </span>
            <button
              type="button"
              class="link"
              aria-label={`${t.unblock}: ${nameOf(u)}`}
              onClick={() => attempt(() => c.contacts.unblock(u))}
            >
              {t.unblock}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
