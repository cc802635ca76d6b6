// Light, dark, or as the system has it; remembered on this device.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'parley.theme';

const saved = localStorage.getItem(KEY);
export const theme = signal<Theme>(saved === 'light' || saved === 'dark' ? saved : 'system');

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  if (theme.value === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme.value);
});
