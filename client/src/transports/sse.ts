import { asFrame, numberIn, parseJSON } from "../wire.js";
import { HttpTransport } from "./http.js";
import type { Target, Transport, TransportHandlers } from "./transport.js";

/** The server says something every 25 s (`WEBSOCKET_PING_INTERVAL`), if only `: ping`. */
const SILENCE_MS = 60_000;

/** Server-Sent Events, read by `fetch`: an EventSource could not carry the token but in its address. */
export function openStream(target: Target, handlers: TransportHandlers): Transport {
  return new StreamTransport(target, handlers);
}

class StreamTransport extends HttpTransport {
  readonly name = "sse";

  protected override async listen(signal: AbortSignal): Promise<void> {
    const response = await this.ask("stream/", signal);
    if (response === null) return;
    const reader = response.body?.getReader();
    if (reader === undefined) throw new TypeError("The answer has no body.");
    const decoder = new TextDecoder();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let rest = "";
    try {
      for (;;) {
        clearTimeout(timer);
        timer = setTimeout(() => this.closed(1006), SILENCE_MS);
        const { done, value } = await reader.read();
        if (done || signal.aborted) break;
        const messages = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = messages.pop() ?? "";
        for (const message of messages) this.message(message);
      }
    } finally {
      clearTimeout(timer);
      reader.cancel().catch(() => undefined);
    }
    if (!signal.aborted) this.closed(1006);
  }

  /** The lines of one message; comments keep the stream alive, and cursors are in the frames, too. */
  private message(text: string): void {
    const lines = text.split("\n");
    const data = lines.flatMap((line) => (line.startsWith("data:") ? line.slice(5).trimStart() : []));
    if (data.length === 0) return;
    const told = parseJSON(data.join("\n"));
    const frame = asFrame(told);
    if (lines.includes("event: close")) this.closed(numberIn(told, "code") ?? 1006);
    else if (frame !== null) this.hear(frame);
  }
}
