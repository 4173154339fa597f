import type { Credentials } from "./credentials.js";
import type { Environment } from "./environment.js";
import type { Endpoint } from "./options.js";
import { ask, eventsAddress } from "./transports/http.js";
import { readPoll } from "./transports/poll.js";
import type { Wanted } from "./transports/transport.js";
import type { Frame } from "./wire.js";

const TRIES = 4;
const RETRY_MS = 1_000;

export interface CatchUpHandlers {
  told(asked: readonly Wanted[], frames: readonly Frame[]): void;
  failed(asked: readonly Wanted[]): void;
}

/**
 * Asks by HTTP what a tab has missed that comes to channels which are open already, so that the link of all tabs need
 * not be disturbed. What is asked for in one go is one request.
 */
export class CatchUp {
  private readonly wanted = new Map<string, Wanted>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | null = null;
  private asked: readonly Wanted[] = [];
  private tries = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly environment: Environment,
    private readonly credentials: Credentials,
    private readonly handlers: CatchUpHandlers,
  ) {}

  /** The very object that is given is handed back with the answer. */
  read(wanted: Wanted): void {
    if (this.asking !== null && this.asked.includes(wanted)) return;
    this.wanted.set(wanted.channel, wanted);
    if (this.asking === null && this.timer === undefined) this.plan(0);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.asking?.abort();
    this.asking = null;
    this.wanted.clear();
    this.tries = 0;
  }

  private plan(ms: number): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.run();
    }, ms);
  }

  private async run(): Promise<void> {
    const wanted = [...this.wanted.values()];
    this.wanted.clear();
    const asking = new AbortController();
    this.asking = asking;
    this.asked = wanted;
    const frames = await this.answer(wanted, asking.signal);
    if (this.asking !== asking) return;
    this.asking = null;
    this.tries = frames === null ? this.tries + 1 : 0;
    if (frames !== null) {
      this.handlers.told(wanted, frames);
    } else if (this.tries >= TRIES) {
      this.tries = 0;
      this.handlers.failed(wanted);
    } else {
      for (const each of wanted) if (!this.wanted.has(each.channel)) this.wanted.set(each.channel, each);
    }
    if (this.wanted.size > 0) this.plan(this.tries === 0 ? 0 : RETRY_MS * 2 ** (this.tries - 1));
  }

  /** Null: none, or an unusable one. */
  private async answer(wanted: readonly Wanted[], signal: AbortSignal): Promise<readonly Frame[] | null> {
    try {
      const token = await this.credentials.token();
      const url = eventsAddress(this.endpoint, "", wanted, 0);
      const response = await ask(this.environment, url, { token, signal });
      return response.ok ? readPoll(await response.json()).frames : null;
    } catch {
      return null; // no network, aborted, or no JSON
    }
  }
}
