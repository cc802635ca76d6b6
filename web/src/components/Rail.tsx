// The way between the parts of the app: a rail at the side of a wide window, else a bar at the bottom.
import { useEffect } from 'preact/hooks';
import { go, type Route } from '../lib/route.ts';
import { theClient, useList, usePeople } from '../state/app.ts';
import { showBadge } from '../state/push.ts';
import { t } from '../strings.ts';
import { Avatar } from './basics.tsx';
import { Icon, type IconName } from './Icon.tsx';

export type Part = 'chats' | 'people' | 'settings';

export function partOf(r: Route): Part {
  if (r.screen === 'settings') return 'settings';
  return r.screen === 'people' ? 'people' : 'chats';
}

const parts = (): { part: Part; icon: IconName; label: string; to: Route }[] => [
  { part: 'chats', icon: 'chats', label: t.chats, to: { screen: 'list' } },
  { part: 'people', icon: 'group', label: t.people, to: { screen: 'people' } },
  { part: 'settings', icon: 'settings', label: t.settings, to: { screen: 'settings', page: 'menu' } },
];

export function Rail({ current }: { current: Part }) {
  usePeople();
  const me = theClient().me;
  const unread = useList().filter(
    (c) => !c.archived && c.mutedUntil < Date.now() && (c.unread > 0 || c.markedUnread),
  ).length;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t.app}` : t.app;
    showBadge(unread);
  }, [unread]);
  return (
    <nav class="rail" aria-label={t.app}>
      {parts().map(({ part, icon, label, to }) => (
        <button
          type="button"
          key={part}
          class="rail-tab"
          aria-current={part === current ? 'page' : undefined}
          title={label}
          onClick={() => go(to)}
        >
          <Icon name={icon} size={24} />
          <span class="rail-label">{label}</span>
          {part === 'chats' && unread > 0 ? (
            <span class="rail-badge">
              {unread}
              <span class="hidden"> {t.unreadWord}</span>
            </span>
          ) : null}
        </button>
      ))}
      <button
        type="button"
        class="rail-me"
        title={me.display_name}
        onClick={() => go({ screen: 'settings', page: 'profile' })}
      >
        <Avatar id={me.id} name={me.display_name || me.name} size="small" />
        <span class="hidden">{t.profile}</span>
      </button>
    </nav>
  );
}
