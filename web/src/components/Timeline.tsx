// The messages of a conversation in a scroller that hangs from its bottom, so that older pages never move what is read.
import type { Conversation, Entry } from '@parley/sdk';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { entryWords } from '../lib/entry-words.ts';
import { dayName, isoTime } from '../lib/format.ts';
import { timelineRows } from '../lib/rows.ts';
import { nameOf, peerId, status, theClient, titleOf, useConversation } from '../state/app.ts';
import { t } from '../strings.ts';
import { Avatar, Spinner } from './basics.tsx';
import { Icon } from './Icon.tsx';
import { Message, type MessageActions, PendingMessage } from './Message.tsx';
import { overlayOpen } from './overlay.tsx';

const LOAD_AT = 1500;
const BOTTOM = 80;
const READ_AFTER_MS = 300;
const FLASH_MS = 1500;
/** Unread pages that are fetched at opening, so that the first unread message can be shown. */
const OPEN_PAGES = 5;

function firstUnread(conv: Conversation, me: string): number {
  for (const e of conv.entries) {
    if (e.seq > conv.read && e.kind === 'text' && e.from !== me && !conv.view(e).deleted_seq) return e.seq;
  }
  return 0;
}

function ownWords(conv: Conversation, e: Entry): string {
  const c = theClient();
  const state = c.stateOf(conv, e);
  if (conv.kind === 'group' && conv.members && state !== 'read') {
    const readers = [...conv.members.values()].filter((m) => m.user !== c.me.id && m.read >= e.seq).length;
    if (readers > 0) return t.readBy(readers, conv.otherCount);
  }
  return t.states[state];
}

export function Timeline(props: {
  id: string;
  /** Counts own sends: each one leads to the bottom. */
  sent: number;
  /** A message that the address names. */
  jumpTo: number | undefined;
  reply: (entry: Entry) => void;
  edit: (entry: Entry) => void;
}) {
  const conv = useConversation(props.id);
  const c = theClient();
  const me = c.me.id;
  const scroller = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const [divider, setDivider] = useState(0);
  const [below, setBelow] = useState(0);
  const [far, setFar] = useState(false);
  const [flash, setFlash] = useState(0);
  const loading = useRef(false);
  const readTimer = useRef(0);
  const landed = useRef(false);
  const online = status.value?.state === 'online';

  // Opening: load what is unread, freeze the divider, land on it.
  useEffect(() => {
    let current = true;
    (async () => {
      await c.open(conv.id).catch(() => {});
      for (let i = 0; i < OPEN_PAGES && conv.memoryLo > conv.read + 1 && !conv.atStart; i++) {
        if ((await c.loadOlder(conv.id).catch(() => 0)) === 0) break;
      }
      if (!current) return;
      setDivider(firstUnread(conv, me));
      setReady(true);
    })();
    return () => {
      current = false;
    };
  }, [conv.id]);

  // What could not be loaded while there was no connection is loaded when there is one.
  useEffect(() => {
    if (ready && online) c.open(conv.id).catch(() => {});
  }, [online, ready]);

  useLayoutEffect(() => {
    const el = scroller.current;
    if (!ready || !el || landed.current) return;
    landed.current = true;
    const line = el.querySelector('.divider');
    if (line) {
      const quarter = el.getBoundingClientRect().top + el.clientHeight / 4;
      const top = line.getBoundingClientRect().top;
      if (top < quarter) el.scrollTop += top - quarter;
    }
    look();
  }, [ready]);

  useEffect(() => {
    if (props.sent === 0) return;
    setDivider(0);
    scroller.current?.scrollTo({ top: 0 });
  }, [props.sent]);

  // New messages while nobody looks get a new divider, once the old one has been passed.
  useEffect(
    () =>
      c.on('entry', ({ entry, conversation }) => {
        if (conversation.id !== conv.id || entry.from === me || entry.kind !== 'text') return;
        if (!document.hasFocus()) setDivider((old) => (old === 0 || old <= conv.read ? entry.seq : old));
      }),
    [conv.id],
  );

  const atBottom = (): boolean => Math.abs(scroller.current?.scrollTop ?? 0) <= BOTTOM;

  /** What the person sees now: older pages to load, messages that count as read, how many are below. */
  const look = (): void => {
    const el = scroller.current;
    if (!el) return;
    const above = el.scrollHeight - el.clientHeight - Math.abs(el.scrollTop);
    if (above < LOAD_AT && !loading.current && !conv.atStart) {
      loading.current = true;
      c.loadOlder(conv.id)
        .catch(() => 0)
        .then((came) => {
          loading.current = false;
          if (came) requestAnimationFrame(look);
        });
    }
    setFar(!atBottom());
    setBelow(
      atBottom()
        ? 0
        : conv.entries.filter((e) => e.seq > conv.read && e.kind === 'text' && e.from !== me).length,
    );
    if (!readTimer.current) readTimer.current = window.setTimeout(readNow, READ_AFTER_MS);
  };

  const readNow = (): void => {
    readTimer.current = 0;
    const el = scroller.current;
    if (!el || document.visibilityState !== 'visible' || !document.hasFocus() || overlayOpen()) return;
    if (atBottom()) {
      c.markRead(conv.id, conv.hi);
      setBelow(0);
      return;
    }
    const bottom = el.getBoundingClientRect().bottom;
    const rows = [...el.querySelectorAll<HTMLElement>('[data-seq]')];
    for (let i = rows.length - 1; i >= 0; i--) {
      const box = rows[i]?.getBoundingClientRect();
      if (box && (box.top + box.bottom) / 2 <= bottom) {
        c.markRead(conv.id, Number(rows[i]?.dataset['seq']));
        return;
      }
    }
  };

  useEffect(() => {
    look();
  }, [conv.version, ready]);

  useEffect(() => {
    const seen = (): void => look();
    addEventListener('focus', seen);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('focus', seen);
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(readTimer.current);
      readTimer.current = 0;
    };
  }, [conv.id]);

  const jump = async (seq: number): Promise<void> => {
    if (!(await c.reach(conv.id, seq).catch(() => false))) return;
    requestAnimationFrame(() => {
      scroller.current?.querySelector(`[data-seq="${seq}"]`)?.scrollIntoView({ block: 'center' });
      setFlash(seq);
      setTimeout(() => setFlash(0), FLASH_MS);
    });
  };

  useEffect(() => {
    if (ready && props.jumpTo !== undefined) jump(props.jumpTo);
  }, [ready, props.jumpTo]);

  const keys = (e: KeyboardEvent): void => {
    const el = scroller.current;
    if (!el) return;
    const rows = [...el.querySelectorAll<HTMLElement>('article')];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    if (e.key === 'Escape') {
      setDivider(0);
      document.getElementById('composer')?.focus();
    } else if (e.key === 'ArrowUp' || e.key === 'ArrowDown') {
      const next = at < 0 ? rows.length - 1 : at + (e.key === 'ArrowDown' ? 1 : -1);
      rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
      e.preventDefault();
    } else if (e.key === 'End') {
      el.scrollTo({ top: 0 });
      rows.at(-1)?.focus({ preventScroll: true });
      e.preventDefault();
    }
  };

  const pending = c.pending(conv.id);
  const rows = timelineRows(conv, pending, divider, me);
  const lastOwn = pending.some((i) => i.op === 'send')
    ? undefined
    : conv.entries.findLast((e) => e.kind === 'text' && e.from === me && !conv.view(e).deleted_seq);
  const newest = conv.entries.findLast((e) => e.kind === 'text');
  const actions: MessageActions = { reply: props.reply, edit: props.edit, jump };
  const writing = c.people.typingIn(conv.id);
  const title = titleOf(conv);

  return (
    <div class="timeline-frame">
      <section
        class="timeline"
        id="messages"
        ref={scroller}
        onScroll={look}
        onKeyDown={keys}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard
        tabIndex={0}
        aria-label={title}
        aria-busy={!ready}
      >
        <div class="timeline-inner">
          {conv.atStart || (conv.hi === 0 && ready) ? (
            <div class="start">
              <Avatar id={peerId(conv) ?? conv.id} name={title} size="big" group={conv.kind === 'group'} />
              <strong dir="auto">{title}</strong>
              <p>{conv.kind === 'group' ? t.startGroup(title) : t.startDirect(title)}</p>
            </div>
          ) : ready && !online ? (
            <p class="note-row">{t.offlineHistory}</p>
          ) : (
            <Spinner />
          )}
          {rows.map((row) => {
            switch (row.type) {
              case 'day':
                return (
                  <h3 class="day" key={row.key}>
                    <time dateTime={isoTime(row.ts)}>{dayName(row.ts)}</time>
                  </h3>
                );
              case 'divider':
                return (
                  <div class="divider" key={row.key}>
                    <span>{t.newMessages}</span>
                  </div>
                );
              case 'note':
                return (
                  <p class="note-row" key={row.key} data-seq={row.entry.seq} dir="auto">
                    {entryWords(row.entry)}
                  </p>
                );
              case 'pending':
                return (
                  <PendingMessage key={row.key} conv={conv} item={row.item} place={row.place} onJump={jump} />
                );
              default:
                return (
                  <Message
                    key={row.key}
                    conv={conv}
                    entry={row.entry}
                    place={row.place}
                    words={
                      row.entry.seq === lastOwn?.seq && lastOwn.seq === newest?.seq
                        ? ownWords(conv, row.entry)
                        : undefined
                    }
                    flash={flash === row.entry.seq}
                    actions={actions}
                  />
                );
            }
          })}
          {writing.length > 0 ? (
            <p class="typing-row" aria-hidden="true">
              <span class="typing-dots">
                <i />
                <i />
                <i />
              </span>
              {conv.kind === 'group' ? writing.map(nameOf).join(', ') : ''}
            </p>
          ) : null}
        </div>
      </section>
      {far ? (
        <button
          type="button"
          class="to-latest"
          aria-label={below > 0 ? t.below(below) : t.toLatest}
          onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}
        >
          <Icon name="down" size={20} />
          {below > 0 ? <span class="badge">{below > 99 ? '99+' : below}</span> : null}
        </button>
      ) : null}
    </div>
  );
}
