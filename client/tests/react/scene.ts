import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { FakeServer } from "../fakeServer.js";

/** The page's own host, where clients without a `url` find their server. */
export const HOST = "ws://localhost:3000";

/**
 * The page of one test and the server it talks to. After each test everything is unmounted, and then no timer, no
 * listener on the page and no socket may be left: whatever a hook keeps too long fails the test that made it.
 */
export class Scene {
  server = new FakeServer();
  private readonly navigator = { onLine: true };
  private readonly listening = new Map<string, number>();

  begin(): void {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5); // waits of the backoff, the same in every run
    this.server = new FakeServer();
    this.listening.clear();
    for (const [name, value] of Object.entries(this.server.environment())) vi.stubGlobal(name, value);
    this.navigator.onLine = true;
    vi.stubGlobal("navigator", this.navigator);
    render(null); // React's own listeners on the document, which stay
    for (const target of [globalThis, document]) this.count(target);
  }

  async end(): Promise<void> {
    cleanup();
    await Promise.resolve();
    expect(this.server.open).toEqual([]);
    expect([...this.listening].filter(([, count]) => count !== 0)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  }

  /** Let the server answer, and `ms` of the test's time go by. */
  async after(ms = 1): Promise<void> {
    await act(() => vi.advanceTimersByTimeAsync(ms));
  }

  /** Something happens on the server, and is told. */
  async publish(channel: string, type: string, fields: Record<string, unknown> = {}): Promise<void> {
    this.server.publish(channel, type, fields);
    await this.after();
  }

  async tell(channel: string, type: string, fields: Record<string, unknown> = {}): Promise<void> {
    this.server.tell({ channel, type, ...fields });
    await this.after();
  }

  /** What is subscribed to on the one open socket. */
  get subscribed(): string[] {
    return this.server.open.flatMap((socket) => [...socket.channels]);
  }

  async goOffline(): Promise<void> {
    this.navigator.onLine = false;
    this.server.mode = "gone";
    this.server.drop();
    globalThis.dispatchEvent(new Event("offline"));
    await this.after();
  }

  private count(target: EventTarget): void {
    const add = target.addEventListener.bind(target);
    const remove = target.removeEventListener.bind(target);
    const change = (type: string, by: number) =>
      this.listening.set(type, (this.listening.get(type) ?? 0) + by);
    vi.spyOn(target, "addEventListener").mockImplementation((type, fn, options) => {
      change(String(type), 1);
      add(String(type), fn, options);
    });
    vi.spyOn(target, "removeEventListener").mockImplementation((type, fn, options) => {
      change(String(type), -1);
      remove(String(type), fn, options);
    });
  }
}

/** For a file of tests. */
export function scene(): Scene {
  const made = new Scene();
  beforeEach(() => made.begin());
  afterEach(() => made.end());
  return made;
}
