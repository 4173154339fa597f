import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TypingEvent } from "../../src/generated.js";
import { OthersTyping, TypingSignal } from "../../src/react/typing.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("what others are told of my typing", () => {
  test("at most every 3 s while it goes on", () => {
    const emit = vi.fn(() => true);
    const signal = new TypingSignal(emit);
    for (let key = 0; key < 100; key += 1) {
      signal.set(true);
      vi.advanceTimersByTime(100);
    }
    expect(emit.mock.calls).toEqual([[true], [true], [true], [true]]);
    signal.stop();
  });

  test("that it is over, after 4 s of silence, once", () => {
    const emit = vi.fn(() => true);
    const signal = new TypingSignal(emit);
    signal.set(true);
    vi.advanceTimersByTime(3_999);
    expect(emit).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(emit).toHaveBeenLastCalledWith(false);
    signal.stop();
    signal.set(false);
    expect(emit).toHaveBeenCalledTimes(2);
  });

  test("nothing of an end whose beginning was not told", () => {
    const emit = vi.fn(() => false);
    const signal = new TypingSignal(emit);
    signal.set(true);
    signal.set(true); // not written: said again at the next key, however soon
    signal.stop();
    expect(emit.mock.calls).toEqual([[true], [true]]);
  });
});

describe("what I am told of others' typing", () => {
  const ada: TypingEvent = {
    type: "typing",
    channel: "messages/5",
    user_id: 1,
    user_name: "Ada",
    is_typing: true,
  };

  test("ends after 6 s where nobody says so", () => {
    const tell = vi.fn();
    const others = new OthersTyping(tell);
    others.heard(ada);
    vi.advanceTimersByTime(5_000);
    others.heard(ada);
    vi.advanceTimersByTime(5_999);
    expect(tell.mock.calls).toEqual([[ada], [ada]]);
    vi.advanceTimersByTime(1);
    expect(tell).toHaveBeenLastCalledWith({ ...ada, is_typing: false });
  });

  test("ends with what was written, once", () => {
    const tell = vi.fn();
    const others = new OthersTyping(tell);
    others.heard(ada);
    others.ended(1);
    others.ended(1);
    others.ended(2);
    others.heard({ ...ada, is_typing: false });
    expect(tell.mock.calls).toEqual([[ada], [{ ...ada, is_typing: false }]]);
  });

  test("is forgotten in silence when nobody looks any more", () => {
    const tell = vi.fn();
    const others = new OthersTyping(tell);
    others.heard(ada);
    others.stop();
    vi.advanceTimersByTime(10_000);
    expect(tell).toHaveBeenCalledOnce();
  });
});
