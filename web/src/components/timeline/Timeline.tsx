// The messages of a conversation in a scroller that hangs from its bottom, so that older pages never move what is read.
import type { Conversation, Entry, OutboxView } from '@parley/sdk';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dayName, isoTime } from '../../lib/format.ts';
import { useCommands } from '../../lib/keys.ts';
import { timelineRows } from '../../lib/rows.ts';
import { HELD, slim } from '../../lib/slim.ts';
import { nameOf, peerId, status, theClient, titleOf, useConversation } from '../../state/app.ts';
import { prefs, scrollBehavior } from '../../state/prefs.ts';
import { t } from '../../strings.ts';
import { Avatar, Spinner } from '../basics.tsx';
import { Icon } from '../Icon.tsx';
import { looksOf, Message, PendingMessage } from '../Message.tsx';
import type { MessageActions } from '../message-menu.ts';
import { overlayOpen, tell } from '../overlay.tsx';
import { useDivider } from './divider.ts';
import { messageKeys } from './keys.ts';
import { Notes } from './Notes.tsx';
import { dayPill, forgetPlace, keepPlace, landingPlace, seenUpTo, showRow } from './scrolling.ts';
import { useWindow } from './window.ts';

const LOAD_AT = 3000;
const BOTTOM = 80;
const READ_AFTER_MS = 300;
const IDLE_MS = 150;
const FLASH_MS = 1500;
/** Entries. */
const FAR_BACK = 1000;
/** Unread pages that are fetched at opening, so that the first unread message can be shown. */
const OPEN_PAGES = 5;

function ownWords(conv: Conversation, e: Entry): string {
  const c = theClient();
  const state = c.stateOf(conv, e);
  if (conv.kind === 'group' && conv.members && state !== 'read') {
    const readers = [...conv.members.values()].filter((m) => m.user !== c.me.id && m.read >= e.seq).length;
    if (readers > 0) return t.readBy(readers, conv.otherCount);
  }
  return t.states[state];
}

function Start({ conv, title }: { conv: Conversation; title: string }) {
  return (
    <div class="start">
      <Avatar id={peerId(conv) ?? conv.id} name={title} size="big" group={conv.kind === 'group'} />
      <strong dir="auto">{title}</strong>
      <p>{conv.kind === 'group' ? t.startGroup(title) : t.startDirect(title)}</p>
    </div>
  );
}

function TypingRow({ id }: { id: string }) {
  const conv = useConversation(id);
  const writing = theClient().people.typingIn(conv.id);
  if (writing.length === 0) return null;
  return (
    <p class="typing-row" aria-hidden="true">
      <span class="typing-dots">
        <i />
        <i />
        <i />
      </span>
      {conv.kind === 'group' ? writing.map(nameOf).join(', ') : ''}
    </p>
  );
}

export function Timeline(props: {
  id: string;
  /** Counts own sends: each one leads to the bottom. */
  sent: number;
  /** A message that the address names. */
  jumpTo: number | undefined;
  reply: (entry: Entry) => void;
  edit: (entry: Entry) => void;
  editPending: (item: OutboxView) => void;
}) {
  const conv = useConversation(props.id);
  const c = theClient();
  const me = c.me.id;
  const window = useWindow(conv);
  const divider = useDivider(conv);
  const scroller = useRef<HTMLDivElement>(null);
  const pill = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const [below, setBelow] = useState(0);
  const [far, setFar] = useState(false);
  const [above, setAbove] = useState(false);
  const [flash, setFlash] = useState(0);
  const readTimer = useRef(0);
  const idleTimer = useRef(0);
  const landed = useRef(false);
  const wanted = useRef(0);
  const online = status.value?.state === 'online';

  // Opening: load what is unread, freeze the divider, land on it.
  useEffect(() => {
    let current = true;
    (async () => {
      await c.open(conv.id).catch(() => {});
      const want = Math.min(conv.read + 1, landingPlace(conv.id)?.seq ?? Number.POSITIVE_INFINITY);
      for (let i = 0; i < OPEN_PAGES && conv.memoryLo > want && !conv.atStart; i++) {
        if ((await c.loadOlder(conv.id).catch(() => 0)) === 0) break;
      }
      if (!current) return;
      window.open(want);
      const place = landingPlace(conv.id);
      if (place && conv.unread === 0) await window.show(place.seq);
      if (!current) return;
      divider.place();
      setReady(true);
    })();
    return () => {
      current = false;
    };
  }, [conv]);

  // What could not be loaded while there was no connection is loaded when there is one.
  useEffect(() => {
    if (!ready || !online) return;
    c.open(conv.id).catch(() => {});
    if (wanted.current > 0) jump(wanted.current);
  }, [online, ready]);

  useLayoutEffect(() => {
    const el = scroller.current;
    if (!ready || !el || landed.current) return;
    landed.current = true;
    const line = el.querySelector('.divider');
    const place = landingPlace(conv.id);
    if (props.jumpTo !== undefined) jump(props.jumpTo);
    else if (line && prefs.value.openAt === 'unread') showRow(el, line, el.clientHeight / 4, true);
    else if (!line && place) {
      const row = el.querySelector(`[data-seq="${place.seq}"]`);
      if (row) showRow(el, row, place.offset);
    }
    look();
  }, [ready]);

  useEffect(() => {
    if (landed.current && props.jumpTo !== undefined) jump(props.jumpTo);
  }, [props.jumpTo]);

  useEffect(() => {
    if (props.sent === 0) return;
    divider.drop();
    toLatest();
  }, [props.sent]);

  const atBottom = (): boolean => window.toEnd && Math.abs(scroller.current?.scrollTop ?? 0) <= BOTTOM;

  const toLatest = (smoothly = false): void => {
    const far = !window.toEnd;
    const go = (): void =>
      scroller.current?.scrollTo({ top: 0, behavior: smoothly && !far ? scrollBehavior() : 'auto' });
    if (!far) return go();
    window.open();
    // Once the newest ones are drawn.
    requestAnimationFrame(() => requestAnimationFrame(go));
  };

  /** What the person sees now: pages to load, messages that count as read, how many are below, and where the line is. */
  const look = (): void => {
    const el = scroller.current;
    if (!el || !landed.current) return;
    const under = Math.abs(el.scrollTop);
    if (el.scrollHeight - el.clientHeight - under < LOAD_AT && !window.atStart) {
      window.older().then((came) => came && requestAnimationFrame(look));
    }
    if (!window.toEnd && under < LOAD_AT) {
      // At the very end the scroller would go with what is put in there.
      if (under < 2) el.scrollTop = -2;
      window.newer().then((came) => came && requestAnimationFrame(look));
    }
    const bottom = atBottom();
    setFar(!bottom);
    setBelow(bottom ? 0 : conv.unread);
    const line = el.querySelector('.divider')?.getBoundingClientRect();
    const frame = el.getBoundingClientRect();
    if (line && line.bottom > frame.top && line.top < frame.bottom) divider.seen();
    const firstDrawn = window.entries[0]?.seq ?? 0;
    setAbove(divider.seq !== 0 && (line ? line.bottom < frame.top : divider.seq < firstDrawn));
    divider.moved(bottom);
    if (bottom) forgetPlace(conv.id);
    if (!readTimer.current) readTimer.current = globalThis.setTimeout(readNow, READ_AFTER_MS) as never;
  };

  const scrolled = (): void => {
    const el = scroller.current;
    if (!el) return;
    look();
    if (pill.current) dayPill(el, pill.current);
    if (!atBottom()) keepPlace(conv.id, el);
    rest(el);
  };

  /** Once nothing has moved for a moment, and no page is under way. */
  const rest = (el: HTMLElement): void => {
    clearTimeout(idleTimer.current);
    idleTimer.current = globalThis.setTimeout(() => {
      idleTimer.current = 0;
      if (!window.trim(Math.abs(el.scrollTop) > (el.scrollHeight - el.clientHeight) / 2)) rest(el);
    }, IDLE_MS) as never;
  };

  const readNow = (): void => {
    readTimer.current = 0;
    const el = scroller.current;
    if (!el || document.visibilityState !== 'visible' || !document.hasFocus() || overlayOpen()) return;
    // Far back there are messages between what is seen and what was read: nobody has looked at those.
    const seq = atBottom() ? conv.hi : window.has(conv.read + 1) ? seenUpTo(el) : 0;
    if (seq === 0) return;
    divider.readHere(seq);
    c.markRead(conv.id, seq);
    if (atBottom()) setBelow(0);
  };

  useEffect(look, [conv.version, ready, divider.seq, window.entries.length]);

  // What comes while nobody scrolls makes it longer, too.
  useEffect(() => {
    if (scroller.current && window.tooLong && !idleTimer.current) rest(scroller.current);
  }, [conv.hi]);

  useEffect(() => {
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
      clearTimeout(readTimer.current);
      clearTimeout(idleTimer.current);
      readTimer.current = 0;
      idleTimer.current = 0;
      // Where somebody was stays in memory, so that it is there at once; unless it is far back.
      const back = conv.hi - (landingPlace(conv.id)?.seq ?? conv.hi);
      slim(conv, Math.max(HELD, Math.min(FAR_BACK, back + HELD)));
    };
  }, [conv]);

  const jump = async (seq: number): Promise<void> => {
    const shown = await window.show(seq);
    // Without a connection it waits for one.
    wanted.current = shown || status.value?.state === 'online' ? 0 : seq;
    if (!shown && wanted.current === 0) tell(t.notReachable);
    if (!shown) return;
    requestAnimationFrame(() => {
      const row = scroller.current?.querySelector(`[data-seq="${seq}"]`);
      row?.scrollIntoView({ block: 'center' });
      setFlash(seq);
      setTimeout(() => setFlash(0), FLASH_MS);
    });
  };

  const toDivider = async (): Promise<boolean> => {
    const el = scroller.current;
    if (divider.seq === 0 || !el || !(await window.show(divider.seq))) return false;
    requestAnimationFrame(() => {
      const line = el.querySelector('.divider');
      if (line) showRow(el, line, el.clientHeight / 4);
    });
    return true;
  };

  useCommands({
    latest: () => {
      toLatest(true);
      return undefined;
    },
    firstUnread: () => {
      if (divider.seq === 0) return false;
      toDivider();
      return undefined;
    },
  });

  const keys = (e: KeyboardEvent): void => {
    if (e.key === 'Escape') {
      divider.drop();
      document.getElementById('composer')?.focus();
    } else if (scroller.current && messageKeys(e, scroller.current)) {
      if (e.key === 'End') toLatest();
      e.preventDefault();
    }
  };

  const pending = c.pending(conv.id).filter((i) => i.after?.op !== 'delete');
  const { entries, toEnd } = window;
  const rows = timelineRows({ conv, entries, toEnd, pending, divider: divider.seq, me });
  const lastOwn = pending.some((i) => i.op === 'send')
    ? undefined
    : conv.entries.findLast((e) => e.kind === 'text' && e.from === me && !conv.view(e).deleted_seq);
  const newest = conv.entries.findLast((e) => e.kind === 'text');
  const now = useRef<MessageActions>(undefined as never);
  now.current = { reply: props.reply, edit: props.edit, jump };
  // Always the same ones, so that a row is drawn again only when it looks different.
  const actions = useRef<MessageActions>({
    reply: (e) => now.current.reply(e),
    edit: (e) => now.current.edit(e),
    jump: (seq) => now.current.jump(seq),
  }).current;
  const title = titleOf(conv);

  return (
    <div class="timeline-frame">
      <section
        class="timeline"
        id="messages"
        ref={scroller}
        onScroll={scrolled}
        onKeyDown={keys}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard
        tabIndex={0}
        aria-label={title}
        aria-busy={!ready}
      >
        <div class="timeline-inner">
          {window.atStart || (conv.hi === 0 && ready) ? (
            <Start conv={conv} title={title} />
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
              case 'notes':
                return <Notes key={row.key} entries={row.entries} />;
              case 'gap':
                return online ? (
                  <p class="note-row gap-row" key={row.key} role="status">
                    {t.gap}
                  </p>
                ) : null;
              case 'pending':
                return (
                  <PendingMessage
                    key={row.key}
                    conv={conv}
                    item={row.item}
                    place={row.place}
                    onJump={jump}
                    onEdit={() => props.editPending(row.item)}
                  />
                );
              default:
                return (
                  <Message
                    key={row.key}
                    conv={conv}
                    entry={row.entry}
                    first={row.place.first}
                    last={row.place.last}
                    looks={looksOf(conv, row.entry)}
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
          {toEnd ? <TypingRow id={conv.id} /> : <Spinner />}
        </div>
      </section>
      <div class="day-pill" ref={pill} aria-hidden="true" />
      {above ? (
        <button type="button" class="to-unread" aria-label={t.newAbove(divider.count)} onClick={toDivider}>
          {t.newShort(divider.count)} <Icon name="up" size={16} />
        </button>
      ) : null}
      {far ? (
        <button
          type="button"
          class="to-latest"
          aria-label={below > 0 ? t.below(below) : t.toLatest}
          onClick={() => toLatest(true)}
        >
          <Icon name="down" size={20} />
          {below > 0 ? <span class="badge">{below > 99 ? '99+' : below}</span> : null}
        </button>
      ) : null}
    </div>
  );
}
