// Everybody one may want to write to: contacts, people one writes with, and a search over the server.
import type { Profile } from '@parley/sdk';
import { useState } from 'preact/hooks';
import { Empty, Failed, Header, IconButton, SearchBox, Spinner } from '../components/basics.tsx';
import { below, confirm, openMenu, tell } from '../components/overlay.tsx';
import { PersonRow, usePeopleSearch } from '../components/PersonRow.tsx';
import { attempt, useLoaded } from '../lib/asking.ts';
import { lastSeenWords } from '../lib/format.ts';
import { go } from '../lib/route.ts';
import { nameOf, presenceOf, theClient, useContacts, usePeople } from '../state/app.ts';
import { useWatch } from '../state/watch.ts';
import { t } from '../strings.ts';
import { familiar } from './NewChat.tsx';

export async function setContact(user: string, on: boolean): Promise<void> {
  const { contacts } = theClient();
  if (!(await attempt(() => (on ? contacts.add(user) : contacts.remove(user))))) return;
  if (on) tell(t.contactAdded(nameOf(user)));
}

export async function setBlocked(user: string, on: boolean): Promise<void> {
  const { contacts } = theClient();
  if (on && !(await confirm(t.blockConfirm(nameOf(user)), t.block))) return;
  await attempt(() => (on ? contacts.block(user) : contacts.unblock(user)));
}

function presenceWords(user: string): string {
  const presence = presenceOf(user);
  if (!presence) return '';
  return presence.status === 'online' ? t.online : lastSeenWords(presence.last_seen);
}

function Section({ title, people, contacts }: { title: string; people: Profile[]; contacts: Set<string> }) {
  const c = theClient();
  if (people.length === 0) return null;
  const more = (p: Profile, at: Element): void => {
    const conv = c.directWith(p.id);
    const has = contacts.has(p.id);
    const blocked = c.contacts.known?.blocked.includes(p.id) === true;
    openMenu(below(at), [
      { icon: 'chats', label: t.writeMessage, run: () => go({ screen: 'conversation', conv }) },
      {
        icon: 'info',
        label: t.contactDetails,
        run: () => go({ screen: 'conversation', conv, panel: 'details' }),
      },
      {
        icon: has ? 'close' : 'userPlus',
        label: has ? t.removeContact : t.addContact,
        run: () => setContact(p.id, !has),
      },
      {
        icon: 'block',
        label: blocked ? t.unblock : t.block,
        danger: !blocked,
        run: () => setBlocked(p.id, !blocked),
      },
    ]);
  };
  return (
    <>
      <h3 class="rows-title">{title}</h3>
      <ul class="rows">
        {people.map((p) => (
          <PersonRow
            key={p.id}
            person={p}
            under={presenceWords(p.id)}
            onPick={() => go({ screen: 'conversation', conv: c.directWith(p.id) })}
            action={
              <IconButton
                icon="more"
                label={`${t.more}: ${p.display_name || p.name}`}
                onClick={(e) => more(p, e.currentTarget)}
              />
            }
          />
        ))}
      </ul>
    </>
  );
}

export function People() {
  const c = theClient();
  usePeople();
  const known = useContacts();
  const { failed, again } = useLoaded(() => c.contacts.list());
  const [query, setQuery] = useState('');
  const { found, searching } = usePeopleSearch(query);
  const q = query.trim().toLowerCase();
  const fits = (p: Profile): boolean => `${p.display_name} ${p.name}`.toLowerCase().includes(q);
  const byName = (a: Profile, b: Profile): number =>
    (a.display_name || a.name).localeCompare(b.display_name || b.name);
  const ids = new Set(known?.contacts ?? []);
  const contacts = [...ids].flatMap((id) => c.people.get(id) ?? []).sort(byName);
  const others = familiar().filter((p) => !ids.has(p.id));
  const near = new Set([...contacts, ...others].map((p) => p.id));
  const strangers = found.filter((p) => !near.has(p.id));
  useWatch('people', [...contacts, ...others, ...strangers].map((p) => p.id).slice(0, 200));
  const shown = contacts.filter(fits).length + others.filter(fits).length + strangers.length;
  return (
    <div class="pane">
      <Header
        level={2}
        title={t.people}
        actions={<IconButton icon="group" label={t.newGroup} onClick={() => go({ screen: 'newGroup' })} />}
      />
      <SearchBox label={t.searchPeople} value={query} onInput={setQuery} />
      <div class="scroll">
        <Section title={t.contacts} people={contacts.filter(fits)} contacts={ids} />
        <Section title={t.youKnow} people={others.filter(fits)} contacts={ids} />
        <Section title={t.onThisServer} people={strangers} contacts={ids} />
        {!known && failed ? <Failed again={again} /> : null}
        {(!known && !failed) || (searching && shown === 0) ? <Spinner /> : null}
        {q && shown === 0 && !searching ? <p class="rows-none">{t.noMatches(query.trim())}</p> : null}
        {!q && known && shown === 0 ? (
          <Empty icon="group" title={t.noContactsTitle} text={t.noContactsText} />
        ) : null}
      </div>
    </div>
  );
}
