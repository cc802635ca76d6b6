// Screens that are not there at the start, in one file: people, groups, what there is to know, sharing.
import '../app.tsx';

export { ShortcutSheet } from '../components/ShortcutSheet.tsx';
export { DetailsPanel } from './Details.tsx';
export { MessageInfo } from './MessageInfo.tsx';
export { NewChat, NewGroup } from './NewChat.tsx';
export { People } from './People.tsx';
export { Forward, Share } from './Share.tsx';
