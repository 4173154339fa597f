import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Backoff } from "../src/backoff.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const usual = { initial: 1_000, max: 30_000, attempts: 10 };

function wait(attempt: number, random: number): number {
  const backoff = new Backoff(usual, () => random);
  backoff.attempt = attempt;
  backoff.wait(() => undefined);
  const { delay } = backoff;
  backoff.stop();
  return delay;
}

test("the wait before try n is anything from 0 to min(max, initial × 2ⁿ)", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 9].map((attempt) => wait(attempt, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(wait(5, 0)).toBe(0);
  expect(wait(3, 0.5)).toBe(4_000);
});

test("after the last attempt it is 30 to 60 s, and stays so", () => {
  expect([wait(10, 0), wait(10, 1), wait(2_000, 0.5)]).toEqual([30_000, 60_000, 45_000]);
});

test("the wait ends by itself, once", () => {
  const next = vi.fn();
  const backoff = new Backoff(usual, () => 0.5);
  backoff.wait(next);
  expect(backoff).toMatchObject({ delay: 500, retryAt: Date.now() + 500, waiting: true });
  vi.advanceTimersByTime(499);
  expect(next).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(next).toHaveBeenCalledTimes(1);
  expect(backoff).toMatchObject({ delay: 0, retryAt: null, waiting: false });
});

test("it can be woken, and then does not ring again", () => {
  const next = vi.fn();
  const backoff = new Backoff(usual, () => 0.5);
  backoff.wait(next);
  backoff.wake();
  vi.advanceTimersByTime(60_000);
  expect(next).toHaveBeenCalledTimes(1);
});

test("a wait that the server names replaces the law", () => {
  const backoff = new Backoff(usual, () => 1);
  backoff.wait(() => undefined, 123);
  expect(backoff.delay).toBe(123);
  backoff.stop();
  expect(vi.getTimerCount()).toBe(0);
});
