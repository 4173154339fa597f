import type { EventOf, ServerEvent } from "kith-client";
import type { Api } from "../api/Api";
import { following } from "../api/pages";
import type { NotificationRow, Page } from "../api/rows";
import type { Source } from "../live/Source";

export interface Inbox {
  /** The newest first. */
  readonly rows: readonly NotificationRow[];
  readonly unread: number;
  readonly next: string | null;
}

interface InboxPage extends Page<NotificationRow> {
  readonly unread_count: number;
}

const PATH = "/api/notifications/";

export function inboxSource(api: Api): Source<Inbox> {
  return {
    channel: "notifications",
    async load() {
      const page = await api.get<InboxPage>(PATH);
      const state = { rows: page.results, unread: page.unread_count, next: following(PATH, page) };
      return { state, cursor: page.cursor };
    },
    reduce: inboxAfter,
  };
}

/** The page that `next` names, behind what is there. */
export async function olderNotifications(api: Api, next: string): Promise<(inbox: Inbox) => Inbox> {
  const page = await api.get<InboxPage>(next);
  return (inbox) => {
    const known = new Set(inbox.rows.map((row) => row.id));
    const rows = [...inbox.rows, ...page.results.filter((row) => !known.has(row.id))];
    return { ...inbox, rows, next: following(PATH, page) };
  };
}

export function inboxAfter(inbox: Inbox, event: ServerEvent): Inbox {
  switch (event.type) {
    case "notification":
      return {
        ...inbox,
        rows: [event.notification, ...inbox.rows.filter((row) => row.id !== event.notification.id)],
        unread: event.unread_count,
      };
    case "notifications_read":
      return { ...inbox, rows: inbox.rows.map(readBy(event)), unread: event.unread_count };
    case "notifications_removed":
      return {
        ...inbox,
        rows: inbox.rows.filter((row) => !event.ids.includes(row.id)),
        unread: event.unread_count,
      };
    case "notifications_state":
      return { ...inbox, unread: event.unread_count };
    default:
      return inbox;
  }
}

function readBy(event: EventOf<"notifications_read">): (row: NotificationRow) => NotificationRow {
  const ids = new Set(event.ids ?? []);
  return (row) => (event.all || ids.has(row.id) ? { ...row, read: true } : row);
}
