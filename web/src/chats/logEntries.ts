import type { MessageRow } from "../api/rows";
import { dayKey } from "../ui/time";

/** A new day begins, or somebody says something; `follows`: right after something else of the same person. */
export type LogEntry =
  | { readonly kind: "day"; readonly day: Date }
  | { readonly kind: "message"; readonly message: MessageRow; readonly follows: boolean };

const TOGETHER_MS = 5 * 60_000;

export function logEntries(messages: readonly MessageRow[]): LogEntry[] {
  const entries: LogEntry[] = [];
  let before: MessageRow | null = null;
  for (const message of messages) {
    const at = new Date(message.timestamp);
    const last = before === null ? null : new Date(before.timestamp);
    const newDay = last === null || dayKey(last) !== dayKey(at);
    if (newDay) entries.push({ kind: "day", day: at });
    const near = last !== null && at.getTime() - last.getTime() < TOGETHER_MS;
    entries.push({
      kind: "message",
      message,
      follows: !newDay && near && before?.sender_id === message.sender_id,
    });
    before = message;
  }
  return entries;
}
