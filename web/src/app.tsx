// The frame: which panes there are and what is in them. On a phone one pane shows at a time.
import { Fragment } from 'preact';
import { useEffect } from 'preact/hooks';
import { Banner } from './components/Banner.tsx';
import { Avatar, Empty } from './components/basics.tsx';
import { Icon, type IconName } from './components/Icon.tsx';
import { Overlays } from './components/overlay.tsx';
import { go, type Route, route } from './lib/route.ts';
import { ChatList } from './screens/ChatList.tsx';
import { ConversationScreen } from './screens/Conversation.tsx';
import { DetailsPanel } from './screens/Details.tsx';
import { MessageInfo } from './screens/MessageInfo.tsx';
import { NewChat, NewGroup } from './screens/NewChat.tsx';
import { SettingsMenu, SettingsPane } from './screens/Settings.tsx';
import { SignIn } from './screens/SignIn.tsx';
import { client, sortedConversations, theClient, useList, usePeople } from './state/app.ts';
import { language, t } from './strings.ts';

type Tab = 'chats' | 'people' | 'settings';

function tabOf(r: Route): Tab {
  if (r.screen === 'settings') return 'settings';
  return r.screen === 'newChat' || r.screen === 'newGroup' ? 'people' : 'chats';
}

/** The pane that a phone shows. */
function paneOf(r: Route): 'side' | 'main' | 'details' {
  if (r.screen === 'conversation') return r.panel ? 'details' : 'main';
  return r.screen === 'settings' && r.page !== 'menu' ? 'main' : 'side';
}

const tabs = (): { tab: Tab; icon: IconName; label: string; to: Route }[] => [
  { tab: 'chats', icon: 'chats', label: t.chats, to: { screen: 'list' } },
  { tab: 'people', icon: 'userPlus', label: t.newChat, to: { screen: 'newChat' } },
  { tab: 'settings', icon: 'settings', label: t.settings, to: { screen: 'settings', page: 'menu' } },
];

function Rail({ current }: { current: Tab }) {
  const people = usePeople();
  const me = theClient().me;
  const unread = useList().filter(
    (c) => !c.archived && c.mutedUntil < Date.now() && (c.unread > 0 || c.markedUnread),
  );
  useEffect(() => {
    document.title = unread.length > 0 ? `(${unread.length}) ${t.app}` : t.app;
  }, [unread.length]);
  void people;
  return (
    <nav class="rail" aria-label={t.app}>
      {tabs().map(({ tab, icon, label, to }) => (
        <button
          type="button"
          key={tab}
          class="rail-tab"
          aria-current={tab === current ? 'page' : undefined}
          aria-label={tab === 'chats' && unread.length > 0 ? `${label}, ${t.unread(unread.length)}` : label}
          title={label}
          onClick={() => go(to)}
        >
          <Icon name={icon} size={24} />
          <span class="rail-label">{label}</span>
          {tab === 'chats' && unread.length > 0 ? <span class="rail-badge">{unread.length}</span> : null}
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

function Side({ r }: { r: Route }) {
  if (r.screen === 'newChat') return <NewChat />;
  if (r.screen === 'newGroup') return <NewGroup />;
  if (r.screen === 'settings') return <SettingsMenu page={r.page} />;
  return <ChatList open={r.screen === 'conversation' ? r.conv : undefined} />;
}

function Main({ r }: { r: Route }) {
  if (r.screen === 'conversation') return <ConversationScreen key={r.conv} id={r.conv} />;
  if (r.screen === 'settings') return <SettingsPane page={r.page === 'menu' ? 'profile' : r.page} />;
  return <Empty icon="chats" title={t.chooseChat} text={t.chooseChatHint} />;
}

function Shell() {
  const r = route.value;
  useShortcuts(r);
  const panel = r.screen === 'conversation' ? r.panel : undefined;
  return (
    <div class={`shell pane-${paneOf(r)} ${panel ? 'with-details' : ''}`}>
      <a class="skip" href="#messages">
        {t.skipToMessages}
      </a>
      <Rail current={tabOf(r)} />
      <aside class="side" aria-label={tabOf(r) === 'settings' ? t.settings : t.chats}>
        <Banner />
        <Side r={r} />
      </aside>
      <main class="main">
        <div class="phone-only">
          <Banner />
        </div>
        <Main r={r} />
      </main>
      {r.screen === 'conversation' && panel ? (
        <aside class="details" aria-label={t.details}>
          {panel === 'message' ? (
            <MessageInfo conv={r.conv} seq={r.seq ?? 0} />
          ) : (
            <DetailsPanel key={r.conv} id={r.conv} adding={panel === 'add'} />
          )}
        </aside>
      ) : null}
    </div>
  );
}

/** Keys that work everywhere: another chat, and the search box. */
function useShortcuts(r: Route): void {
  const open = r.screen === 'conversation' ? r.conv : undefined;
  useEffect(() => {
    const keys = (e: KeyboardEvent): void => {
      if (e.altKey && !e.ctrlKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) {
        const all = sortedConversations().filter((c) => !e.shiftKey || c.unread > 0 || c.id === open);
        const at = all.findIndex((c) => c.id === open);
        const next = all[at < 0 ? 0 : at + (e.key === 'ArrowDown' ? 1 : -1)];
        if (next) go({ screen: 'conversation', conv: next.id });
        e.preventDefault();
      } else if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.code === 'KeyK') {
        e.preventDefault();
        if (r.screen !== 'list' && r.screen !== 'conversation') go({ screen: 'list' });
        setTimeout(() => document.getElementById('chat-search')?.focus(), 0);
      }
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, [open, r.screen]);
}

export function App() {
  const r = route.value;
  const ready = client.value !== null;
  // Another language is another page: whatever shows a word is drawn anew.
  return (
    <Fragment key={language.value}>
      {ready && r.screen !== 'signIn' && r.screen !== 'register' ? (
        <Shell />
      ) : (
        <SignIn register={r.screen === 'register'} />
      )}
      <Overlays />
    </Fragment>
  );
}
