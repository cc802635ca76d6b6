// One message: bubble, quote, text, footer with its state, reactions, and what can be done with it.
import type { Conversation, Entry, MessageState, OutboxView } from '@parley/sdk';
import { useEffect, useState } from 'preact/hooks';
import { clockTime, exactTime, hue, isBigEmoji, isoTime } from '../lib/format.ts';
import { withLinks } from '../lib/links.tsx';
import { useLongPress } from '../lib/press.ts';
import { go } from '../lib/route.ts';
import type { Place } from '../lib/rows.ts';
import { nameOf, theClient, useConversation } from '../state/app.ts';
import { t } from '../strings.ts';
import { Avatar, IconButton } from './basics.tsx';
import {
  type MessageActions,
  messageLetter,
  openMessageMenu,
  openPendingMenu,
  toggleReaction,
} from './message-menu.ts';
import { below } from './overlay.tsx';
import { discard, failedWords } from './pending.ts';
import { Tick } from './Tick.tsx';

const LONG = 1400;

function Quote({ id, seq, onJump }: { id: string; seq: number; onJump: (seq: number) => void }) {
  const conv = useConversation(id);
  const raw = conv.at(seq);
  const target = raw ? conv.view(raw) : undefined;
  const mine = target?.from === theClient().me.id;
  return (
    <button type="button" class="quote" onClick={() => onJump(seq)}>
      <strong>{target ? (mine ? t.you : nameOf(target.from)) : t.unknownMessage}</strong>
      <span dir="auto">{target ? (target.deleted_seq ? t.deleted : target.text) : '…'}</span>
    </button>
  );
}

function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > LONG || text.split('\n').length > 20;
  const cut =
    long && !whole ? `${[...text.split('\n').slice(0, 20).join('\n')].slice(0, LONG).join('')}…` : text;
  return (
    <>
      <span class={isBigEmoji(text) ? 'text text-emoji' : 'text'} dir="auto">
        {withLinks(cut)}
      </span>
      {long ? (
        <button type="button" class="link" onClick={() => setWhole(!whole)}>
          {whole ? t.showLess : t.showMore}
        </button>
      ) : null}
    </>
  );
}

function Footer(props: {
  ts: number;
  edited: boolean;
  state: MessageState | undefined;
  onTick?: (() => void) | undefined;
}) {
  return (
    <span class="footer">
      {props.edited ? <span>{t.edited}</span> : null}
      <time dateTime={isoTime(props.ts)} title={exactTime(props.ts)}>
        {clockTime(props.ts)}
      </time>
      {props.state ? (
        props.onTick ? (
          <button
            type="button"
            tabIndex={-1}
            class="tick-button"
            aria-label={`${t.states[props.state]}. ${t.info}`}
            onClick={props.onTick}
          >
            <Tick state={props.state} />
          </button>
        ) : (
          <Tick state={props.state} />
        )
      ) : null}
    </span>
  );
}

/**
 * What a row shows beside its entry, as one text: a row whose properties are all the same is not drawn again, and a long
 * timeline stays quick.
 */
export function looksOf(conv: Conversation, e: Entry): string {
  const c = theClient();
  const state = e.from === c.me.id ? c.stateOf(conv, e) : '';
  const reactions = conv
    .reactionsOf(e.seq)
    .map((r) => `${r.emoji} ${r.users.join()} ${r.users.map(nameOf).join()}`);
  return [state, nameOf(e.from), conv.kind, conv.member, ...reactions].join('\n');
}

export function Message(props: {
  conv: Conversation;
  entry: Entry;
  /** Where it stands in a run of the same sender. */
  first: boolean;
  last: boolean;
  /** Of `looksOf`. */
  looks: string;
  /** Words under the newest own message, as colour alone would say too little. */
  words: string | undefined;
  flash: boolean;
  actions: MessageActions;
}) {
  const { conv, entry: e, first, last, actions } = props;
  const c = theClient();
  const mine = e.from === c.me.id;
  const deleted = e.deleted_seq !== undefined;
  const state = mine && !deleted ? c.stateOf(conv, e) : undefined;
  const sender = mine ? t.you : nameOf(e.from);
  const named = !mine && conv.kind === 'group' && first;
  const reactions = deleted ? [] : conv.reactionsOf(e.seq);
  const open = (at: { x: number; y: number }): void => {
    if (!deleted) openMessageMenu(conv, e, actions, at);
  };
  const press = useLongPress(open);
  const keys = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const menu = event.key === 'Enter' || event.key === '+' || (event.shiftKey && event.key === 'F10');
    if (menu) open(below(event.currentTarget as Element));
    else if (deleted || !messageLetter(conv, e, actions, event.key)) return;
    event.preventDefault();
  };
  return (
    <article
      class={`message ${mine ? 'mine' : 'theirs'} ${first ? 'run-first' : ''} ${last ? 'run-last' : ''} ${props.flash ? 'flash' : ''} ${reactions.length > 0 ? 'with-reactions' : ''}`}
      data-seq={e.seq}
      tabIndex={-1}
      aria-label={`${sender}, ${clockTime(e.ts)}`}
      onKeyDown={keys}
    >
      {conv.kind === 'group' && !mine ? (
        <span class="message-avatar">{last ? <Avatar id={e.from} name={sender} size="small" /> : null}</span>
      ) : null}
      <div class="message-body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a short way to the menu that the toolbar and the keys open too */}
        <div
          class={`bubble ${deleted ? 'bubble-deleted' : ''}`}
          {...press}
          onContextMenu={(event) => {
            if (getSelection()?.toString()) return;
            event.preventDefault();
            open({ x: event.clientX, y: event.clientY });
          }}
        >
          {named ? (
            <span class={`sender hue-text-${hue(e.from)}`} dir="auto">
              {sender}
            </span>
          ) : null}
          {e.reply_to !== undefined && !deleted ? (
            <Quote id={conv.id} seq={e.reply_to} onJump={actions.jump} />
          ) : null}
          {deleted ? <em class="text">{t.deleted}</em> : <Text text={e.text ?? ''} />}
          <Footer
            ts={e.ts}
            edited={e.edited_seq !== undefined && !deleted}
            state={state}
            onTick={
              state && conv.kind === 'group'
                ? () => go({ screen: 'conversation', conv: conv.id, panel: 'message', seq: e.seq })
                : undefined
            }
          />
        </div>
        {reactions.length > 0 ? (
          <div class="reactions">
            {reactions.map((r) => (
              <button
                type="button"
                tabIndex={-1}
                key={r.emoji}
                class={`reaction ${r.users.includes(c.me.id) ? 'reaction-mine' : ''}`}
                aria-pressed={r.users.includes(c.me.id)}
                title={r.users.map(nameOf).join(', ')}
                disabled={!conv.member}
                onClick={() => toggleReaction(conv, e.seq, r.emoji)}
              >
                {r.emoji}
                {r.users.length > 1 ? <span>{r.users.length}</span> : null}
                <span class="hidden"> {r.users.map(nameOf).join(', ')}</span>
              </button>
            ))}
          </div>
        ) : null}
        {props.words ? <p class="state-words">{props.words}</p> : null}
      </div>
      {deleted ? null : (
        <div class="toolbar">
          {conv.member ? (
            <IconButton
              passedOver
              icon="smile"
              label={t.react}
              onClick={(event) => open(below(event.currentTarget))}
            />
          ) : null}
          {conv.member ? (
            <IconButton passedOver icon="reply" label={t.reply} onClick={() => actions.reply(e)} />
          ) : null}
          <IconButton
            passedOver
            icon="more"
            label={t.messageActions}
            onClick={(event) => open(below(event.currentTarget))}
          />
        </div>
      )}
    </article>
  );
}

/** Waiting this long, in ms, needs a word. */
const LONG_WAIT = 60_000;

/** Why a message still waits: the server asked for a pause, or there has been no connection for a while. */
function useWaitingWords(item: OutboxView, state: MessageState): string {
  const [, again] = useState(0);
  const now = Date.now();
  const pause = state === 'sending' ? (item.waitingUntil ?? 0) - now : 0;
  const late = state === 'sending' && now - item.client_ts > LONG_WAIT;
  useEffect(() => {
    if (state !== 'sending' || late) return;
    const timer = setTimeout(() => again((n) => n + 1), pause > 0 ? 1000 : LONG_WAIT);
    return () => clearTimeout(timer);
  });
  if (pause > 1000) return t.sendingAgain(Math.ceil(pause / 1000));
  return late ? t.waiting : '';
}

/** A message that the server has not accepted yet, or has refused. */
export function PendingMessage(props: {
  conv: Conversation;
  item: OutboxView;
  place: Place;
  onJump: (seq: number) => void;
  onEdit: () => void;
}) {
  const { conv, item, place } = props;
  const c = theClient();
  const open = (at: { x: number; y: number }): void => openPendingMenu(item, props.onEdit, at);
  const press = useLongPress(open);
  const text = item.after?.op === 'edit' ? item.after.text : (item.text ?? '');
  const state = c.stateOf(conv, item);
  const words = useWaitingWords(item, state);
  return (
    <article
      class={`message mine pending ${place.first ? 'run-first' : ''} ${place.last ? 'run-last' : ''}`}
      data-cmid={item.id}
      aria-label={`${t.you}, ${t.states[state]}`}
    >
      <div class="message-body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a short way to the menu that the toolbar opens too */}
        <div
          class={`bubble ${state === 'failed' ? 'bubble-failed' : ''}`}
          {...press}
          onContextMenu={(event) => {
            event.preventDefault();
            open({ x: event.clientX, y: event.clientY });
          }}
        >
          {item.reply_to !== undefined ? (
            <Quote id={conv.id} seq={item.reply_to} onJump={props.onJump} />
          ) : null}
          <Text text={text} />
          <Footer ts={item.accepted?.ts ?? item.client_ts} edited={false} state={state} />
        </div>
        {words ? <p class="state-words">{words}</p> : null}
        {item.failed ? (
          <p class="failed-words" role="alert">
            <span>
              {t.notSent}. {failedWords(item)}
            </span>
            <button type="button" class="link" onClick={() => c.retry(item.id)}>
              {t.retry}
            </button>
            <button type="button" class="link" onClick={() => discard(item)}>
              {t.delete}
            </button>
          </p>
        ) : null}
      </div>
      <div class="toolbar">
        <IconButton
          icon="more"
          label={t.messageActions}
          onClick={(event) => open(below(event.currentTarget))}
        />
      </div>
    </article>
  );
}
