import type { Frame } from "../wire.js";
import { asFrame, numberIn } from "../wire.js";
import { HttpTransport } from "./http.js";
import type { Target, Transport, TransportHandlers } from "./transport.js";

/** How long the server waits for news, and how much longer an answer may take. */
const WAIT_S = 25;
const PATIENCE_MS = 15_000;
/** Between two polls, so that a lively channel is not a request for each event. */
const PAUSE_MS = 250;

export interface Poll {
  readonly frames: readonly Frame[];
  readonly close: number | null;
}

/** The body of an answer. Throws where it is none. */
export function readPoll(body: unknown): Poll {
  if (typeof body !== "object" || body === null || !("frames" in body) || !Array.isArray(body.frames)) {
    throw new TypeError("The answer holds no frames.");
  }
  const frames = body.frames.flatMap((frame: unknown) => asFrame(frame) ?? []);
  return { frames, close: numberIn(body, "close") };
}

/** Long polling: one request after the other, each with the cursors that the last one reached. */
export function openPoll(target: Target, handlers: TransportHandlers): Transport {
  return new PollTransport(target, handlers);
}

class PollTransport extends HttpTransport {
  readonly name = "poll";

  protected override async listen(signal: AbortSignal): Promise<void> {
    // The first answer comes at once, so that the link is known to work.
    for (let wait = 0; !signal.aborted; wait = WAIT_S) {
      const poll = await this.poll(wait, signal);
      if (poll === null || signal.aborted) return;
      for (const frame of poll.frames) this.hear(frame);
      if (poll.close !== null) this.closed(poll.close);
      await pause(PAUSE_MS, signal);
    }
  }

  private async poll(wait: number, signal: AbortSignal): Promise<Poll | null> {
    const late = new AbortController();
    const give = () => late.abort();
    const timer = setTimeout(give, wait * 1_000 + PATIENCE_MS);
    signal.addEventListener("abort", give);
    try {
      const response = await this.ask("", late.signal, wait);
      return response && readPoll(await response.json());
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", give);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
