// What the keys do: as a list, and as a sheet over everything.
import { useEffect, useRef } from 'preact/hooks';
import { sheetOpen, shortcuts, shownKeys } from '../lib/keys.ts';
import { t } from '../strings.ts';
import { IconButton } from './basics.tsx';

/** Keys that belong to one place, with the words for that place. */
const local = (): [string, string][] => [
  ['Ctrl+Enter', t.keyHelp.send],
  ['ArrowUp', t.keyHelp.editLast],
  ['Escape', t.keyHelp.escape],
  ['ArrowUp ArrowDown PageUp PageDown Home End', t.keyHelp.move],
  ['Enter Shift+F10', t.keyHelp.menu],
  ['R', t.reply],
  ['E', t.edit],
  ['C', t.copy],
  ['I', t.info],
  ['+', t.react],
  ['Delete', t.delete],
];

function Keys({ keys }: { keys: string }) {
  return (
    <dd>
      {keys.split(' ').map((one) => (
        <kbd key={one}>{shownKeys(one)}</kbd>
      ))}
    </dd>
  );
}

export function ShortcutList() {
  return (
    <>
      <dl class="keys">
        {shortcuts.map((s) => (
          <div key={s.command}>
            <dt>{t.commands[s.command]}</dt>
            <Keys keys={s.keys} />
          </div>
        ))}
      </dl>
      <h3>{t.keyHelp.onMessage}</h3>
      <dl class="keys">
        {local().map(([keys, words]) => (
          <div key={keys}>
            <dt>{words}</dt>
            <Keys keys={keys} />
          </div>
        ))}
      </dl>
    </>
  );
}

export function ShortcutSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const close = (): void => {
    sheetOpen.value = false;
  };
  return (
    <dialog ref={dialog} class="dialog dialog-wide" aria-label={t.shortcuts} onClose={close}>
      <header class="header">
        <h2 class="header-text">{t.shortcuts}</h2>
        <IconButton icon="close" label={t.close} onClick={() => dialog.current?.close()} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={t.shortcuts}>
        <ShortcutList />
      </section>
    </dialog>
  );
}
