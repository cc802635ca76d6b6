// Settings: a menu, and a page for each part.
import '../../app.tsx';
import type { VNode } from 'preact';
import { Avatar, Header } from '../../components/basics.tsx';
import { Icon, type IconName } from '../../components/Icon.tsx';
import { confirm } from '../../components/overlay.tsx';
import { back, go, type SettingsPage } from '../../lib/route.ts';
import { signOut, theClient, useList, usePeople } from '../../state/app.ts';
import { t } from '../../strings.ts';
import { AboutPage } from './About.tsx';
import { AppearancePage } from './Appearance.tsx';
import { BlockedPage } from './Blocked.tsx';
import { DevicesPage } from './Devices.tsx';
import { NotificationsPage } from './Notifications.tsx';
import { PrivacyPage } from './Privacy.tsx';
import { ProfilePage } from './Profile.tsx';
import { ShortcutsPage } from './Shortcuts.tsx';
import { StoragePage } from './Storage.tsx';
import { UnsentPage } from './Unsent.tsx';

interface Page {
  page: Exclude<SettingsPage, 'menu'>;
  icon: IconName;
  label: string;
  show: () => VNode;
  /** The page above it, where that is not the menu; it has no line of its own there. */
  above?: SettingsPage;
}

const pages = (): Page[] => [
  { page: 'profile', icon: 'user', label: t.profile, show: ProfilePage },
  { page: 'privacy', icon: 'lock', label: t.privacy, show: PrivacyPage },
  { page: 'notifications', icon: 'bell', label: t.notifications, show: NotificationsPage },
  { page: 'appearance', icon: 'palette', label: t.appearance, show: AppearancePage },
  { page: 'storage', icon: 'chats', label: t.storage, show: StoragePage },
  { page: 'unsent', icon: 'send', label: t.unsent, show: UnsentPage, above: 'storage' },
  { page: 'devices', icon: 'device', label: t.devices, show: DevicesPage },
  { page: 'blocked', icon: 'block', label: t.blocked, show: BlockedPage },
  { page: 'shortcuts', icon: 'keyboard', label: t.shortcuts, show: ShortcutsPage },
  { page: 'about', icon: 'info', label: t.aboutApp, show: AboutPage },
];

async function leave(): Promise<void> {
  const unsent = theClient().pending().length;
  if (await confirm(unsent > 0 ? t.signOutUnsent(unsent) : t.signOutConfirm, t.signOut)) await signOut();
}

export function SettingsMenu({ page }: { page: SettingsPage }) {
  usePeople();
  useList();
  const c = theClient();
  const me = c.me;
  const failed = c.pending().some((i) => i.failed);
  const all = pages();
  const shown = all.find((p) => p.page === page)?.above ?? page;
  return (
    <div class="pane">
      <Header level={2} title={t.settings} />
      <div class="scroll">
        <div class="me">
          <Avatar id={me.id} name={me.display_name || me.name} />
          <div>
            <strong dir="auto">{me.display_name || me.name}</strong>
            <span>
              <bdi>@{me.name}</bdi>
            </span>
          </div>
        </div>
        <nav class="settings-menu" aria-label={t.settings}>
          {all
            .filter((p) => !p.above)
            .map((p) => (
              <button
                type="button"
                key={p.page}
                class="action"
                aria-current={p.page === shown ? 'page' : undefined}
                onClick={() => go({ screen: 'settings', page: p.page })}
              >
                <Icon name={p.icon} />
                <span>{p.label}</span>
                {p.page === 'storage' && failed ? (
                  <span class="badge badge-failed" role="img" aria-label={t.notSent}>
                    !
                  </span>
                ) : null}
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

export function SettingsPane({ page }: { page: SettingsPage }) {
  const shown = pages().find((p) => p.page === (page === 'menu' ? 'profile' : page));
  if (!shown) return null;
  const Page = shown.show;
  return (
    <div class="pane settings-pane" data-page={shown.page}>
      <Header
        title={shown.label}
        onBack={() => back({ screen: 'settings', page: shown.above ?? 'menu' })}
        backOnPhoneOnly={!shown.above}
      />
      <div class="scroll padded">
        <Page />
      </div>
    </div>
  );
}
