// What lies above the page: questions, menus, and short notes. One of each at a time.
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../strings.ts';
import { Icon, type IconName } from './Icon.tsx';

interface Question {
  text: string;
  action: string;
  danger: boolean;
  done: (yes: boolean) => void;
}

const question = signal<Question | null>(null);

/** Asks; resolves with true when the person agrees. */
export function confirm(text: string, action: string, danger = true): Promise<boolean> {
  return new Promise((done) => {
    question.value = { text, action, danger, done };
  });
}

export interface MenuItem {
  icon: IconName;
  label: string;
  danger?: boolean;
  run: () => void;
}

export interface MenuExtras {
  title?: string;
  /** `more` asks for any other, near a place on the page. */
  emojis?: { list: string[]; run: (emoji: string) => void; more?: (at: DOMRect) => void };
}

interface MenuState {
  x: number;
  y: number;
  items: MenuItem[];
  more: MenuExtras;
  opener: HTMLElement | null;
}

const menu = signal<MenuState | null>(null);

export function openMenu(at: { x: number; y: number }, items: MenuItem[], more: MenuExtras = {}): void {
  const focused = document.activeElement;
  menu.value = { ...at, items, more, opener: focused instanceof HTMLElement ? focused : null };
}

export function below(element: Element): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 4 };
}

export const overlayOpen = (): boolean => question.value !== null || menu.value !== null;

const note = signal('');
let noteTimer = 0;

/** A short note at the bottom, read out once. */
export function tell(text: string): void {
  note.value = text;
  clearTimeout(noteTimer);
  noteTimer = window.setTimeout(() => {
    note.value = '';
  }, 4000);
}

/** What was told concerns nobody any more: the person it was for has left. */
export function untell(): void {
  note.value = '';
}

const SPEAK_MS = 1000;
/** More of one chat than these at once are only counted. */
const SPEAK_EACH = 3;

const spoken = signal('');
let news: { text: string; chat: string }[] = [];
let speaking = 0;

/** For people who listen: one polite sentence a second. Many messages of one chat become their number. */
export function announce(text: string, chat = ''): void {
  news.push({ text, chat });
  if (speaking === 0) speaking = window.setTimeout(speak, 0);
}

function speak(): void {
  const [first] = news;
  const ofChat = news.filter((n) => first?.chat && n.chat === first.chat).length;
  if (first && ofChat > SPEAK_EACH) {
    spoken.value = t.newIn(ofChat, first.chat);
    news = news.filter((n) => n.chat !== first.chat);
  } else {
    spoken.value = first?.text ?? '';
    news.shift();
  }
  speaking = first ? window.setTimeout(speak, SPEAK_MS) : 0;
}

function ConfirmDialog({ ask }: { ask: Question }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const answer = (yes: boolean): void => {
    question.value = null;
    ask.done(yes);
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-label={ask.text}
      onCancel={(e) => {
        e.preventDefault();
        answer(false);
      }}
    >
      <p>{ask.text}</p>
      <div class="dialog-actions">
        <button type="button" class="button button-plain" onClick={() => answer(false)}>
          {t.cancel}
        </button>
        <button
          type="button"
          class={`button ${ask.danger ? 'button-danger' : ''}`}
          onClick={() => answer(true)}
        >
          {ask.action}
        </button>
      </div>
    </dialog>
  );
}

function Menu({ state }: { state: MenuState }) {
  const box = useRef<HTMLDivElement>(null);
  const { emojis } = state.more;
  const close = (): void => {
    menu.value = null;
    state.opener?.focus();
  };
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    const { width, height } = el.getBoundingClientRect();
    const left = Math.max(8, Math.min(state.x, innerWidth - width - 8));
    const top = state.y + height + 8 > innerHeight ? Math.max(8, state.y - height - 12) : state.y;
    el.style.insetInlineStart = 'auto';
    el.style.left = `${left}px`;
    el.style.top = `${top}px`;
    el.querySelector<HTMLButtonElement>('[role=menuitem]')?.focus();
  }, [state]);
  const keys = (e: KeyboardEvent): void => {
    const items = [...(box.current?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (e.key === 'Escape' || e.key === 'Tab') close();
    else if (step) items[(at + step + items.length) % items.length]?.focus();
    else if (e.key === 'Home') items[0]?.focus();
    else if (e.key === 'End') items.at(-1)?.focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="menu-layer">
      <button type="button" class="menu-scrim" tabIndex={-1} aria-label={t.close} onClick={close} />
      <div class="menu" role="menu" tabIndex={-1} ref={box} onKeyDown={keys}>
        {state.more.title ? <p class="menu-title">{state.more.title}</p> : null}
        {emojis ? (
          <div class="menu-emojis">
            {emojis.list.map((emoji) => (
              <button
                type="button"
                role="menuitem"
                key={emoji}
                aria-label={`${t.react} ${emoji}`}
                onClick={() => {
                  close();
                  emojis.run(emoji);
                }}
              >
                {emoji}
              </button>
            ))}
            {emojis.more ? (
              <button
                type="button"
                role="menuitem"
                class="emoji-more"
                aria-label={t.moreEmoji}
                title={t.moreEmoji}
                onClick={(e) => {
                  const at = e.currentTarget.getBoundingClientRect();
                  close();
                  emojis.more?.(at);
                }}
              >
                <Icon name="plus" size={20} />
              </button>
            ) : null}
          </div>
        ) : null}
        {state.items.map((item) => (
          <button
            type="button"
            role="menuitem"
            key={item.label}
            class={item.danger ? 'danger' : ''}
            onClick={() => {
              close();
              item.run();
            }}
          >
            <Icon name={item.icon} size={18} />
            {item.label}
          </button>
        ))}
      </div>
    </div>
  );
}

export function Overlays() {
  return (
    <>
      {question.value ? <ConfirmDialog ask={question.value} /> : null}
      {menu.value ? <Menu state={menu.value} /> : null}
      <div class={`note ${note.value ? 'note-shown' : ''}`} role="status">
        {note.value}
      </div>
      <div class="hidden" aria-live="polite">
        {spoken.value}
      </div>
    </>
  );
}
