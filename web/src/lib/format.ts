// Times, names and colours as people read them.
import { locale, t } from '../strings.ts';

function formatsOf(tag: string) {
  return {
    tag,
    clock: new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    weekday: new Intl.DateTimeFormat(tag, { weekday: 'long' }),
    shortDate: new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short' }),
    fullDate: new Intl.DateTimeFormat(tag, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
    }),
    exact: new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'short' }),
    list: new Intl.ListFormat(tag, { type: 'conjunction' }),
  };
}

let made: ReturnType<typeof formatsOf> | undefined;

/** Those of the language in use; they are dear to make. */
function formats(): ReturnType<typeof formatsOf> {
  if (made?.tag !== locale) made = formatsOf(locale);
  return made;
}

const DAY = 86_400_000;

function startOfDay(ts: number): number {
  const d = new Date(ts);
  d.setHours(0, 0, 0, 0);
  return d.getTime();
}

/** Whole days between the day of `ts` and today; summer time does not disturb it. */
function daysAgo(ts: number, now: number): number {
  return Math.round((startOfDay(now) - startOfDay(ts)) / DAY);
}

export const sameDay = (a: number, b: number): boolean => startOfDay(a) === startOfDay(b);
export const clockTime = (ts: number): string => formats().clock.format(ts);
export const exactTime = (ts: number): string => formats().exact.format(ts);
export const isoTime = (ts: number): string => new Date(ts).toISOString();
export const joinNames = (names: string[]): string => formats().list.format(names);

/** For day separators. */
export function dayName(ts: number, now = Date.now()): string {
  const days = daysAgo(ts, now);
  if (days === 0) return t.today;
  if (days === 1) return t.yesterday;
  return days > 1 && days < 7 ? formats().weekday.format(ts) : formats().fullDate.format(ts);
}

/** For rows of the chat list: as short as it can be. */
export function rowTime(ts: number, now = Date.now()): string {
  const days = daysAgo(ts, now);
  if (days <= 0) return formats().clock.format(ts);
  if (days === 1) return t.yesterday;
  return days < 7 ? formats().weekday.format(ts) : formats().shortDate.format(ts);
}

/** The day, to stand before a time of day; nothing for today. */
export const rowDay = (ts: number): string => (daysAgo(ts, Date.now()) <= 0 ? '' : rowTime(ts));

export function lastSeenWords(ts: number, now = Date.now()): string {
  if (ts <= 0) return '';
  const minutes = Math.floor((now - ts) / 60_000);
  if (minutes < 60) return t.activeAgo(Math.max(0, minutes));
  const days = daysAgo(ts, now);
  if (days <= 0) return t.lastSeenToday(formats().clock.format(ts));
  return t.lastSeen(
    days === 1
      ? t.yesterday.toLocaleLowerCase(locale)
      : days < 7
        ? formats().weekday.format(ts)
        : formats().shortDate.format(ts),
  );
}

/** One or two letters that stand for a name; whole characters, also those beyond 16 bits. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

/** One of the ten avatar colours, the same for the same id everywhere. */
export function hue(id: string): number {
  let h = 2166136261;
  for (const ch of id) h = Math.imul(h ^ (ch.codePointAt(0) ?? 0), 16777619);
  return ((h ^ (h >>> 15)) >>> 0) % 10;
}

export function codePoints(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

const emojiOnly =
  /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;

export const isBigEmoji = (text: string): boolean => text.length <= 40 && emojiOnly.test(text);

/** A number of bytes, as people say it. */
export function byteSize(bytes: number): string {
  const mb = bytes / 1_000_000;
  const form = {
    style: 'unit',
    unit: mb < 1 ? 'kilobyte' : 'megabyte',
    maximumFractionDigits: mb < 10 ? 1 : 0,
  };
  return new Intl.NumberFormat(locale, form as Intl.NumberFormatOptions).format(mb < 1 ? bytes / 1000 : mb);
}
