// Where messages are written: grows with the text, sends with Enter, never sends half a composition, keeps drafts.
import type { Conversation, Entry, OutboxView } from '@parley/sdk';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { askEmoji } from '../emoji/ask.ts';
import { attempt } from '../lib/asking.ts';
import { codePoints } from '../lib/format.ts';
import { nameOf, peerId, theClient, titleOf, useContacts } from '../state/app.ts';
import { enterSends, isTouch } from '../state/prefs.ts';
import { t } from '../strings.ts';
import { IconButton } from './basics.tsx';
import { Icon } from './Icon.tsx';

/** What the text is for, when it is not just the next message; `text`: as far as it was changed already. */
export type Context =
  | { kind: 'reply' | 'edit'; entry: Entry; text?: string }
  | { kind: 'amend'; item: OutboxView; text?: string };

const DRAFT_MS = 500;

/** Where the style sheet makes the box as high as its text, nothing need be measured at every key. */
const growsByItself = CSS.supports('field-sizing', 'content');

const textOf = (context: Context): string =>
  context.text ?? (context.kind === 'amend' ? context.item.text : context.entry.text) ?? '';

/** A reply or a change that was begun, kept until it is sent: over a reload, and over the next version. */
const key = (conv: string): string => `parley.context.${theClient().me.id}.${conv}`;

export function keptContext(conv: string): Context | null {
  try {
    return JSON.parse(sessionStorage.getItem(key(conv)) ?? 'null') as Context | null;
  } catch {
    return null;
  }
}

function keepContext(conv: string, context: Context | null): void {
  if (context) sessionStorage.setItem(key(conv), JSON.stringify(context));
  else sessionStorage.removeItem(key(conv));
}

const TYPED_KEY = 'parley.typed';

interface Typed {
  user: string;
  conv: string;
  text: string;
}

/** What stood in the box when this page was left, as by a reload: the store may not have been quick enough for it. */
let typed = takeTyped();

function takeTyped(): Typed | null {
  try {
    return JSON.parse(sessionStorage.getItem(TYPED_KEY) ?? 'null') as Typed | null;
  } catch {
    return null;
  } finally {
    sessionStorage.removeItem(TYPED_KEY);
  }
}

/** Once: later the draft is newer. */
function typedIn(conv: string): string | undefined {
  if (typed?.conv !== conv || typed.user !== theClient().me.id) return undefined;
  const { text } = typed;
  typed = null;
  return text;
}

export function Composer(props: {
  conv: Conversation;
  context: Context | null;
  onContext: (context: Context | null) => void;
  onSent: () => void;
  onEditLast: () => void;
}) {
  const { conv, context } = props;
  const c = theClient();
  const known = useContacts();
  const box = useRef<HTMLTextAreaElement>(null);
  const changes = context !== null && context.kind !== 'reply';
  const [begun] = useState(() => typedIn(conv.id) ?? conv.draft);
  const [text, setText] = useState(changes ? textOf(context) : begun);
  const saved = useRef(conv.draft);
  const kept = useRef(begun);
  /** What stands in the box at first is a change that was begun before, not a draft. */
  const restored = useRef(changes);
  const timer = useRef(0);
  const latest = useRef(text);
  latest.current = text;
  const editing = changes;
  const editingRef = useRef(editing);
  editingRef.current = editing;

  const saveDraft = (value: string): void => {
    clearTimeout(timer.current);
    if (value === saved.current) return;
    saved.current = value;
    c.set(conv.id, { draft: value });
  };

  // A draft from another device is taken over only while nobody is writing here.
  useEffect(() => {
    if (editing || conv.draft === saved.current || document.activeElement === box.current) return;
    if (latest.current === saved.current) setText(conv.draft);
    saved.current = conv.draft;
  }, [conv.draft, editing]);

  // Before the next key can come: a letter typed into the box must not be overwritten by the text to edit.
  useLayoutEffect(() => {
    keepContext(conv.id, context);
    if (changes) {
      if (!restored.current) kept.current = latest.current;
      setText(textOf(context));
    }
    restored.current = false;
    if (context) box.current?.focus();
    return () => {
      if (changes) setText(kept.current);
    };
  }, [context]);

  // Before the next key can come: it is meant for this box.
  useLayoutEffect(() => {
    if (!isTouch()) box.current?.focus();
    const leave = (): void => {
      if (!editingRef.current) saveDraft(latest.current);
    };
    leave();
    const hide = (): void => {
      leave();
      const text = editingRef.current ? kept.current : latest.current;
      sessionStorage.setItem(TYPED_KEY, JSON.stringify({ user: c.me.id, conv: conv.id, text }));
    };
    // Before the client writes down what it has.
    addEventListener('pagehide', hide, true);
    return () => {
      removeEventListener('pagehide', hide, true);
      // A page that was hidden and shown again may have left it there.
      sessionStorage.removeItem(TYPED_KEY);
      leave();
      c.people.typingStopped();
    };
  }, [conv.id]);

  useLayoutEffect(() => {
    const el = box.current;
    if (!el || growsByItself) return;
    el.style.height = 'auto';
    // With its border: else the last pixels are scrolled to, for which Firefox shows a bar.
    const { borderTopWidth, borderBottomWidth } = getComputedStyle(el);
    el.style.height = `${el.scrollHeight + Number.parseFloat(borderTopWidth) + Number.parseFloat(borderBottomWidth)}px`;
  }, [text]);

  const limit = c.limits.text_code_points;
  const length = codePoints(text.trim());
  const over = length - limit;
  const ready = length > 0 && over <= 0;

  const input = (value: string): void => {
    setText(value);
    if (changes) return keepContext(conv.id, { ...context, text: value });
    if (value.trim()) c.people.typing(conv.id);
    else c.people.typingStopped();
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => saveDraft(value), DRAFT_MS);
  };

  /** In place of what is marked in the box, else where the caret is. */
  const insert = (sign: string): void => {
    const el = box.current;
    if (!el) return;
    el.focus();
    el.setRangeText(sign, el.selectionStart, el.selectionEnd, 'end');
    input(el.value);
  };

  const submit = (): void => {
    const value = text.trim();
    if (!ready) return;
    if (context?.kind === 'edit') {
      if (value !== context.entry.text) c.edit(conv.id, context.entry.seq, value);
      props.onContext(null);
    } else if (context?.kind === 'amend') {
      if (value !== context.item.text) c.amend(context.item.id, value);
      props.onContext(null);
    } else {
      c.send(conv.id, value, context?.entry.seq);
      setText('');
      latest.current = '';
      saveDraft('');
      props.onContext(null);
      props.onSent();
    }
    box.current?.focus();
  };

  const keys = (e: KeyboardEvent): void => {
    // Enter that ends a composition belongs to the input method; some browsers tell only by the key code.
    if (e.isComposing || e.keyCode === 229) return;
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey || (!e.shiftKey && enterSends()))) {
      e.preventDefault();
      submit();
    } else if (e.key === 'Escape' && context) {
      e.preventDefault();
      e.stopPropagation();
      props.onContext(null);
    } else if (e.key === 'ArrowUp' && text === '' && !context) {
      e.preventDefault();
      props.onEditLast();
    }
  };

  const blocked = known?.blocked.includes(peerId(conv) ?? '') === true;
  if (!conv.member) return <p class="composer-closed">{t.leftGroup}</p>;
  if (blocked) {
    return (
      <p class="composer-closed">
        {t.youBlocked(titleOf(conv))}{' '}
        <button
          type="button"
          class="link"
          onClick={() => attempt(() => c.contacts.unblock(peerId(conv) ?? ''))}
        >
          {t.unblock}
        </button>
      </p>
    );
  }
  const title = titleOf(conv);
  return (
    <div class="composer">
      {context ? (
        <div class="context">
          <Icon name={editing ? 'edit' : 'reply'} size={18} />
          <div>
            <strong>
              {context.kind !== 'reply'
                ? t.editing
                : t.replyingTo(context.entry.from === c.me.id ? t.youObject : nameOf(context.entry.from))}
            </strong>
            <span dir="auto">{context.kind === 'amend' ? context.item.text : context.entry.text}</span>
          </div>
          <IconButton icon="close" label={t.cancel} onClick={() => props.onContext(null)} />
        </div>
      ) : null}
      <div class="composer-row">
        <IconButton
          class="emoji-button"
          icon="smile"
          label={t.emoji}
          onClick={(e) => askEmoji(e.currentTarget.getBoundingClientRect(), insert)}
        />
        <textarea
          ref={box}
          id="composer"
          rows={1}
          dir="auto"
          value={text}
          placeholder={t.message}
          aria-label={t.writeTo(title)}
          enterkeyhint={enterSends() ? 'send' : 'enter'}
          onInput={(e) => input(e.currentTarget.value)}
          onKeyDown={keys}
          onBlur={() => c.people.typingStopped()}
        />
        <button
          type="button"
          class="send"
          aria-label={editing ? t.saveEdit : t.send}
          title={editing ? t.saveEdit : t.send}
          disabled={!ready}
          onMouseDown={(e) => e.preventDefault()}
          onClick={submit}
        >
          <Icon name={editing ? 'check' : 'send'} size={20} />
        </button>
      </div>
      {length > limit * 0.9 ? (
        <p class={over > 0 ? 'error-text' : 'hint'} role={over > 0 ? 'alert' : undefined}>
          {over > 0 ? t.tooLong(over) : `${limit - length}`}
        </p>
      ) : null}
    </div>
  );
}
