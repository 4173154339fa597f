/** Dates and times in words, in the reader's own zone. The page speaks English; so do they. */

const LOCALE = "en-GB";
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "long" });
const shortWeekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "short" });

export const clockTime = (date: Date): string => clock.format(date);
export const fullTime = (date: Date): string => full.format(date);

/** Which day it is, for comparing. */
export const dayKey = (date: Date): string => date.toDateString();

/** A heading over what was said that day. */
export function dayName(date: Date, now: Date): string {
  const ago = daysBetween(date, now);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  if (ago > 1 && ago < 7) return weekday.format(date);
  return date.getFullYear() === now.getFullYear() ? longDay.format(date) : withYear.format(date);
}

/** As short as it can be, for a list. */
export function listTime(date: Date, now: Date): string {
  const ago = daysBetween(date, now);
  if (ago === 0) return clock.format(date);
  if (ago > 0 && ago < 7) return shortWeekday.format(date);
  return dayMonth.format(date);
}

/** How long ago, for what is mostly new. */
export function sinceThen(date: Date, now: Date): string {
  const seconds = (now.getTime() - date.getTime()) / 1000;
  if (seconds < MINUTE_S) return "just now";
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min ago`;
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h ago`;
  return daysBetween(date, now) === 1
    ? `yesterday, ${clock.format(date)}`
    : `${dayMonth.format(date)}, ${clock.format(date)}`;
}

function daysBetween(date: Date, now: Date): number {
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  return Math.round((midnight(now) - midnight(date)) / (DAY_S * 1000));
}
