import type { Frame } from "../src/wire.js";
import type { FakeServer } from "./fakeServer.js";
import { covers } from "./fakeServer.js";

/** One request for events that is under way. */
interface Listening {
  readonly channels: readonly string[];
  tell(frame: Frame): void;
  end(code: number | null): void;
  /** The link breaks. */
  fail(): void;
}

/** The fallback of the fake server: streams, polls and commands by POST. */
export class FakeHttp {
  readonly requests: { url: URL; token: string | null; csrf: string | null; body: Frame | null }[] = [];
  /** False: a stream is accepted, and nothing of it ever comes through. */
  streams = true;
  private readonly listening = new Set<Listening>();

  constructor(private readonly server: FakeServer) {}

  /** How many streams and polls are open. */
  get open(): number {
    return this.listening.size;
  }

  of(path: string): URL[] {
    return this.requests.map(({ url }) => url).filter((url) => url.pathname === path);
  }

  tell(frame: Frame & { readonly channel: string }): void {
    for (const each of [...this.listening]) {
      if (each.channels.some((channel) => covers(channel, frame.channel))) each.tell(frame);
    }
  }

  drop(): void {
    for (const each of [...this.listening]) each.fail();
  }

  /** Every stream and poll is ended by the server with this code. */
  end(code: number): void {
    for (const each of [...this.listening]) each.end(code);
  }

  async answer(address: string, init: RequestInit): Promise<Response> {
    await Promise.resolve();
    if (this.server.mode === "gone") throw new TypeError("Failed to fetch");
    const url = new URL(address);
    const headers = new Headers(init.headers);
    const token = headers.get("Authorization")?.replace("Bearer ", "") ?? null;
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as Frame) : null;
    this.requests.push({ url, token, csrf: headers.get("X-CSRFToken"), body });
    if (!this.server.accepts(token)) return refusal(401, { code: "token_invalid", message: "No." });
    if (body !== null) return this.command(body);
    if (url.searchParams.getAll("channel").length === 0)
      return refusal(400, { code: "invalid_message", message: "No." });
    return url.pathname.endsWith("/stream/") ? this.stream(url, init) : this.poll(url, init);
  }

  private command(frame: Frame): Response {
    if (frame.type === "ping") return Response.json({ type: "pong", timestamp: null, server_time: "" });
    this.server.commands.push(frame);
    const answer = this.server.answer(frame);
    if (answer === null) return new Response("lost", { status: 502 });
    return Response.json(answer, { status: answer.type === "error" ? 400 : 201 });
  }

  private stream(url: URL, init: RequestInit): Response {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const say = (text: string) => this.streams && controller.enqueue(encoder.encode(text));
        const listening = this.listen(url, init, {
          tell: (frame) => say(`data: ${JSON.stringify(frame)}\n\n`),
          end: (code) => {
            say(`event: close\ndata: {"code":${code}}\n\n`);
            controller.close();
          },
          fail: () => controller.error(new TypeError("network error")),
        });
        for (const frame of this.opening(url)) listening.tell(frame);
        say(": ping\n\n");
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  private poll(url: URL, init: RequestInit): Promise<Response> {
    const frames = this.opening(url);
    const news = frames.some((frame) => frame.id !== undefined);
    const wait = Number(url.searchParams.get("wait") ?? 25) * 1_000;
    return new Promise((resolve, reject) => {
      const answer = (close: number | null) => {
        clearTimeout(timer);
        listening.end(null);
        resolve(Response.json({ frames, cursor: "", close }));
      };
      let answered = false;
      const listening = this.listen(url, init, {
        tell: (frame) => {
          frames.push(frame);
          queueMicrotask(() => listening.end(0));
        },
        end: (code) => {
          if (answered) return;
          answered = true;
          answer(code === 0 ? null : code);
        },
        fail: () => {
          clearTimeout(timer);
          reject(new TypeError("network error"));
        },
      });
      const timer = setTimeout(() => listening.end(0), news ? 0 : wait);
    });
  }

  private opening(url: URL): Frame[] {
    const names = url.searchParams.getAll("channel");
    const since = (url.searchParams.get("since") ?? "").split(",");
    const opened = names.flatMap((name, index) => this.server.opening(name, since[index] || null));
    return [{ type: "connected", user_id: this.server.user, heartbeat_interval: 25 }, ...opened];
  }

  private listen(url: URL, init: RequestInit, does: Omit<Listening, "channels">): Listening {
    const end = (then: () => void) => {
      if (this.listening.delete(listening)) then();
    };
    const listening: Listening = {
      channels: url.searchParams.getAll("channel"),
      tell: does.tell,
      end: (code) => end(() => does.end(code)),
      fail: () => end(() => does.fail()),
    };
    this.listening.add(listening);
    init.signal?.addEventListener("abort", () => listening.fail());
    return listening;
  }
}

function refusal(status: number, body: { code: string; message: string; retry_after?: number }): Response {
  return Response.json(body, { status });
}
