// Line icons, drawn by code on a grid of 24; decorative, the words are always beside or in the label.
const paths = {
  back: 'M19 12H5m7-7-7 7 7 7',
  archive: 'M4 4h16v5H4ZM5.500 9v11h13V9M10 13h4',
  bell: 'M6.500 10a5.500 5.500 0 0 1 11 0c0 4 1 5.500 2 7h-15c1-1.500 2-3 2-7ZM10 20a2.200 2.200 0 0 0 4 0',
  block: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM5.600 5.600l12.800 12.800',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  chats: 'M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z',
  chevron: 'm9 6 6 6-6 6',
  close: 'M6 6l12 12M18 6 6 18',
  compose:
    'M12 5H6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-6M17.500 3.700a2 2 0 0 1 2.800 2.800L12 14.800 8.500 15.500l.7-3.500Z',
  copy: 'M9 9h10v11H9ZM5 15V4h10',
  device: 'M4 5h16v11H4ZM8 20h8M12 16v4',
  download: 'M12 4v11m-5-5 5 5 5-5M5 20h14',
  down: 'M12 5v14m-6-6 6 6 6-6',
  edit: 'M16.500 4.500a2.100 2.100 0 0 1 3 3L8 19l-4 1 1-4Z',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  eyeOff:
    'M4 4l16 16M9.900 5.800A9 9 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a16 16 0 0 1-2.800 3.500M6.200 7.300A16 16 0 0 0 2.500 12S6 18.500 12 18.500a9 9 0 0 0 4.300-1.100M9.900 9.900a3 3 0 0 0 4.200 4.200',
  group:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c0-3.600 2.900-6 6.500-6s6.500 2.400 6.500 6M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.400c2.100.8 3.500 2.800 3.500 5.600',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5M12 7.800v.2',
  filter: 'M4 6h16M7 12h10M10.500 18h3',
  forward: 'M14 8V4l7 7-7 7v-4c-5 0-8.500 1.500-11 5 1-6 4-11 11-11Z',
  keyboard:
    'M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1ZM7 10v.01M11 10v.01M15 10v.01M17 14v.01M7 14v.01M10 14h4',
  leave: 'M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h11m-4-4 4 4-4 4',
  lock: 'M6 11h12v9H6ZM8.500 11V7.500a3.500 3.500 0 0 1 7 0V11',
  more: 'M12 6v.01M12 12v.01M12 18v.01',
  mute: 'M4 4l16 16M8 6.300A5.500 5.500 0 0 1 17.500 10c0 2.300.4 4 .9 5.200M6.600 9.500C6.500 13.500 5 15.500 4.500 17H15M10 20a2.200 2.200 0 0 0 4 0',
  palette:
    'M12 3a9 9 0 0 0 0 18c1.500 0 2-1 1.600-2.200-.5-1.500.4-2.800 2-2.800H18a3 3 0 0 0 3-3c0-5.500-4-10-9-10ZM7.500 12v.01M10 7.500v.01M15 7.500v.01',
  pin: 'M9 4h6l-1 6 3.500 3.500h-11L10 10ZM12 13.500V20',
  plus: 'M12 5v14M5 12h14',
  reply: 'M10 8V4L3 11l7 7v-4c5 0 8.500 1.500 11 5-1-6-4-11-11-11Z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20.500 20.500 16 16',
  send: 'M4 20.500 21 12 4 3.500 4 10l10 2-10 2Z',
  settings:
    'M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM19 12a7 7 0 0 0-.1-1.300l2-1.600-2-3.400-2.400 1a7 7 0 0 0-2.200-1.300L14 3h-4l-.3 2.400a7 7 0 0 0-2.200 1.300l-2.400-1-2 3.400 2 1.600a7 7 0 0 0 0 2.600l-2 1.600 2 3.400 2.400-1a7 7 0 0 0 2.200 1.300L10 21h4l.3-2.400a7 7 0 0 0 2.200-1.300l2.400 1 2-3.400-2-1.600c.1-.4.1-.9.1-1.300Z',
  smile:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.500 14c.8 1.300 2 2 3.500 2s2.700-.7 3.500-2M9 9.500v.01M15 9.500v.01',
  trash: 'M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5M14 11v5',
  up: 'M12 19V5m-6 6 6-6 6 6',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500c0-4 3.300-6.500 7.500-6.500s7.500 2.500 7.500 6.500',
  userPlus:
    'M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM3 20.500c0-4 3.100-6.500 7-6.500 1.400 0 2.700.3 3.800.9M18.500 14v7M15 17.500h7',
} as const;

export type IconName = keyof typeof paths;

/** They point along the line of writing, and turn round with it. */
const alongTheLine = new Set<IconName>(['back', 'chevron', 'forward', 'leave', 'reply', 'send']);

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  const filled = name === 'send';
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width={filled ? 1 : name === 'more' ? 2.6 : 1.75}
      stroke-linecap="round"
      stroke-linejoin="round"
      data-mirror={alongTheLine.has(name) ? '' : undefined}
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
