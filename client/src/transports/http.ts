import { cursorOf } from "../cursors.js";
import type { Environment } from "../environment.js";
import type { Endpoint } from "../options.js";
import type { TransportName } from "../types.js";
import type { ClientFrame, Frame } from "../wire.js";
import { asFrame, errorOf, textOf } from "../wire.js";
import type { Target, Transport, TransportHandlers, Wanted } from "./transport.js";

/** Channels are opened and closed in groups: one request for all of them. */
const GATHER_MS = 20;

export interface Question {
  readonly token: string | null;
  readonly signal: AbortSignal;
  /** Sent by POST, as JSON. */
  readonly body?: unknown;
}

/** Ask the server, signed in as the link would be. Rejects where there is no answer. */
export async function ask(environment: Environment, url: string, question: Question): Promise<Response> {
  const { fetch, document } = environment;
  if (fetch === undefined) throw new TypeError("There is no fetch here.");
  const { token, signal, body } = question;
  const headers: Record<string, string> = {};
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body === undefined) return fetch(url, { headers, signal, cache: "no-store" });
  const csrf = /(?:^|;\s*)csrftoken=([^;]*)/.exec(document?.cookie ?? "")?.[1];
  if (token === null && csrf !== undefined) headers["X-CSRFToken"] = csrf;
  headers["Content-Type"] = "application/json";
  return fetch(url, { method: "POST", headers, signal, body: JSON.stringify(body) });
}

/** Where events are heard by HTTP: of these channels, each from its cursor on. `waitS`: of a poll. */
export function eventsAddress(
  endpoint: Endpoint,
  path: string,
  wanted: readonly Wanted[],
  waitS?: number,
): string {
  const query = new URLSearchParams(wanted.map(({ channel }) => ["channel", channel]));
  if (waitS !== undefined) query.set("wait", String(waitS));
  if (wanted.some(({ since }) => since !== null))
    query.set("since", wanted.map(({ since }) => since ?? "").join());
  return `${endpoint.http}/api/events/${path}?${query}`;
}

/** A channel that is open, or asked for. */
interface Channel {
  since: string | null;
  ref: string | undefined;
  /** All that was missed has been told: when a request is made anew, only what is news is told again. */
  live: boolean;
}

/** Speaks as `/ws` does, by requests: what `sse.ts` and `poll.ts` have in common. */
export abstract class HttpTransport implements Transport {
  abstract readonly name: TransportName;
  readonly pings = false;
  private readonly channels = new Map<string, Channel>();
  private readonly ending = new AbortController();
  private listening = new AbortController();
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private token: string | null;
  private connected = false;
  private user: string | null = null;

  constructor(
    protected readonly target: Target,
    private readonly handlers: TransportHandlers,
  ) {
    this.token = target.token;
    for (const { channel, since } of target.wanted()) {
      this.channels.set(channel, { since, ref: undefined, live: false });
    }
    this.ending.signal.addEventListener("abort", () => this.listening.abort());
    this.again(0);
  }

  send(frame: ClientFrame): boolean {
    const { type, channel = "", ref } = frame;
    if (type === "subscribe")
      this.subscribe(channel, typeof frame.since === "string" ? frame.since : null, ref);
    else if (type === "unsubscribe") this.channels.delete(channel) && this.again();
    else if (type === "authenticate") this.signIn(String(frame.token));
    else void this.command(frame);
    return true;
  }

  close(): void {
    clearTimeout(this.gathering);
    this.ending.abort();
  }

  /** Hear of the wanted channels, by `hear`, until `signal` says that they are others. Rejects when the link breaks. */
  protected abstract listen(signal: AbortSignal): Promise<void>;

  private get wanted(): Wanted[] {
    return [...this.channels].map(([channel, { since }]) => ({ channel, since }));
  }

  /** Ask for events. Rejects where there is no answer; a refusal ends the link. */
  protected async ask(path: string, signal: AbortSignal, waitS?: number): Promise<Response | null> {
    const { endpoint, environment } = this.target;
    const url = eventsAddress(endpoint, path, this.wanted, waitS);
    const response = await ask(environment, url, { token: this.token, signal });
    if (response.ok) return response;
    await this.refused(response);
    return null;
  }

  /** A frame of the server. */
  protected hear(frame: Frame): void {
    if (this.ending.signal.aborted) return;
    const { type } = frame;
    // A socket is not told its own typing; behind a request there is no socket of which to know that.
    if (type === "typing" && this.user !== null && textOf(frame.user_id) === this.user) return;
    const channel = frame.channel === undefined ? undefined : this.channels.get(frame.channel);
    if (type === "connected") {
      this.user = textOf(frame.user_id) ?? this.user;
      if (!this.connected) this.handlers.frame(frame);
      this.connected = true;
    } else if (channel === undefined) {
      this.handlers.frame(frame);
    } else {
      this.hearOf(channel, frame);
    }
  }

  protected closed(code: number): void {
    if (this.ending.signal.aborted) return;
    this.close();
    this.handlers.closed(code);
  }

  private hearOf(channel: Channel, frame: Frame): void {
    channel.since = cursorOf(frame) ?? channel.since;
    if (frame.type === "error" && frame.ref === undefined) {
      this.channels.delete(frame.channel ?? ""); // it was not opened
      this.handlers.frame(channel.ref === undefined ? frame : { ...frame, ref: channel.ref });
      return;
    }
    if (frame.type === "unsubscribed") this.channels.delete(frame.channel ?? "");
    if (frame.type === "subscribed") {
      if (channel.live && frame.recovered !== false) return; // a request was made anew; nothing changed
      channel.live = false;
    }
    const answer =
      frame.type === "subscribed" && channel.ref !== undefined ? { ...frame, ref: channel.ref } : frame;
    const told = frame.type === "caught_up" && channel.live ? { ...frame, type: "cursor" } : answer;
    if (frame.type === "caught_up") channel.live = true;
    this.handlers.frame(told);
  }

  private subscribe(name: string, since: string | null, ref: string | undefined): void {
    const known = this.channels.get(name);
    if (known !== undefined && known.since === since) {
      known.ref = ref; // it is asked for already
      return;
    }
    this.channels.set(name, { since, ref, live: false });
    this.again();
  }

  private signIn(token: string): void {
    if (token === this.token) return;
    this.token = token;
    this.again(0);
  }

  /** Make the request anew: other channels, or another token. */
  private again(ms = GATHER_MS): void {
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => {
      this.listening.abort();
      this.listening = new AbortController();
      const { signal } = this.listening;
      this.run(signal).catch(() => signal.aborted || this.closed(1006));
    }, ms);
  }

  private async run(signal: AbortSignal): Promise<void> {
    if (this.channels.size > 0) await this.listen(signal);
    else if (!this.connected) await this.greet(signal);
  }

  /** No channel is wanted yet: find out whether one is signed in and heard at all. */
  private async greet(signal: AbortSignal): Promise<void> {
    const response = await this.post({ type: "ping" }, signal);
    if (response.ok) this.hear({ type: "connected" });
    else await this.refused(response);
  }

  private async command(frame: ClientFrame): Promise<void> {
    const { ref, channel = "" } = frame;
    let answer: Frame | null = null;
    try {
      const response = await this.post(frame, this.ending.signal);
      if (response.status === 401) {
        await this.refused(response);
        return;
      }
      answer = asFrame(await response.json());
    } catch {
      // No answer: it may have arrived or not.
    }
    const lost = { type: "error", code: "unavailable", message: "The request failed." };
    if (ref !== undefined && !this.ending.signal.aborted)
      this.handlers.frame({ channel, ...(answer ?? lost), ref });
  }

  private post(body: unknown, signal: AbortSignal): Promise<Response> {
    const { endpoint, environment } = this.target;
    return ask(environment, `${endpoint.http}/api/commands/`, { token: this.token, signal, body });
  }

  /** A refused request, told as a socket would tell it. */
  private async refused(response: Response): Promise<void> {
    const body: unknown = await response.json().catch(() => null);
    const said = errorOf(typeof body === "object" && body !== null ? { ...body } : {});
    const { code, message, retryAfter } = said;
    const after = retryAfter === undefined ? {} : { retry_after: retryAfter };
    const { status } = response;
    if (status === 401) this.hear({ type: "auth_error", code, message });
    if (status === 429 || status === 503) this.hear({ type: "error", code, message, ...after });
    this.closed(status === 401 ? 4401 : status === 429 ? 4429 : status >= 500 ? 1013 : 1006);
  }
}
