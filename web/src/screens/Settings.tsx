// Settings: a menu, and a page for each part.
import type { Device, Profile } from '@parley/sdk';
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Avatar, Header, Spinner, Switch, TextField } from '../components/basics.tsx';
import { Icon, type IconName } from '../components/Icon.tsx';
import { confirm, tell } from '../components/overlay.tsx';
import { rowTime } from '../lib/format.ts';
import { back, go, type SettingsPage } from '../lib/route.ts';
import { nameOf, signOut, theClient, usePeople } from '../state/app.ts';
import { type Theme, theme } from '../state/theme.ts';
import { chooseLanguage, chosenLanguage, type LanguageTag, languages, t } from '../strings.ts';
import { attempt } from './Details.tsx';

const entries = (): { page: SettingsPage; icon: IconName; label: string }[] => [
  { page: 'profile', icon: 'user', label: t.profile },
  { page: 'privacy', icon: 'lock', label: t.privacy },
  { page: 'appearance', icon: 'palette', label: t.appearance },
  { page: 'devices', icon: 'device', label: t.devices },
  { page: 'blocked', icon: 'block', label: t.blocked },
];

export function SettingsMenu({ page }: { page: SettingsPage }) {
  usePeople();
  const me = theClient().me;
  const leave = async (): Promise<void> => {
    const unsent = theClient().pending().length;
    if (await confirm(unsent > 0 ? t.signOutUnsent(unsent) : t.signOutConfirm, t.signOut)) await signOut();
  };
  return (
    <div class="pane">
      <Header level={2} title={t.settings} />
      <div class="scroll">
        <div class="me">
          <Avatar id={me.id} name={me.display_name || me.name} />
          <div>
            <strong dir="auto">{me.display_name || me.name}</strong>
            <span>@{me.name}</span>
          </div>
        </div>
        <nav class="settings-menu" aria-label={t.settings}>
          {entries().map((e) => (
            <button
              type="button"
              key={e.page}
              class="action"
              aria-current={e.page === page ? 'page' : undefined}
              onClick={() => go({ screen: 'settings', page: e.page })}
            >
              <Icon name={e.icon} />
              <span>{e.label}</span>
              <Icon name="chevron" size={16} />
            </button>
          ))}
          <button type="button" class="action danger" onClick={leave}>
            <Icon name="leave" />
            <span>{t.signOut}</span>
          </button>
        </nav>
      </div>
    </div>
  );
}

function ProfilePage() {
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
        <p class="hint">@{c.me.name}</p>
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

function PrivacyPage() {
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
    </section>
  );
}

function DevicesPage() {
  const c = theClient();
  const [devices, setDevices] = useState<Device[] | undefined>(undefined);
  const load = (): void => {
    c.rest.devices().then(setDevices, () => setDevices([]));
  };
  useEffect(load, []);
  if (!devices) return <Spinner />;
  const sorted = [...devices].sort(
    (a, b) => Number(b.current) - Number(a.current) || b.last_used - a.last_used,
  );
  const remove = async (d: Device): Promise<void> => {
    if (await confirm(`${t.signOut}: ${d.name}?`, t.signOut)) {
      await attempt(() => c.rest.removeDevice(d.id));
      load();
    }
  };
  return (
    <section class="card">
      <ul class="plain-list">
        {sorted.map((d) => (
          <li key={d.id} data-device={d.current ? 'current' : 'other'}>
            <span class="avatar avatar-small avatar-icon">
              <Icon name="device" size={18} />
            </span>
            <span class="member-name">
              <span dir="auto">{d.name || '—'}</span>
              <small>{d.current ? t.thisDevice : t.lastUsed(rowTime(d.last_used))}</small>
            </span>
            {d.current ? null : (
              <button type="button" class="link danger" onClick={() => remove(d)}>
                {t.signOutDevice}
              </button>
            )}
          </li>
        ))}
      </ul>
      {sorted.length < 2 ? <p class="hint">{t.noOtherDevices}</p> : null}
    </section>
  );
}

function BlockedPage() {
  usePeople();
  const c = theClient();
  const [blocked, setBlocked] = useState<string[] | undefined>(undefined);
  useEffect(() => {
    c.contacts.list().then(
      (l) => setBlocked(l.blocked),
      () => setBlocked([]),
    );
  }, []);
  if (!blocked) return <Spinner />;
  if (blocked.length === 0) return <p class="rows-none">{t.nobodyBlocked}</p>;
  return (
    <section class="card">
      <ul class="plain-list">
        {blocked.map((u) => (
          <li key={u}>
            <Avatar id={u} name={nameOf(u)} size="small" />
            <span class="member-name">
              <span dir="auto">{nameOf(u)}</span>
            </span>
            <button
              type="button"
              class="link"
              onClick={async () => {
                if (await attempt(() => c.contacts.unblock(u))) setBlocked(blocked.filter((b) => b !== u));
              }}
            >
              {t.unblock}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Choices<T extends string>(props: {
  legend: string;
  name: string;
  options: [T, string][];
  value: T;
  choose: (value: T) => void;
}) {
  return (
    <fieldset class="choices">
      <legend>{props.legend}</legend>
      {props.options.map(([value, label]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name={props.name}
            checked={props.value === value}
            onChange={() => props.choose(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function AppearancePage() {
  return (
    <section class="card">
      <Choices
        legend={t.theme}
        name="theme"
        options={Object.entries(t.themes) as [Theme, string][]}
        value={theme.value}
        choose={(next) => {
          theme.value = next;
        }}
      />
      <Choices
        legend={t.language}
        name="language"
        options={[['', t.languageSystem], ...(Object.entries(languages) as [LanguageTag, string][])]}
        value={chosenLanguage.value}
        choose={chooseLanguage}
      />
    </section>
  );
}

const pages: Record<Exclude<SettingsPage, 'menu'>, () => VNode> = {
  profile: ProfilePage,
  privacy: PrivacyPage,
  devices: DevicesPage,
  blocked: BlockedPage,
  appearance: AppearancePage,
};

export function SettingsPane({ page }: { page: SettingsPage }) {
  const shown = page === 'menu' ? 'profile' : page;
  const Page = pages[shown];
  return (
    <div class="pane settings-pane">
      <Header
        title={entries().find((e) => e.page === shown)?.label ?? ''}
        onBack={() => back({ screen: 'settings', page: 'menu' })}
        backOnPhoneOnly
      />
      <div class="scroll padded">
        <Page />
      </div>
    </div>
  );
}
