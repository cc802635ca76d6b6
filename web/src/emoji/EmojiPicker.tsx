// Choosing an emoji: a search over names in all languages, those chosen last, and all by group. One stop of Tab for the
// whole grid, in which the arrows move.
import '../app.tsx';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { SearchBox } from '../components/basics.tsx';
import { announce } from '../components/overlay.tsx';
import { isTouch } from '../state/prefs.ts';
import { language, t } from '../strings.ts';
import { emojiAsked } from './ask.ts';
import { type Emoji, findEmoji, groups, recentEmoji, rememberEmoji } from './emoji.ts';

const MARGIN = 8;

/** Above where it was asked for if it fits there, else below, and never beyond the window. On a phone it is a sheet. */
function place(el: HTMLElement, at: DOMRect): void {
  if (innerWidth < 640) return;
  const { width, height } = el.getBoundingClientRect();
  const top = at.top - height - MARGIN >= MARGIN ? at.top - height - MARGIN : at.bottom + MARGIN;
  el.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
  el.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}

const cells = (grid: HTMLElement): HTMLButtonElement[] => [
  ...grid.querySelectorAll<HTMLButtonElement>('button[data-emoji]'),
];

/** The next cell in a direction: of a line above or below that whose middle is nearest. */
function neighbour(
  all: HTMLButtonElement[],
  from: HTMLButtonElement,
  key: string,
): HTMLButtonElement | undefined {
  const at = all.indexOf(from);
  const rtl = document.documentElement.dir === 'rtl';
  if (key === 'ArrowRight' || key === 'ArrowLeft') return all[at + ((key === 'ArrowRight') === rtl ? -1 : 1)];
  if (key === 'Home') return all[0];
  if (key === 'End') return all.at(-1);
  const down = key === 'ArrowDown';
  const lines = (down ? all.slice(at + 1) : all.slice(0, at).reverse()).filter((el) =>
    down ? el.offsetTop > from.offsetTop : el.offsetTop < from.offsetTop,
  );
  const line = lines.filter((el) => el.offsetTop === lines[0]?.offsetTop);
  const off = (el: HTMLElement): number => Math.abs(el.offsetLeft - from.offsetLeft);
  return line.sort((a, b) => off(a) - off(b))[0];
}

export function EmojiPicker() {
  const asked = emojiAsked.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [shownRecent] = useState(recentEmoji);
  const q = query.trim();
  const found = q ? findEmoji(q) : [];
  const name = (e: Emoji): string => (language.value === 'de' ? e.names.de : e.names.en);

  useLayoutEffect(() => {
    const el = dialog.current;
    if (!el || !asked) return;
    el.showModal();
    place(el, asked.at);
    // The keyboard of a phone would cover what one came for.
    if (isTouch()) el.focus();
    else el.querySelector('input')?.focus();
  }, []);
  useEffect(() => {
    if (q) announce(found.length > 0 ? t.foundEmoji(found.length) : t.noResults);
  }, [q]);

  const close = (): void => {
    // First of all: nothing outside of an open dialog takes the focus.
    dialog.current?.close();
    emojiAsked.value = null;
    asked?.opener?.focus();
  };
  const choose = (sign: string): void => {
    rememberEmoji(sign);
    close();
    asked?.pick(sign);
  };
  const keys = (e: KeyboardEvent): void => {
    if (!grid.current || e.isComposing) return;
    const all = cells(grid.current);
    const from = document.activeElement;
    if (from instanceof HTMLButtonElement && all.includes(from)) {
      if (!/^(Arrow|Home$|End$)/.test(e.key)) return;
      const next = neighbour(all, from, e.key);
      if (next) next.focus();
      else if (e.key === 'ArrowUp') dialog.current?.querySelector('input')?.focus();
    } else if (e.key === 'ArrowDown') all[0]?.focus();
    else if (e.key === 'Enter' && found[0]) choose(found[0].sign);
    else return;
    e.preventDefault();
  };
  const cell = (e: Emoji, first: boolean) => (
    <button
      type="button"
      key={e.sign}
      data-emoji={e.sign}
      aria-label={name(e)}
      title={name(e)}
      tabIndex={first ? 0 : -1}
      onClick={() => choose(e.sign)}
    >
      {e.sign}
    </button>
  );
  const section = (title: string, list: Emoji[], first: boolean) =>
    list.length === 0 ? null : (
      <section key={title} aria-label={title}>
        <h3>{title}</h3>
        <div class="emoji-cells">{list.map((e, i) => cell(e, first && i === 0))}</div>
      </section>
    );
  return (
    <dialog
      ref={dialog}
      class="emoji-picker"
      tabIndex={-1}
      aria-label={t.emoji}
      onKeyDown={keys}
      onCancel={(e) => {
        e.preventDefault();
        close();
      }}
      onMouseDown={(e) => {
        if (e.target === dialog.current) close();
      }}
    >
      <SearchBox label={t.searchEmoji} value={query} onInput={setQuery} />
      <div class="emoji-grid" ref={grid}>
        {q ? (
          found.length > 0 ? (
            section(t.foundEmoji(found.length), found, true)
          ) : (
            <p class="rows-none">{t.noResults}</p>
          )
        ) : (
          <>
            {section(t.recentEmoji, shownRecent, true)}
            {groups.map((g, i) =>
              section(t.emojiGroups[g.name], g.list, shownRecent.length === 0 && i === 0),
            )}
          </>
        )}
      </div>
    </dialog>
  );
}
