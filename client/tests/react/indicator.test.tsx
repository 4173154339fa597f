// @vitest-environment happy-dom

import { act, render, renderHook, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import {
  ConnectionStatus,
  type ConnectionStatusProps,
  useConnectionIndicator,
  useWebSocket,
  useWebSocketConnection,
  WebSocketProvider,
} from "../../src/react/index.js";
import { scene } from "./scene.js";

const page = scene();

/** As long as the backoff may, so that a test knows when the next try comes. */
function longestWaits(): void {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
}

function breakLink(): Promise<void> {
  page.server.mode = "gone";
  page.server.drop();
  return page.after();
}

function App(props: ConnectionStatusProps) {
  useWebSocket("feed");
  return <ConnectionStatus {...props} />;
}

const status = () => screen.getByRole("status");
const frame = () => status().parentElement as HTMLElement;

test("the whole status is what useWebSocketConnection returns", async () => {
  const { result } = renderHook(() => useWebSocketConnection());
  await page.after();
  expect(result.current).toMatchObject({
    state: "connected",
    isConnected: true,
    catchingUp: false,
    online: true,
    attempt: 0,
    retryAt: null,
    transport: "websocket",
    pending: 0,
    lastError: null,
  });
  const { connect, disconnect, reconnect } = result.current;
  act(disconnect);
  expect(result.current.state).toBe("disconnected");
  expect(result.current).toMatchObject({ connect, disconnect, reconnect });
});

test("connecting, then live, with the latency of the last ping", async () => {
  render(<App />);
  expect(status().textContent).toBe("Connecting…");
  await page.after();
  expect(status().textContent).toBe("Live");
  expect(frame().dataset.state).toBe("live");
  await page.after(31_000);
  expect(frame().querySelector(".kith-connection-latency")?.textContent).toMatch(/^\d+ ms$/);
  expect(screen.queryByRole("button")).toBeNull();
});

test("a break that mends itself is passed over in silence", async () => {
  render(<App />);
  await page.after();
  await breakLink();
  await page.after(2_000);
  expect(status().textContent).toBe("Live");
  page.server.mode = "up";
  await page.after(10_000);
  expect(status().textContent).toBe("Live");
});

test("a break that lasts is shown after 3 s, with the seconds to the next try and a button to try now", async () => {
  longestWaits();
  render(<App />);
  await page.after();
  await breakLink();
  await page.after(2_900);
  expect(status().textContent).toBe("Live");
  await page.after(200);
  expect(frame().dataset.state).toBe("reconnecting");
  expect(status().textContent).toBe("Reconnecting…");
  await page.after(20_000);
  const countdown = () =>
    Number(frame().querySelector(".kith-connection-countdown")?.textContent?.match(/\d+/));
  const first = countdown();
  expect(first).toBeGreaterThan(2);
  await page.after(1_000);
  expect(countdown()).toBe(first - 1);
  await page.after(1_000);
  expect(countdown()).toBe(first - 2);
  page.server.mode = "up";
  act(() => screen.getByRole("button", { name: "Try now" }).click());
  await page.after();
  expect(status().textContent).toBe("Live");
  expect(frame().querySelector(".kith-connection-countdown")).toBeNull();
});

test("what changes all the time is not read out", async () => {
  longestWaits();
  render(<App />);
  await page.after(31_000);
  const said: string[] = [];
  const seen = new MutationObserver(() => said.push(status().textContent ?? ""));
  seen.observe(status(), { childList: true, characterData: true, subtree: true });
  await breakLink();
  await page.after(20_000);
  page.server.mode = "up";
  await page.after(40_000);
  seen.disconnect();
  expect(status().getAttribute("aria-live")).toBe("polite");
  expect(said.filter((each, at) => each !== said[at - 1])).toEqual(["Reconnecting…", "Live"]);
});

test("catching up is passed over unless it lasts, also after a break that was shown", async () => {
  const phases: string[] = [];
  const { result, rerender } = renderHook(
    ({ channel }) => {
      useWebSocket("feed");
      useWebSocket(channel);
      const indicator = useConnectionIndicator();
      if (phases.at(-1) !== indicator.phase) phases.push(indicator.phase);
      return indicator;
    },
    { initialProps: { channel: null as string | null } },
  );
  await page.after();
  const all = page.server.opening.bind(page.server);
  vi.spyOn(page.server, "opening").mockImplementation((...asked) => all(...asked).slice(0, 1)); // and no more
  rerender({ channel: "online" });
  await page.after();
  await page.after(400);
  expect(result.current.phase).toBe("live");
  await page.after(200);
  expect(result.current.phase).toBe("catching_up");
  rerender({ channel: null });
  await page.after();
  await breakLink();
  await page.after(10_000);
  page.server.mode = "up";
  await page.after(60_000);
  await page.after(1_000);
  expect(phases).toEqual(["connecting", "live", "catching_up", "live", "reconnecting", "catching_up"]);
});

test("offline is told apart, at once", async () => {
  render(<App />);
  await page.after();
  await page.goOffline();
  expect(status().textContent).toBe("You are offline");
  expect(frame().dataset.state).toBe("offline");
});

test("after the last attempt it is disconnected, and still counts down to the next slow try", async () => {
  longestWaits();
  renderHook(() => useWebSocket({ channel: "feed", maxReconnectAttempts: 2, fallback: false }));
  render(<ConnectionStatus />);
  await page.after();
  await breakLink();
  await page.after(10_000);
  expect(status().textContent).toBe("Disconnected");
  expect(frame().querySelector(".kith-connection-countdown")?.textContent).toMatch(/^next try in \d+ s$/);
  page.server.mode = "up";
  act(() => screen.getByRole("button").click());
  await page.after();
  expect(status().textContent).toBe("Live");
});

test("after disconnect and after a refusal the button connects", async () => {
  const { result } = renderHook(() => useWebSocket("feed"));
  render(<ConnectionStatus />);
  await page.after();
  act(result.current.disconnect);
  expect(status().textContent).toBe("Disconnected");
  act(() => screen.getByRole("button").click());
  await page.after();
  expect(status().textContent).toBe("Live");
  page.server.mode = "up";
  page.server.drop(4400);
  await page.after();
  expect(status().textContent).toBe("Cannot connect");
  act(() => screen.getByRole("button").click());
  await page.after();
  expect(status().textContent).toBe("Live");
});

test("texts, classes and thresholds can be others, and a function shows something else", async () => {
  const { rerender } = render(
    <App className="footer" texts={{ live: "Verbunden" }} reconnectingAfter={500} />,
  );
  await page.after();
  expect(status().textContent).toBe("Verbunden");
  expect(frame().className).toBe("kith-connection footer");
  await breakLink();
  await page.after(600);
  expect(frame().dataset.state).toBe("reconnecting");
  rerender(<App>{({ phase, canRetry }) => <b role="status">{`${phase} ${canRetry}`}</b>}</App>);
  expect(status().textContent).toBe("reconnecting true");
  expect(frame().dataset.state).toBe("reconnecting");
});

test("nothing is shown where the client is disabled", async () => {
  const { container } = render(
    <WebSocketProvider url={null}>
      <ConnectionStatus />
    </WebSocketProvider>,
  );
  await page.after();
  expect(container.textContent).toBe("");
});
