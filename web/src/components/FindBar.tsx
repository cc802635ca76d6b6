// The search inside a conversation: a bar with the count, the way from result to result, filters, and a date to jump to.
import type { Conversation } from '@parley/sdk';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { markIn } from '../lib/marks.tsx';
import { go } from '../lib/route.ts';
import { nameOf, peerId, status, theClient } from '../state/app.ts';
import { theSearch, useSearch } from '../state/search.ts';
import { t } from '../strings.ts';
import { IconButton } from './basics.tsx';
import { announce } from './overlay.tsx';

const MOST = 500;

/** The local midnight at which this day of a date field begins, `days` later; undefined for an empty field. */
function midnight(day: string, days = 0): number | undefined {
  const [y, m, d] = day.split('-').map(Number);
  return y && m && d ? new Date(y, m - 1, d + days).getTime() : undefined;
}

function DateField(props: { label: string; value: string; onChange: (day: string) => void }) {
  const id = useId();
  return (
    <span class="find-field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="date"
        value={props.value}
        onChange={(e) => props.onChange(e.currentTarget.value)}
      />
    </span>
  );
}

function senders(conv: Conversation): string[] {
  const peer = peerId(conv);
  const me = theClient().me.id;
  return peer === undefined
    ? [me, ...[...(conv.members?.keys() ?? [])].filter((id) => id !== me)]
    : [me, peer];
}

export function FindBar({ conv, onClose }: { conv: Conversation; onClose: () => void }) {
  const c = theClient();
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState('');
  const [from, setFrom] = useState('');
  const [after, setAfter] = useState('');
  const [before, setBefore] = useState('');
  const [at, setAt] = useState(-1);
  const [options, setOptions] = useState(false);
  const [missing, setMissing] = useState(false);
  const fromId = useId();
  const since = midnight(after);
  const until = midnight(before, 1);
  const { entries, looking, server } = useSearch(
    {
      query,
      conv: conv.id,
      ...(from ? { from } : {}),
      ...(since === undefined ? {} : { after_ts: Math.max(0, since - 1) }),
      ...(until === undefined ? {} : { before_ts: until }),
    },
    MOST,
    true,
  );
  const online = status.value?.state === 'online';
  const working = looking || server === 'asked';
  const asked = query.trim() !== '';
  const shown = entries[at];

  // At once: what is typed right behind the keys that opened the bar is meant for it.
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => setAt(-1), [query, from, after, before]);
  useEffect(() => {
    const messages = document.getElementById('messages');
    return messages && asked ? markIn(messages, 'article .text', query) : undefined;
  }, [query, asked]);
  useEffect(() => {
    if (asked && !working) announce(entries.length > 0 ? t.foundMessages(entries.length) : t.noResults);
  }, [asked, working, entries.length]);

  const jump = (seq: number): void => go({ screen: 'conversation', conv: conv.id, seq }, true);

  /** `step` 1: an older one. */
  const move = (step: number): void => {
    if (entries.length === 0) return;
    const next = at < 0 ? 0 : (at + step + entries.length) % entries.length;
    setAt(next);
    jump(entries[next]?.seq ?? 0);
  };

  const toDate = async (day: string): Promise<void> => {
    const ts = midnight(day);
    if (ts === undefined) return;
    const seq = await theSearch()
      .firstAt(conv.id, ts)
      .catch(() => undefined);
    setMissing(seq === undefined);
    if (seq !== undefined) jump(seq);
  };

  const count = !asked
    ? ''
    : shown
      ? t.resultOf(at + 1, entries.length)
      : entries.length > 0
        ? t.foundMessages(entries.length)
        : working
          ? t.searching
          : t.noResults;

  return (
    <search
      class="find-bar"
      aria-label={t.searchInChat}
      onKeyDown={(e) => {
        if (e.key !== 'Escape') return;
        e.stopPropagation();
        onClose();
      }}
    >
      <div class="find-line">
        <input
          ref={input}
          id="find-input"
          type="search"
          value={query}
          placeholder={t.searchInChat}
          aria-label={t.searchInChat}
          autocomplete="off"
          spellcheck={false}
          dir="auto"
          onInput={(e) => setQuery(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key !== 'Enter' || e.isComposing) return;
            e.preventDefault();
            move(e.shiftKey ? -1 : 1);
          }}
        />
        <span class="find-count" data-count={asked && !working ? entries.length : undefined}>
          {count}
        </span>
        <IconButton icon="up" label={t.olderResult} disabled={entries.length === 0} onClick={() => move(1)} />
        <IconButton
          icon="down"
          label={t.newerResult}
          disabled={entries.length === 0}
          onClick={() => move(-1)}
        />
        <IconButton
          icon="filter"
          label={t.searchOptions}
          expanded={options}
          onClick={() => setOptions((now) => !now)}
        />
        <IconButton icon="close" label={t.closeSearch} onClick={onClose} />
      </div>
      {options ? (
        <div class="find-options">
          <span class="find-field">
            <label for={fromId}>{t.sentBy}</label>
            <select id={fromId} value={from} onChange={(e) => setFrom(e.currentTarget.value)}>
              <option value="">{t.anyone}</option>
              {senders(conv).map((id) => (
                <option key={id} value={id}>
                  {id === c.me.id ? t.you : nameOf(id)}
                </option>
              ))}
            </select>
          </span>
          <DateField label={t.fromDay} value={after} onChange={setAfter} />
          <DateField label={t.untilDay} value={before} onChange={setBefore} />
          <DateField label={t.jumpToDate} value="" onChange={toDate} />
        </div>
      ) : null}
      {missing ? <p class="found-note">{t.noSuchDay}</p> : null}
      {asked && (!online || server === 'failed' || server === 'off') ? (
        <p class="found-note">{t.savedOnDevice}</p>
      ) : null}
    </search>
  );
}
