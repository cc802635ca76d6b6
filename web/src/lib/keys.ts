// The keys that work everywhere: one list of what there is, from which both the page and the sheet that explains it are
// made. Whoever can do a thing says so while it can.
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { prefs } from '../state/prefs.ts';

export type Command =
  | 'switchChat'
  | 'findInChat'
  | 'findEverywhere'
  | 'previousChat'
  | 'nextChat'
  | 'previousUnread'
  | 'nextUnread'
  | 'newChat'
  | 'newGroup'
  | 'details'
  | 'settings'
  | 'markUnread'
  | 'mute'
  | 'pin'
  | 'latest'
  | 'firstUnread'
  | 'nextRegion'
  | 'previousRegion'
  | 'shortcuts';

interface Shortcut {
  command: Command;
  /** As shown, and as compared: modifiers, then a key by its name or its letter. */
  keys: string;
}

export const shortcuts: Shortcut[] = [
  { command: 'switchChat', keys: 'Ctrl+K' },
  { command: 'findInChat', keys: 'Ctrl+F' },
  { command: 'findEverywhere', keys: 'Ctrl+Shift+F' },
  { command: 'previousChat', keys: 'Alt+ArrowUp' },
  { command: 'nextChat', keys: 'Alt+ArrowDown' },
  { command: 'previousUnread', keys: 'Alt+Shift+ArrowUp' },
  { command: 'nextUnread', keys: 'Alt+Shift+ArrowDown' },
  { command: 'newChat', keys: 'Ctrl+Alt+N' },
  { command: 'newGroup', keys: 'Ctrl+Alt+G' },
  { command: 'details', keys: 'Ctrl+Alt+I' },
  { command: 'settings', keys: 'Ctrl+,' },
  { command: 'markUnread', keys: 'Ctrl+Alt+U' },
  { command: 'mute', keys: 'Ctrl+Alt+M' },
  { command: 'pin', keys: 'Ctrl+Alt+P' },
  { command: 'latest', keys: 'Ctrl+End' },
  { command: 'firstUnread', keys: 'Ctrl+Alt+J' },
  { command: 'nextRegion', keys: 'F6' },
  { command: 'previousRegion', keys: 'Shift+F6' },
  { command: 'shortcuts', keys: 'Ctrl+/' },
];

/** The sheet that explains the keys is shown. */
export const sheetOpen = signal(false);

const codes: Record<string, string> = { ',': 'Comma', '/': 'Slash' };
const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** In the words of the keyboard: arrows as arrows, and ⌘ where there is no Ctrl. */
export function shownKeys(keys: string): string {
  const plain = keys.replace('ArrowUp', '↑').replace('ArrowDown', '↓');
  return mac ? plain.replace('Ctrl', '⌘').replace('Alt', '⌥') : plain;
}

/** Letters by what they write; by their place where the layout, or a modifier, writes something else there. */
function isKey(e: KeyboardEvent, key: string): boolean {
  if (e.key.toLowerCase() === key.toLowerCase()) return true;
  const latin = /^[a-z]$/i.test(e.key);
  return key.length === 1 && !latin && e.code === (codes[key] ?? `Key${key}`);
}

export function matches(e: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.pop() ?? '';
  const has = (modifier: string): boolean => parts.includes(modifier);
  // What writes @ and € on many keyboards is no Ctrl+Alt.
  if (e.getModifierState('AltGraph')) return false;
  const ctrl = mac ? e.metaKey : e.ctrlKey;
  return ctrl === has('Ctrl') && e.altKey === has('Alt') && e.shiftKey === has('Shift') && isKey(e, key);
}

/** Returns false when there is nothing to do now: the key is the browser's then. */
type Run = () => boolean | undefined;

const able = new Map<Command, Run[]>();

/** This part of the page does these things as long as it is shown; the part that came last goes first. */
export function useCommands(commands: Partial<Record<Command, Run>>): void {
  const latest = useRef(commands);
  latest.current = commands;
  // As soon as it is shown: after the next frame would be too late for whoever is quick.
  useLayoutEffect(() => {
    const mine = (Object.keys(latest.current) as Command[]).map((command) => {
      const run: Run = () => latest.current[command]?.();
      able.set(command, [run, ...(able.get(command) ?? [])]);
      return [command, run] as const;
    });
    return () => {
      for (const [command, run] of mine)
        able.set(
          command,
          (able.get(command) ?? []).filter((r) => r !== run),
        );
    };
  }, []);
}

addEventListener('keydown', (e) => {
  if (e.isComposing || document.querySelector('dialog[open]')) return;
  const found = shortcuts.find((s) => matches(e, s.keys));
  if (!found) return;
  const more = /Ctrl\+(?:Shift|Alt)/.test(found.keys);
  if (more && !prefs.value.moreKeys) return;
  for (const run of able.get(found.command) ?? []) {
    if (run() === false) continue;
    e.preventDefault();
    return;
  }
});
