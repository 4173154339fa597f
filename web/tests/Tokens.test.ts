import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../src/api/ApiError";
import { Tokens } from "../src/session/Tokens";

const NOW = Date.UTC(2026, 2, 1);

function token(lifeMs: number): string {
  const [iat, exp] = [NOW / 1000, Math.floor((NOW + lifeMs) / 1000)];
  return `head.${btoa(JSON.stringify({ iat, exp }))}.signature`;
}

const LONG = token(30 * 60_000);
const answers = vi.fn<() => Promise<Response>>();
const onChange = vi.fn();
const onRefused = vi.fn();
const tokens = (access: string) => new Tokens({ access, refresh: "refresh" }, onChange, onRefused);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("fetch", answers);
  answers.mockImplementation(async () => Response.json({ access: LONG }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetAllMocks();
});

test("a token that is good for a while is given out as it is", async () => {
  expect(await tokens(LONG).fresh()).toBe(LONG);
  expect(answers).not.toHaveBeenCalled();
});

test("one that is about to end is renewed, once for all who ask", async () => {
  const old = tokens(token(30 * 60_000 - 1_000));
  vi.setSystemTime(NOW + 29 * 60_000);
  expect(await Promise.all([old.fresh(), old.fresh(), old.fresh()])).toEqual([LONG, LONG, LONG]);
  expect(answers).toHaveBeenCalledTimes(1);
  expect(onChange).toHaveBeenCalledWith(LONG);
});

test("one of a short life is used for most of it", async () => {
  const short = token(60_000);
  vi.setSystemTime(NOW + 39_000);
  expect(await tokens(short).fresh()).toBe(short);
  vi.setSystemTime(NOW + 41_000);
  expect(await tokens(short).fresh()).toBe(LONG);
});

test("one that the server has refused is renewed, whatever its expiry says", async () => {
  const renewed = token(20 * 60_000);
  answers.mockImplementation(async () => Response.json({ access: renewed }));
  expect(await tokens(LONG).fresh(LONG)).toBe(renewed);
});

test("a refused refresh ends the sign-in; a server that is away does not", async () => {
  answers.mockImplementation(async () => new Response("", { status: 401 }));
  expect(await tokens("").fresh()).toBeNull();
  expect(onRefused).toHaveBeenCalledTimes(1);

  onRefused.mockClear();
  answers.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await expect(tokens("").fresh()).rejects.toBeInstanceOf(ApiError);
  answers.mockImplementation(async () => new Response("<html>", { status: 502 }));
  await expect(tokens("").fresh()).rejects.toMatchObject({ status: 502 });
  expect(onRefused).not.toHaveBeenCalled();
});
