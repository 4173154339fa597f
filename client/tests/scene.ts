import { afterEach, beforeEach, vi } from "vitest";
import type { Environment } from "../src/environment.js";
import type { ClientOptions, Status } from "../src/index.js";
import { KithClient } from "../src/index.js";
import type { FakeTab } from "./fakeBrowser.js";
import { FakeBrowser } from "./fakeBrowser.js";
import { FakeServer } from "./fakeServer.js";

export interface Opened {
  readonly client: KithClient;
  readonly tab: FakeTab;
  /** States as they were shown, each once. */
  readonly states: Status["state"][];
}

/** A server, a browser, and clients in its tabs; time stands still until a test moves it. */
export class Scene {
  readonly server = new FakeServer();
  readonly browser = new FakeBrowser(this.server);
  private readonly clients: KithClient[] = [];

  /** A client in a tab of its own. Not connected yet. */
  open(
    options: ClientOptions = {},
    tab = this.browser.tab(),
    surroundings: Partial<Environment> = {},
  ): Opened {
    const given = { url: "wss://kith.test/ws", user: 1, token: () => "token", ...options };
    const client = new KithClient(given, { ...tab.environment, ...surroundings });
    this.clients.push(client);
    const states: Status["state"][] = [];
    client.onStatus(({ state }) => {
      if (states.at(-1) !== state) states.push(state);
    });
    return { client, tab, states };
  }

  /** A client that is connected. */
  async connected(options: ClientOptions = {}, tab = this.browser.tab()): Promise<Opened> {
    const opened = this.open(options, tab);
    opened.client.connect();
    await settle();
    return opened;
  }

  dispose(): void {
    for (const client of this.clients) client.dispose();
  }
}

/** Let everything happen that happens at once: databases and bodies of answers take a few turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(0);
  }
}

export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

/** A new scene for each test of a file, under fake time. */
export function scenes(): { readonly scene: Scene } {
  const holder: { scene: Scene } = { scene: new Scene() };
  beforeEach(() => {
    const toFake: ("setTimeout" | "clearTimeout" | "Date" | "performance")[] = [
      "setTimeout",
      "clearTimeout",
      "Date",
      "performance",
    ];
    vi.useFakeTimers({ now: new Date("2026-01-01T00:00:00Z"), toFake });
    holder.scene = new Scene();
  });
  afterEach(() => {
    holder.scene.dispose();
    vi.useRealTimers();
  });
  return holder;
}
