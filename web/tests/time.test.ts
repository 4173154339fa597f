import { expect, test } from "vitest";
import { logEntries } from "../src/chats/logEntries";
import { dayName, listTime, sinceThen } from "../src/ui/time";
import { BOB, ME, message } from "./rows";

const NOW = new Date(2026, 2, 10, 12, 0);
const at = (day: number, hour = 9) => new Date(2026, 2, day, hour, 5);

test("days have the names that people give them", () => {
  expect(dayName(at(10, 0), NOW)).toBe("Today");
  expect(dayName(at(9, 23), NOW)).toBe("Yesterday");
  expect(dayName(at(6), NOW)).toBe("Friday");
  expect(dayName(at(2), NOW)).toBe("Monday 2 March");
  expect(dayName(new Date(2025, 11, 31), NOW)).toBe("31 December 2025");
});

test("a list has the clock for today and days for what is older", () => {
  expect(listTime(at(10), NOW)).toBe("09:05");
  expect(listTime(at(9), NOW)).toBe("Mon");
  expect(listTime(at(2), NOW)).toBe("2 Mar");
});

test("what is new is told by its age", () => {
  const ago = (minutes: number) => sinceThen(new Date(NOW.getTime() - minutes * 60_000), NOW);
  expect(ago(0)).toBe("just now");
  expect(ago(5)).toBe("5 min ago");
  expect(ago(125)).toBe("2 h ago");
  expect(ago(26 * 60)).toBe("yesterday, 10:00");
});

test("a day begins with its heading, and one who goes on talking is named once", () => {
  const said = (id: number, minute: number, sender_id = BOB, day = 9) =>
    message(id, { sender_id, timestamp: new Date(2026, 2, day, 9, minute).toISOString() });
  const entries = logEntries([
    said(1, 0),
    said(2, 1),
    said(3, 2, ME),
    said(4, 3),
    said(5, 30),
    said(6, 0, BOB, 10),
  ]);
  expect(entries.map((one) => (one.kind === "day" ? "day" : one.follows))).toEqual([
    ...["day", false, true, false, false, false],
    ...["day", false],
  ]);
});
