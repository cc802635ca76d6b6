// The list of chats: who, the last line, when, how much is unread.
import type { Conversation } from '@parley/sdk';
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Avatar, Empty, Header, IconButton, SearchBox } from '../components/basics.tsx';
import { Icon } from '../components/Icon.tsx';
import { InstallHint } from '../components/InstallHint.tsx';
import { below, openMenu } from '../components/overlay.tsx';
import { PersonRow, usePeopleSearch } from '../components/PersonRow.tsx';
import { Tick } from '../components/Tick.tsx';
import { useAfterPaint } from '../lib/after-paint.ts';
import { entryWords } from '../lib/entry-words.ts';
import { exactTime, isoTime, rowTime } from '../lib/format.ts';
import { go, pathOf } from '../lib/route.ts';
import { useSwipe } from '../lib/swipe.ts';
import {
  isOnline,
  nameOf,
  peerId,
  status,
  theClient,
  titleOf,
  updating,
  useConversation,
  useList,
} from '../state/app.ts';
import { useWatch } from '../state/watch.ts';
import { t } from '../strings.ts';
import { chatMenu, isMuted, isUnread, toggleArchive, toggleUnread } from './chat-menu.ts';
import { MessageResults } from './lazy-screens.ts';

const changes = new Set(['edited', 'deleted', 'reaction', 'void']);

function Preview({ id, open }: { id: string; open: boolean }) {
  const c = theClient();
  const conv = useConversation(id);
  const writing = c.people.typingIn(conv.id);
  // All that is held is a change of something older: a page of history has what the row should say.
  const unclear = changes.has(conv.preview?.kind ?? '') && !conv.atStart;
  const online = status.value?.state === 'online';
  useEffect(() => {
    if (unclear && online) c.open(id).catch(() => {});
  }, [unclear, online]);
  if (writing.length > 0) {
    const who = conv.kind === 'group' ? `${nameOf(writing[0] ?? '')}: ` : '';
    return <span class="typing-words">{`${who}${t.typing}`}</span>;
  }
  if (conv.draft && !open) {
    return (
      <>
        <span class="draft-word">{t.draft}</span> <span dir="auto">{conv.draft}</span>
      </>
    );
  }
  const waiting = c
    .pending(conv.id)
    .filter((i) => i.op === 'send')
    .at(-1);
  if (waiting) {
    return (
      <>
        <Tick state={c.stateOf(conv, waiting)} />
        <span dir="auto">{waiting.text}</span>
      </>
    );
  }
  const e = conv.preview;
  if (!e) return null;
  if (e.kind !== 'text') return <span>{entryWords(e)}</span>;
  const text = e.deleted_seq ? <em>{t.deleted}</em> : <span dir="auto">{e.text}</span>;
  if (e.from === c.me.id) {
    return (
      <>
        {e.deleted_seq ? null : <Tick state={c.stateOf(conv, e)} />}
        {text}
      </>
    );
  }
  return conv.kind === 'group' ? (
    <>
      <span>{nameOf(e.from).split(' ')[0]}: </span>
      {text}
    </>
  ) : (
    text
  );
}

function Row({ id, open }: { id: string; open: boolean }) {
  const c = theClient();
  const conv = useConversation(id);
  const peer = peerId(conv);
  const online = isOnline(peer);
  const unread = open && document.hasFocus() ? 0 : conv.unread;
  const title = titleOf(conv);
  const muted = isMuted(conv);
  const swipe = useSwipe(
    () => toggleUnread(conv),
    () => toggleArchive(conv),
  );
  const failed = c.pending(conv.id).some((i) => i.failed);
  const extra = [online ? t.online : '', conv.pinned ? t.pinned : '', muted ? t.muted : '']
    .filter(Boolean)
    .join(', ');
  const ts = conv.activity;
  return (
    <li class="swipe">
      <span class="swipe-start" aria-hidden="true">
        <Icon name={isUnread(conv) ? 'check' : 'chats'} />
      </span>
      <span class="swipe-end" aria-hidden="true">
        <Icon name="archive" />
      </span>
      <a
        {...swipe}
        class={`row ${unread > 0 || conv.markedUnread ? 'row-unread' : ''}`}
        href={pathOf({ screen: 'conversation', conv: conv.id })}
        aria-current={open ? 'true' : undefined}
        draggable={false}
        data-conv={conv.id}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          go({ screen: 'conversation', conv: conv.id });
        }}
        onContextMenu={(e) => {
          e.preventDefault();
          chatMenu(conv, { x: e.clientX, y: e.clientY });
        }}
      >
        <Avatar id={peer ?? conv.id} name={title} online={online} group={conv.kind === 'group'} />
        <span class="row-top">
          <span class="row-name">
            <bdi>{title}</bdi>
            {extra ? <span class="hidden">, {extra},</span> : null}
          </span>
          {muted ? <Icon name="mute" size={14} /> : null}
          {conv.pinned ? <Icon name="pin" size={14} /> : null}
          {ts > 0 ? (
            <time dateTime={isoTime(ts)} title={exactTime(ts)}>
              {rowTime(ts)}
            </time>
          ) : null}
        </span>
        <span class="row-bottom">
          <span class="row-preview">
            <Preview id={conv.id} open={open} />
          </span>
          {failed ? (
            <span class="badge badge-failed" role="img" aria-label={t.notSent}>
              !
            </span>
          ) : null}
          {unread > 0 ? (
            <span class={`badge ${muted ? 'badge-muted' : ''}`}>
              {unread > 99 ? '99+' : unread}
              <span class="hidden"> {t.unreadWord}</span>
            </span>
          ) : conv.markedUnread ? (
            <span class="badge badge-dot" role="img" aria-label={t.markUnread} />
          ) : null}
        </span>
      </a>
    </li>
  );
}

type Filter = keyof typeof t.filters;

const filters: Record<Filter, (conv: Conversation) => boolean> = {
  all: (conv) => !conv.archived,
  unread: (conv) => !conv.archived && isUnread(conv),
  groups: (conv) => !conv.archived && conv.kind === 'group',
  archived: (conv) => conv.archived,
};

function Filters({ now, choose }: { now: Filter; choose: (filter: Filter) => void }) {
  return (
    <fieldset class="filters">
      <legend class="hidden">{t.filterChats}</legend>
      {(Object.keys(filters) as Filter[]).map((f) => (
        <button type="button" key={f} aria-pressed={f === now} onClick={() => choose(f)}>
          {t.filters[f]}
        </button>
      ))}
    </fieldset>
  );
}

/** Rows that are not known yet. */
function Skeleton() {
  return (
    <div role="status">
      <span class="hidden">{t.firstSync}</span>
      <div class="rows" aria-hidden="true">
        {Array.from({ length: 8 }, (_, i) => (
          <div class="row skeleton" key={i}>
            <span class="avatar avatar-normal" />
            <span class="row-top">
              <i />
            </span>
            <span class="row-bottom">
              <i />
            </span>
          </div>
        ))}
      </div>
      <p class="rows-none" aria-hidden="true">
        {t.firstSync}
      </p>
    </div>
  );
}

/** Outside the component: going to another screen and back keeps it. */
const filter = signal<Filter>('all');

/** `asked`: what the address asks for. Beside an open conversation a search has no address, so that it stays open. */
export function ChatList({ open, asked }: { open: string | undefined; asked: string | undefined }) {
  const [query, setTyped] = useState(asked ?? '');
  useEffect(() => {
    if (asked !== undefined) setTyped(asked);
  }, [asked]);
  const setQuery = (next: string): void => {
    setTyped(next);
    if (open !== undefined) return;
    go(next.trim() ? { screen: 'search', query: next } : { screen: 'list' }, asked !== undefined);
  };
  const list = useRef<HTMLUListElement>(null);
  const all = useList();
  const { found, searching } = usePeopleSearch(query);
  const typed = query.trim();
  // What is pressed is answered at once, by the box and the buttons; a long list of chats follows.
  const q = useAfterPaint(typed.toLowerCase());
  const chosen = useAfterPaint(filter.value);
  // The open one stays where it is, though it is read by now.
  const shown = all
    .filter((conv) => q || filters[chosen](conv) || (chosen === 'unread' && conv.id === open))
    .filter((conv) => titleOf(conv).toLowerCase().includes(q));
  const known = new Set(shown.map(peerId));
  const others = found.filter((p) => !known.has(p.id));
  useWatch('list', shown.slice(0, 60).map(peerId));
  const first = all.length === 0 && (updating.value || status.value?.state !== 'online');

  const keys = (e: KeyboardEvent): void => {
    if ((e.key !== 'ArrowDown' && e.key !== 'ArrowUp') || e.altKey) return;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('.row') ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    rows[Math.max(0, Math.min(rows.length - 1, at + (e.key === 'ArrowDown' ? 1 : -1)))]?.focus();
    e.preventDefault();
  };

  return (
    <div class="pane chat-list">
      <Header
        level={2}
        title={t.chats}
        actions={
          <IconButton
            icon="compose"
            label={t.newChat}
            onClick={(e) =>
              openMenu(below(e.currentTarget), [
                { icon: 'user', label: t.newChat, run: () => go({ screen: 'newChat' }) },
                { icon: 'group', label: t.newGroup, run: () => go({ screen: 'newGroup' }) },
              ])
            }
          />
        }
      />
      <SearchBox id="chat-search" label={t.searchChats} value={query} onInput={setQuery} />
      {q || all.length === 0 ? null : (
        <Filters
          now={filter.value}
          choose={(f) => {
            filter.value = f;
          }}
        />
      )}
      <div class="scroll">
        {shown.length > 0 ? (
          <ul class="rows" ref={list} onKeyDown={keys}>
            {shown.map((conv) => (
              <Row key={conv.id} id={conv.id} open={conv.id === open} />
            ))}
          </ul>
        ) : null}
        {q && others.length > 0 ? (
          <>
            <h3 class="rows-title">{t.people}</h3>
            <ul class="rows">
              {others.map((p) => (
                <PersonRow
                  key={p.id}
                  person={p}
                  onPick={() => {
                    setQuery('');
                    go({ screen: 'conversation', conv: theClient().directWith(p.id) });
                  }}
                />
              ))}
            </ul>
          </>
        ) : null}
        {typed && q && shown.length === 0 && others.length === 0 && !searching ? (
          <p class="rows-none">{t.noChatMatches(typed)}</p>
        ) : null}
        {typed ? <MessageResults query={query} /> : null}
        {!q && first ? <Skeleton /> : null}
        {!q && !first && shown.length === 0 && all.length > 0 ? (
          <Empty
            icon="chats"
            title={t.filterNone[chosen]}
            action={
              chosen === 'all' ? undefined : (
                <button
                  type="button"
                  class="button button-plain"
                  onClick={() => {
                    filter.value = 'all';
                  }}
                >
                  {t.filters.all}
                </button>
              )
            }
          />
        ) : null}
        {!q && !first && all.length === 0 ? (
          <Empty
            icon="chats"
            title={t.noChatsTitle}
            text={t.noChatsText}
            action={
              <button type="button" class="button" onClick={() => go({ screen: 'newChat' })}>
                {t.newChat}
              </button>
            }
          />
        ) : null}
      </div>
      {q ? null : <InstallHint />}
    </div>
  );
}
