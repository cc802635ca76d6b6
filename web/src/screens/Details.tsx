// What there is to know and to do about a group or a person.
import type { Member, Profile, Role } from '@parley/sdk';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  Action,
  Avatar,
  Failed,
  Header,
  IconButton,
  Spinner,
  Switch,
  TextField,
} from '../components/basics.tsx';
import { below, confirm, type MenuItem, openMenu } from '../components/overlay.tsx';
import { attempt, useLoaded } from '../lib/asking.ts';
import { lastSeenWords } from '../lib/format.ts';
import { back, go } from '../lib/route.ts';
import {
  isOnline,
  peerId,
  presenceOf,
  theClient,
  titleOf,
  useContacts,
  useConversation,
  usePeople,
} from '../state/app.ts';
import { t } from '../strings.ts';
import { isMuted, mutedWords, toggleArchive, toggleMute, togglePin } from './chat-menu.ts';
import { PeoplePicker } from './NewChat.tsx';
import { setBlocked, setContact } from './People.tsx';

function ConvSwitches({ id }: { id: string }) {
  const conv = useConversation(id);
  const box = useRef<HTMLElement>(null);
  const words = mutedWords(conv);
  return (
    <section class="card" ref={box}>
      <Switch
        label={t.mute}
        {...(words ? { hint: words } : {})}
        on={isMuted(conv)}
        onChange={() => toggleMute(conv, below(box.current ?? document.body))}
      />
      <Switch label={t.pin} on={conv.pinned} onChange={() => togglePin(conv)} />
      <Switch label={t.archive} on={conv.archived} onChange={() => toggleArchive(conv)} />
    </section>
  );
}

function PersonDetails({ id, user }: { id: string; user: string }) {
  const c = theClient();
  const conv = useConversation(id);
  usePeople();
  const known = useContacts();
  useEffect(() => {
    c.people.refresh(user).catch(() => {});
  }, [user]);
  const { failed, again } = useLoaded(() => c.contacts.list(), [user]);
  const profile = c.people.get(user);
  const presence = presenceOf(user);
  const title = titleOf(conv);
  const words = presence?.status === 'online' ? t.online : lastSeenWords(presence?.last_seen ?? 0);
  const blocked = known?.blocked.includes(user) === true;
  const contact = known?.contacts.includes(user) === true;
  return (
    <div class="scroll padded">
      <div class="face">
        <Avatar id={user} name={title} size="big" online={presence?.status === 'online'} />
        <h3 dir="auto">{title}</h3>
        {profile ? (
          <p class="hint">
            <bdi>@{profile.name}</bdi>
          </p>
        ) : null}
        {words ? <p class="hint">{words}</p> : null}
      </div>
      {profile?.about ? (
        <section class="card">
          <h3>{t.about}</h3>
          <p dir="auto">{profile.about}</p>
        </section>
      ) : null}
      <ConvSwitches id={id} />
      {known ? (
        <section class="card">
          <Action
            icon={contact ? 'close' : 'userPlus'}
            label={contact ? t.removeContact : t.addContact}
            onClick={() => setContact(user, !contact)}
          />
          <Action
            icon="block"
            label={blocked ? t.unblock : t.block}
            danger={!blocked}
            onClick={() => setBlocked(user, !blocked)}
          />
        </section>
      ) : failed ? (
        <Failed again={again} />
      ) : (
        <Spinner />
      )}
    </div>
  );
}

function memberMenu(conv: string, me: Member | undefined, m: Member): MenuItem[] {
  const c = theClient();
  const items: MenuItem[] = [];
  if (m.user === c.me.id) return items;
  items.push({
    icon: 'chats',
    label: t.writeMessage,
    run: () => go({ screen: 'conversation', conv: c.directWith(m.user) }),
  });
  const setRole = (role: Role) => async (): Promise<void> => {
    if (role === 'owner' && !(await confirm(t.ownerConfirm(m.display_name || m.name), t.makeOwner, false)))
      return;
    await attempt(() => c.groups.setRole(conv, m.user, role));
  };
  if (me?.role === 'owner') {
    if (m.role === 'member') items.push({ icon: 'userPlus', label: t.makeAdmin, run: setRole('admin') });
    if (m.role !== 'owner') items.push({ icon: 'user', label: t.makeOwner, run: setRole('owner') });
    if (m.role !== 'member') items.push({ icon: 'user', label: t.makeMember, run: setRole('member') });
  }
  if (me?.role === 'owner' || (me?.role === 'admin' && m.role !== 'owner')) {
    items.push({
      icon: 'trash',
      label: t.removeMember,
      danger: true,
      run: async () => {
        if (await confirm(t.removeConfirm(m.display_name || m.name), t.remove)) {
          await attempt(() => c.groups.remove(conv, [m.user]));
        }
      },
    });
  }
  return items;
}

const rank: Record<Role, number> = { owner: 0, admin: 1, member: 2 };

function GroupDetails({ id }: { id: string }) {
  const c = theClient();
  const conv = useConversation(id);
  const [renaming, setRenaming] = useState<string | undefined>(undefined);
  usePeople();
  const { failed, again } = useLoaded(
    async () => (conv.member ? c.members(id, true) : []),
    [id, conv.member, conv.memberCount],
  );
  const isThere = (m: Member): boolean => isOnline(m.user) || m.user === c.me.id;
  const members = [...(conv.members?.values() ?? [])].sort(
    (a, b) =>
      rank[a.role] - rank[b.role] ||
      Number(isThere(b)) - Number(isThere(a)) ||
      (a.display_name || a.name).localeCompare(b.display_name || b.name),
  );
  const me = conv.members?.get(c.me.id);
  const manages = conv.member && (me?.role === 'owner' || me?.role === 'admin');
  const rename = async (e: Event): Promise<void> => {
    e.preventDefault();
    const name = renaming?.trim();
    if (name && name !== conv.name && !(await attempt(() => c.groups.rename(id, name)))) return;
    setRenaming(undefined);
  };
  const leave = async (): Promise<void> => {
    if (!(await confirm(t.leaveConfirm(conv.name), t.leave))) return;
    if (await attempt(() => c.groups.leave(id))) go({ screen: 'conversation', conv: id });
  };
  return (
    <div class="scroll padded">
      <div class="face">
        <Avatar id={id} name={titleOf(conv)} size="big" group />
        {renaming === undefined ? (
          <h3 dir="auto">
            {titleOf(conv)}
            {manages ? (
              <IconButton icon="edit" label={t.rename} onClick={() => setRenaming(conv.name)} />
            ) : null}
          </h3>
        ) : (
          <form class="rename" onSubmit={rename}>
            <TextField label={t.groupName} value={renaming} onInput={setRenaming} maxLength={64} autofocus />
            <div class="dialog-actions">
              <button type="button" class="button button-plain" onClick={() => setRenaming(undefined)}>
                {t.cancel}
              </button>
              <button type="submit" class="button">
                {t.save}
              </button>
            </div>
          </form>
        )}
        <p class="hint">{t.members(conv.memberCount)}</p>
      </div>
      <ConvSwitches id={id} />
      {conv.member ? (
        <section class="card">
          <h3>{t.groupMembers}</h3>
          {manages ? (
            <Action
              icon="userPlus"
              label={t.addMembers}
              onClick={() => go({ screen: 'conversation', conv: id, panel: 'add' })}
            />
          ) : null}
          {conv.members ? null : failed ? <Failed again={again} /> : <Spinner />}
          <ul class="plain-list">
            {members.map((m) => {
              const items = memberMenu(id, me, m);
              return (
                <li key={m.user} data-member={m.name}>
                  <Avatar id={m.user} name={m.display_name || m.name} size="small" online={isThere(m)} />
                  <span class="member-name">
                    <span dir="auto">{m.user === c.me.id ? t.you : m.display_name || m.name}</span>
                    <small>
                      <bdi>@{m.name}</bdi>
                    </small>
                  </span>
                  {t.roles[m.role] ? <span class="chip">{t.roles[m.role]}</span> : null}
                  {items.length > 0 ? (
                    <IconButton
                      icon="more"
                      label={`${t.more}: ${m.display_name}`}
                      onClick={(e) => openMenu(below(e.currentTarget), items)}
                    />
                  ) : null}
                </li>
              );
            })}
          </ul>
        </section>
      ) : (
        <p class="rows-none">{t.leftGroup}</p>
      )}
      {conv.member ? (
        <section class="card">
          <Action icon="leave" label={t.leave} danger onClick={leave} />
        </section>
      ) : null}
    </div>
  );
}

function AddMembers({ id }: { id: string }) {
  const c = theClient();
  const conv = useConversation(id);
  const [chosen, setChosen] = useState<Profile[]>([]);
  const toggle = (p: Profile): void =>
    setChosen((old) => (old.some((o) => o.id === p.id) ? old.filter((o) => o.id !== p.id) : [...old, p]));
  const add = async (): Promise<void> => {
    const users = chosen.map((p) => p.id);
    if (await attempt(() => c.groups.add(id, users)))
      back({ screen: 'conversation', conv: id, panel: 'details' });
  };
  return (
    <>
      <PeoplePicker
        chosen={new Set(chosen.map((p) => p.id))}
        exclude={new Set([...(conv.members?.keys() ?? []), c.me.id])}
        onToggle={toggle}
      />
      <div class="pane-foot">
        <button type="button" class="button button-wide" disabled={chosen.length === 0} onClick={add}>
          {chosen.length > 0 ? `${t.add} ${chosen.map((p) => p.display_name || p.name).join(', ')}` : t.add}
        </button>
      </div>
    </>
  );
}

export function DetailsPanel({ id, adding }: { id: string; adding: boolean }) {
  const conv = useConversation(id);
  const peer = peerId(conv);
  const title = adding ? t.addMembers : peer === undefined ? t.groupDetails : t.contactDetails;
  return (
    <div class="pane">
      <Header
        level={2}
        title={title}
        onBack={() =>
          adding
            ? back({ screen: 'conversation', conv: id, panel: 'details' })
            : back({ screen: 'conversation', conv: id })
        }
      />
      {adding ? (
        <AddMembers id={id} />
      ) : peer === undefined ? (
        <GroupDetails id={id} />
      ) : (
        <PersonDetails id={id} user={peer} />
      )}
    </div>
  );
}
