// The frame: which panes there are and what is in them. On a phone one pane shows at a time.
import { Fragment } from 'preact';
import { Banner } from './components/Banner.tsx';
import { Empty } from './components/basics.tsx';
import { Overlays } from './components/overlay.tsx';
import { partOf, Rail } from './components/Rail.tsx';
import { Splitter } from './components/Splitter.tsx';
import { emojiAsked } from './emoji/ask.ts';
import { sheetOpen, useCommands } from './lib/keys.ts';
import { back, go, type Panel, type Route, route } from './lib/route.ts';
import { ChatList } from './screens/ChatList.tsx';
import { chatCommands } from './screens/chat-menu.ts';
import {
  ConversationScreen,
  DetailsPanel,
  EmojiPicker,
  Forward,
  MessageInfo,
  NewChat,
  NewGroup,
  Outside,
  People,
  SettingsMenu,
  SettingsPane,
  Share,
  ShortcutSheet,
  UpdateNeeded,
} from './screens/lazy-screens.ts';
import { client, readOldVersion, sortedConversations, status } from './state/app.ts';
import { language, t } from './strings.ts';

/** The pane that a phone shows. */
function paneOf(r: Route): 'side' | 'main' | 'details' {
  if (r.screen === 'conversation') return r.panel ? 'details' : 'main';
  return r.screen === 'settings' && r.page !== 'menu' ? 'main' : 'side';
}

function Side({ r }: { r: Route }) {
  switch (r.screen) {
    case 'newChat':
      return <NewChat />;
    case 'newGroup':
      return <NewGroup />;
    case 'people':
      return <People />;
    case 'share':
      return <Share text={r.text} />;
    case 'settings':
      return <SettingsMenu page={r.page} />;
    default:
      return (
        <ChatList
          open={r.screen === 'conversation' ? r.conv : undefined}
          asked={r.screen === 'search' ? r.query : undefined}
        />
      );
  }
}

function Main({ r }: { r: Route }) {
  if (r.screen === 'conversation') {
    const seq = r.panel ? undefined : r.seq;
    return <ConversationScreen key={r.conv} id={r.conv} jumpTo={seq} />;
  }
  if (r.screen === 'settings') return <SettingsPane page={r.page === 'menu' ? 'profile' : r.page} />;
  return <Empty icon="chats" title={t.chooseChat} text={t.chooseChatHint} />;
}

function Beside({ conv, panel, seq }: { conv: string; panel: Panel; seq: number }) {
  if (panel === 'message') return <MessageInfo conv={conv} seq={seq} />;
  if (panel === 'forward') return <Forward conv={conv} seq={seq} />;
  return <DetailsPanel key={conv} id={conv} adding={panel === 'add'} />;
}

function Shell() {
  const r = route.value;
  const open = r.screen === 'conversation' ? r.conv : undefined;
  useShellCommands(open);
  const panel = r.screen === 'conversation' ? r.panel : undefined;
  const part = partOf(r);
  return (
    <div class={`shell pane-${paneOf(r)} ${panel ? 'with-details' : ''}`}>
      <a class="skip" href="#list">
        {t.skipToList}
      </a>
      {open ? (
        <>
          <a class="skip" href="#messages">
            {t.skipToMessages}
          </a>
          <a class="skip" href="#composer">
            {t.skipToComposer}
          </a>
        </>
      ) : null}
      <Rail current={part} />
      <aside class="side" id="list" aria-label={t[part]} tabIndex={-1}>
        <Banner />
        <Side r={r} />
      </aside>
      <Splitter />
      <main class="main" tabIndex={-1}>
        <div class="phone-only">
          <Banner quiet />
        </div>
        <Main r={r} />
      </main>
      {open && panel ? (
        <>
          <button
            type="button"
            class="scrim"
            tabIndex={-1}
            aria-label={t.close}
            onClick={() => back({ screen: 'conversation', conv: open })}
          />
          <aside class="details" aria-label={t.details} tabIndex={-1}>
            <Beside conv={open} panel={panel} seq={r.screen === 'conversation' ? (r.seq ?? 0) : 0} />
          </aside>
        </>
      ) : null}
    </div>
  );
}

/** Keys that work on every screen. */
function useShellCommands(open: string | undefined): void {
  const another = (step: number, unread: boolean) => (): boolean | undefined => {
    const all = sortedConversations().filter(
      (c) => !c.archived && (!unread || c.unread > 0 || c.markedUnread || c.id === open),
    );
    const at = all.findIndex((c) => c.id === open);
    const next = all[at < 0 ? 0 : at + step];
    if (next && next.id !== open) go({ screen: 'conversation', conv: next.id });
    return undefined;
  };
  const toSearchBox = (): undefined => {
    const box = document.getElementById('chat-search');
    // At once where it is there: the next letter is meant for it already.
    box?.focus();
    if (box) return;
    go({ screen: 'list' });
    setTimeout(() => document.getElementById('chat-search')?.focus(), 0);
  };
  const to = (r: Route) => (): undefined => {
    go(r);
  };
  const region = (step: number) => (): undefined => {
    const shown = [...document.querySelectorAll<HTMLElement>('.rail, .side, .main, .details')].filter(
      (el) => el.offsetParent !== null,
    );
    const at = shown.findIndex((el) => el.contains(document.activeElement));
    const next = shown[(at + step + shown.length) % shown.length];
    (next?.querySelector<HTMLElement>('[aria-current], input, textarea, button, a') ?? next)?.focus();
  };
  useCommands({
    switchChat: toSearchBox,
    findEverywhere: toSearchBox,
    previousChat: another(-1, false),
    nextChat: another(1, false),
    previousUnread: another(-1, true),
    nextUnread: another(1, true),
    newChat: to({ screen: 'newChat' }),
    newGroup: to({ screen: 'newGroup' }),
    settings: to({ screen: 'settings', page: 'menu' }),
    nextRegion: region(1),
    previousRegion: region(-1),
    shortcuts: () => {
      sheetOpen.value = true;
      return undefined;
    },
    ...chatCommands(open),
  });
}

export function App() {
  const r = route.value;
  const ready = client.value !== null;
  // Another language is another page: whatever shows a word is drawn anew.
  return (
    <Fragment key={language.value}>
      {!ready || r.screen === 'signIn' || r.screen === 'register' ? (
        <Outside register={r.screen === 'register'} />
      ) : status.value?.state === 'outdated' && !readOldVersion.value ? (
        <UpdateNeeded />
      ) : (
        <Shell />
      )}
      <Overlays />
      {sheetOpen.value ? <ShortcutSheet /> : null}
      {emojiAsked.value ? <EmojiPicker /> : null}
    </Fragment>
  );
}
