import type { ServerEvent } from "kith-client";
import type { Api } from "../api/Api";
import { allRows } from "../api/pages";
import type { BlockRow, ConnectionRow, RequestRow, UserId } from "../api/rows";
import type { Source } from "../live/Source";

/** A person at the other end of a tie. */
export interface Tied {
  readonly user_id: UserId;
  readonly user_name: string;
}

export interface Asked extends Tied {
  readonly request_id: number;
}

/** How others stand to me. */
export interface Ties {
  readonly connections: readonly Tied[];
  /** Who asks me. */
  readonly received: readonly Asked[];
  /** Whom I ask. */
  readonly sent: readonly Asked[];
  readonly blocked: readonly Tied[];
}

export function tiesSource(api: Api): Source<Ties> {
  return {
    channel: "connections",
    async load() {
      // One after the other: the first one's cursor has to be the oldest.
      const connections = await allRows<ConnectionRow>(api, "/api/connections/?limit=100");
      const received = await allRows<RequestRow>(api, "/api/connections/requests/?direction=received");
      const sent = await allRows<RequestRow>(api, "/api/connections/requests/?direction=sent");
      const blocked = await allRows<BlockRow>(api, "/api/blocks/");
      const state: Ties = {
        connections: connections.rows,
        received: received.rows.map((row) => asked(row.request_id, row.from_user_id, row.from_user_name)),
        sent: sent.rows.map((row) => asked(row.request_id, row.to_user_id, row.to_user_name)),
        blocked: blocked.rows,
      };
      return { state, cursor: connections.cursor };
    },
    reduce: tiesAfter,
  };
}

export function tiesAfter(ties: Ties, event: ServerEvent): Ties {
  switch (event.type) {
    case "connection_request": {
      const one = asked(event.request_id, event.from_user_id, event.from_user_name);
      return { ...ties, received: withOne(ties.received, one) };
    }
    case "request_sent": {
      const one = asked(event.request_id, event.to_user_id, event.to_user_name);
      return { ...ties, sent: withOne(ties.sent, one) };
    }
    case "request_closed": {
      const open = (row: Asked) => row.request_id !== event.request_id;
      return { ...ties, received: ties.received.filter(open), sent: ties.sent.filter(open) };
    }
    case "connection_accepted":
      return { ...ties, connections: withOne(ties.connections, tied(event)) };
    case "connection_removed":
      return { ...ties, connections: without(ties.connections, event.user_id) };
    case "block_changed":
      return {
        ...ties,
        blocked: event.blocked ? withOne(ties.blocked, tied(event)) : without(ties.blocked, event.user_id),
      };
    default:
      return ties;
  }
}

export type Tie = "connected" | "received" | "sent" | "blocked" | "none";

/** How one person stands to me, and the open request, if it is one. */
export function tieWith(ties: Ties, userId: UserId): { tie: Tie; requestId: number | null } {
  const of = (rows: readonly Tied[]) => rows.some((row) => row.user_id === userId);
  const received = ties.received.find((row) => row.user_id === userId);
  const sent = ties.sent.find((row) => row.user_id === userId);
  if (of(ties.blocked)) return { tie: "blocked", requestId: null };
  if (of(ties.connections)) return { tie: "connected", requestId: null };
  if (received) return { tie: "received", requestId: received.request_id };
  if (sent) return { tie: "sent", requestId: sent.request_id };
  return { tie: "none", requestId: null };
}

function asked(request_id: number, user_id: UserId, user_name: string): Asked {
  return { request_id, user_id, user_name };
}

function tied({ user_id, user_name }: Tied): Tied {
  return { user_id, user_name };
}

function withOne<T extends Tied>(rows: readonly T[], one: T): readonly T[] {
  return [one, ...without(rows, one.user_id)];
}

function without<T extends Tied>(rows: readonly T[], userId: UserId): readonly T[] {
  return rows.filter((row) => row.user_id !== userId);
}
