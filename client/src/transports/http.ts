import type { Environment } from "../environment.js";
import type { Endpoint } from "../options.js";
import type { Wanted } from "./transport.js";

export interface Question {
  readonly token: string | null;
  readonly signal: AbortSignal;
  /** Sent by POST, as JSON. */
  readonly body?: unknown;
}

/** Ask the server, signed in as the link would be. Rejects where there is no answer. */
export async function ask(environment: Environment, url: string, question: Question): Promise<Response> {
  const { fetch } = environment;
  if (fetch === undefined) throw new TypeError("There is no fetch here.");
  const { token, signal, body } = question;
  const headers = new Headers();
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (body === undefined) return fetch(url, { headers, signal, cache: "no-store" });
  headers.set("Content-Type", "application/json");
  return fetch(url, { method: "POST", headers, signal, body: JSON.stringify(body) });
}

/** The address of one of the two ways to hear events by HTTP, with the channels and where each goes on. */
export function eventsAddress(endpoint: Endpoint, path: string, wanted: readonly Wanted[]): URL {
  const url = new URL(`${endpoint.http}/api/events/${path}`);
  for (const { channel } of wanted) url.searchParams.append("channel", channel);
  if (wanted.some(({ since }) => since !== null)) {
    url.searchParams.set("since", wanted.map(({ since }) => since ?? "").join(","));
  }
  return url;
}

/** The channels' cursors, of an `id:` or an answer's `cursor`, in the order of the channels. */
export function cursorsOf(joined: string, wanted: readonly Wanted[]): Map<string, string> {
  const cursors = joined.split(",");
  return new Map(
    wanted.flatMap(({ channel }, index) => {
      const cursor = cursors[index];
      return cursor === undefined || cursor === "" ? [] : [[channel, cursor] as const];
    }),
  );
}
