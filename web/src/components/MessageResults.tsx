// Messages that a search found, below the chats and people: from this device as they are found, then from the server.
import type { Entry } from '@parley/sdk';
import { useEffect } from 'preact/hooks';
import { exactTime, isoTime, rowTime } from '../lib/format.ts';
import { markedLine } from '../lib/marks.tsx';
import { go, pathOf, type Route } from '../lib/route.ts';
import { nameOf, peerId, status, theClient, titleOf, useConversation } from '../state/app.ts';
import { useSearch } from '../state/search.ts';
import { t } from '../strings.ts';
import { Avatar, Spinner } from './basics.tsx';
import { announce } from './overlay.tsx';

const MOST = 50;

function Result({ entry, query }: { entry: Entry; query: string }) {
  const conv = useConversation(entry.conv);
  const title = titleOf(conv);
  const mine = entry.from === theClient().me.id;
  const who = mine ? t.you : conv.kind === 'group' ? nameOf(entry.from) : '';
  const to: Route = { screen: 'conversation', conv: conv.id, seq: entry.seq };
  return (
    <li>
      <a
        class="row row-message"
        href={pathOf(to)}
        data-found={`${entry.conv}:${entry.seq}`}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          go(to);
        }}
      >
        <Avatar id={peerId(conv) ?? conv.id} name={title} group={conv.kind === 'group'} />
        <span class="row-top">
          <span class="row-name">
            <bdi>{title}</bdi>
          </span>
          <time dateTime={isoTime(entry.ts)} title={exactTime(entry.ts)}>
            {rowTime(entry.ts)}
          </time>
        </span>
        <span class="row-bottom">
          <span class="row-preview">
            {who ? <span>{who}: </span> : null}
            <span dir="auto">{markedLine(entry.text ?? '', query)}</span>
          </span>
        </span>
      </a>
    </li>
  );
}

export function MessageResults({ query }: { query: string }) {
  const { entries, looking, server, more } = useSearch({ query }, MOST, false);
  const online = status.value?.state === 'online';
  const quiet = !looking && server !== 'asked';
  useEffect(() => {
    if (quiet) announce(t.foundMessages(entries.length));
  }, [quiet, entries.length]);
  return (
    <section class="found" aria-label={t.messagesFound}>
      <h3 class="rows-title">{t.messagesFound}</h3>
      {online ? null : <p class="found-note">{t.savedOnDevice}</p>}
      {server === 'off' ? <p class="found-note">{t.serverSearchOff}</p> : null}
      {entries.length > 0 ? (
        <ul class="rows">
          {entries.map((e) => (
            <Result key={`${e.conv}:${e.seq}`} entry={e} query={query} />
          ))}
        </ul>
      ) : quiet ? (
        <p class="rows-none">{t.noMessages(query.trim())}</p>
      ) : null}
      {looking || server === 'asked' ? <Spinner label={t.searching} /> : null}
      {server === 'failed' ? (
        <p class="found-note error-text" role="alert">
          {t.searchFailed}
        </p>
      ) : null}
      {online && (server === 'idle' || server === 'failed') ? (
        <button type="button" class="button button-plain found-more" onClick={more}>
          {server === 'failed' ? t.retry : t.moreFromServer}
        </button>
      ) : null}
      {server === 'all' && entries.length > 0 ? <p class="found-note">{t.allFound}</p> : null}
    </section>
  );
}
