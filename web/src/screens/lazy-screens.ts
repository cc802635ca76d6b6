// Which screens are files of their own, the likeliest next first. lib/lazy.tsx says how they come. Each imports app.tsx:
// then all that the start needs is one file, instead of one for each way in which parts of it are shared.
import { type LazyScreen, lazy } from '../lib/lazy.tsx';
import type { Route } from '../lib/route.ts';

const chat = () => import('./chat.ts');
const outside = () => import('./outside.ts');
const more = () => import('./more.ts');
const settings = () => import('./settings/Settings.tsx');

export const ConversationScreen = lazy(async () => (await chat()).ConversationScreen);
export const MessageResults = lazy(async () => (await chat()).MessageResults);
export const DetailsPanel = lazy(async () => (await more()).DetailsPanel);
export const MessageInfo = lazy(async () => (await more()).MessageInfo);
export const NewChat = lazy(async () => (await more()).NewChat);
export const NewGroup = lazy(async () => (await more()).NewGroup);
export const People = lazy(async () => (await more()).People);
export const Share = lazy(async () => (await more()).Share);
export const Forward = lazy(async () => (await more()).Forward);
export const ShortcutSheet = lazy(async () => (await more()).ShortcutSheet, 'over');
export const EmojiPicker = lazy(async () => (await import('../emoji/EmojiPicker.tsx')).EmojiPicker, 'over');
export const SettingsMenu = lazy(async () => (await settings()).SettingsMenu);
export const SettingsPane = lazy(async () => (await settings()).SettingsPane);
export const Outside = lazy(async () => (await outside()).Outside);
export const UpdateNeeded = lazy(async () => (await outside()).UpdateNeeded);

const panels = { details: DetailsPanel, add: DetailsPanel, message: MessageInfo, forward: Forward };

function screensAt(r: Route): Pick<LazyScreen<never>, 'fetch'>[] {
  switch (r.screen) {
    case 'conversation':
      return r.panel ? [ConversationScreen, panels[r.panel]] : [ConversationScreen];
    case 'settings':
      return [SettingsMenu, SettingsPane];
    case 'people':
      return [People];
    case 'newChat':
      return [NewChat];
    case 'newGroup':
      return [NewGroup];
    case 'share':
      return [Share];
    case 'signIn':
    case 'register':
      return [Outside];
    default:
      return [];
  }
}

/** Brings what this address shows. What cannot be had says so when it is shown. */
export async function fetchFor(r: Route): Promise<void> {
  await Promise.all(screensAt(r).map((screen) => screen.fetch().catch(() => {})));
}
