// Every word that the page shows, in one place.

const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

export const t = {
  app: 'Parley',
  chats: 'Chats',
  people: 'People',
  settings: 'Settings',
  back: 'Back',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  saved: 'Saved',
  search: 'Search',
  loading: 'Loading…',
  retry: 'Retry',
  remove: 'Remove',
  delete: 'Delete',
  you: 'You',
  youObject: 'you',
  someone: 'Someone',
  skipToMessages: 'Skip to messages',

  signIn: 'Sign in',
  signInTitle: 'Welcome back',
  signInTo: (host: string): string => `Sign in to ${host}`,
  registerTitle: 'Create your account',
  registerOn: (host: string): string => `On ${host}`,
  name: 'Name',
  nameHint: 'Lowercase letters, digits, dots and underscores',
  displayName: 'Shown name',
  password: 'Password',
  passwordHint: 'At least 8 characters',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  invite: 'Invite code',
  haveInvite: 'I have an invite code',
  createAccount: 'Create account',
  noAccount: 'New here?',
  haveAccount: 'Already have an account?',
  tagline: 'Messages that arrive. Every one, once, in order.',
  signedOutNotice: "You've been signed out on this device.",
  disabledNotice: 'This account has been disabled.',

  newChat: 'New chat',
  newGroup: 'New group',
  searchChats: 'Search chats and people',
  searchPeople: 'Search people by name',
  noChatsTitle: 'No chats yet',
  noChatsText: 'Find somebody by name and say hello.',
  noMatches: (q: string): string => `Nobody found for “${q}”`,
  typeToSearch: 'Type the beginning of a name to find people on this server.',
  chooseChat: 'Choose a chat to read it here',
  chooseChatHint: 'Messages are kept on the server the moment they show one tick.',
  firstSync: 'Loading your chats',
  draft: 'Draft:',
  typing: 'typing…',
  typingOne: (a: string): string => `${a} is typing`,
  typingTwo: (a: string, b: string): string => `${a} and ${b} are typing`,
  typingMany: (n: number): string => `${n} people are typing`,
  online: 'Online',
  unreadWord: 'unread',
  unread: (n: number): string => `${n} unread`,
  pinned: 'Pinned',
  muted: 'Muted',

  message: 'Message',
  send: 'Send',
  saveEdit: 'Save change',
  writeTo: (name: string): string => `Message ${name}`,
  replyingTo: (name: string): string => `Replying to ${name}`,
  editing: 'Editing message',
  edited: 'edited',
  deleted: 'Message deleted',
  notSent: 'Not sent',
  waiting: 'Waiting for connection',
  newMessages: 'New messages',
  toLatest: 'Go to latest message',
  below: (n: number): string => `${n} new ${plural(n, 'message', 'messages')} below`,
  startDirect: (name: string): string => `This is the start of your conversation with ${name}.`,
  startGroup: (name: string): string => `This is the start of “${name}”.`,
  offlineHistory: "Older messages aren't saved on this device. They'll load when you're online.",
  tooLong: (n: number): string => `This message is ${n} ${plural(n, 'character', 'characters')} too long.`,
  leftGroup: "You're no longer in this group.",
  reply: 'Reply',
  edit: 'Edit',
  copy: 'Copy text',
  info: 'Message info',
  react: 'React',
  more: 'More',
  messageActions: 'Message actions',
  deleteConfirm: 'Delete this message for everyone?',
  unknownMessage: 'Message',

  states: {
    sending: 'Waiting to send',
    sent: 'Sent',
    delivered: 'Delivered',
    read: 'Read',
    failed: 'Not sent',
  },
  readBy: (n: number, of: number): string => `Read by ${n} of ${of}`,

  infoRead: 'Read',
  infoDelivered: 'Delivered',
  infoWaiting: 'Waiting',

  groupName: 'Group name',
  groupMembers: 'Members',
  chosen: (n: number): string => `${n} ${plural(n, 'person', 'people')} chosen`,
  createGroup: 'Create group',
  next: 'Next',
  members: (n: number): string => `${n} ${plural(n, 'member', 'members')}`,
  details: 'Details',
  groupDetails: 'Group details',
  contactDetails: 'Contact details',
  addMembers: 'Add members',
  add: 'Add',
  rename: 'Rename',
  leave: 'Leave group',
  leaveConfirm: (name: string): string => `Leave “${name}”? You keep what was written so far.`,
  removeConfirm: (who: string): string => `Remove ${who} from the group?`,
  makeAdmin: 'Make admin',
  makeOwner: 'Make owner',
  makeMember: 'Remove as admin',
  removeMember: 'Remove from group',
  writeMessage: 'Message',
  roles: { owner: 'Owner', admin: 'Admin', member: '' },
  mute: 'Mute',
  unmute: 'Unmute',
  pin: 'Pin',
  unpin: 'Unpin',
  archive: 'Archive',
  unarchive: 'Unarchive',
  markUnread: 'Mark as unread',
  markRead: 'Mark as read',
  block: 'Block',
  unblock: 'Unblock',
  blockConfirm: (name: string): string =>
    `Block ${name}? Neither of you can write to the other until you unblock.`,
  about: 'About',

  created: (who: string, name: string): string => `${who} created “${name}”`,
  added: (who: string, whom: string): string => `${who} added ${whom}`,
  removed: (who: string, whom: string): string => `${who} removed ${whom}`,
  left: (who: string): string => `${who} left`,
  renamed: (who: string, name: string): string => `${who} renamed the group to “${name}”`,
  roleChanged: (who: string, whom: string, role: string): string => `${who} made ${whom} ${role}`,
  roleWords: { owner: 'an owner', admin: 'an admin', member: 'a member' },
  reacted: (who: string, emoji: string): string => `${who} reacted ${emoji}`,
  changedMessage: (who: string): string => `${who} edited a message`,
  unknownEntry: 'Something that this version cannot show',

  profile: 'Profile',
  privacy: 'Privacy',
  devices: 'Devices',
  blocked: 'Blocked people',
  appearance: 'Appearance',
  signOut: 'Sign out',
  signOutConfirm: 'Sign out on this device?',
  signOutUnsent: (n: number): string =>
    `${n} ${plural(n, 'message has', 'messages have')} not been sent. Sign out and delete ${plural(n, 'it', 'them')}?`,
  aboutYou: 'About you',
  yourName: 'Your name on this server',
  showRead: 'Read receipts',
  showReadHint: 'Others see when you have read their messages.',
  showTyping: 'Typing',
  showTypingHint: 'Others see when you are typing.',
  showLastSeen: 'Online and last seen',
  showLastSeenHint: 'Others see when you are online, and when you last were.',
  thisDevice: 'This device',
  lastUsed: (when: string): string => `Last used ${when}`,
  signOutDevice: 'Sign out',
  noOtherDevices: 'You are signed in on this device only.',
  nobodyBlocked: 'You have blocked nobody.',
  theme: 'Theme',
  themes: { system: 'Like the system', light: 'Light', dark: 'Dark' },

  connecting: 'Connecting…',
  offline: "You're offline. Messages will be sent when you're back.",
  unreachable: (s: number): string => `Can't reach the server. Trying again in ${s} s.`,
  tryNow: 'Try now',
  updating: 'Updating…',
  backOnline: 'Back online',
  newVersion: 'A new version is ready.',
  update: 'Update',
  replaced: 'Parley is open in another tab or window.',
  useHere: 'Use here',

  today: 'Today',
  yesterday: 'Yesterday',
  activeAgo: (min: number): string => (min < 1 ? 'Active just now' : `Active ${min} min ago`),
  lastSeenToday: (time: string): string => `Last seen today at ${time}`,
  lastSeen: (when: string): string => `Last seen ${when}`,
} as const;

/** What went wrong and what to do about it, for a code of the protocol. */
export function wordsFor(code: string, message = ''): string {
  switch (code) {
    case 'unauthorized':
      return "That name and password don't match. Check both and try again.";
    case 'name_taken':
      return 'That name is taken. Try another one.';
    case 'weak_password':
      return 'That password is too weak. Use at least 8 characters.';
    case 'rate_limited':
      return "You're going too fast. Wait a moment and try again.";
    case 'blocked':
      return "This person isn't receiving messages from you.";
    case 'not_member':
      return t.leftGroup;
    case 'group_full':
      return 'This group is full.';
    case 'too_large':
      return 'This message is too long.';
    case 'unreachable':
    case 'disconnected':
    case 'unanswered':
      return "Can't reach the server. Check your connection and try again.";
    case 'not_parley':
      return "This address doesn't answer like a chat server.";
    case 'overloaded':
    case 'unavailable':
      return 'The server is busy. Try again in a moment.';
    case 'forbidden':
      return "You're not allowed to do that.";
    case 'not_found':
      return "That doesn't exist any more.";
    case 'conflict':
      return 'That has changed in the meantime.';
    default:
      return message || 'Something went wrong. Try again.';
  }
}
