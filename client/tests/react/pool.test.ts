import { expect, test, vi } from "vitest";
import { Pool } from "../../src/react/pool.js";

function counted() {
  const pool = new Pool<{ end: () => void }>();
  const end = vi.fn();
  const make = vi.fn(() => ({ end }));
  return { end, make, slot: () => pool.slot("key", make) };
}

test("is made once for all its holders, and ended after the last of them", async () => {
  const { end, make, slot } = counted();
  const first = slot().retain();
  const second = slot().retain();
  first();
  await Promise.resolve();
  expect(end).not.toHaveBeenCalled();
  second();
  await Promise.resolve();
  expect(end).toHaveBeenCalledOnce();
  expect(make).toHaveBeenCalledOnce();
});

test("letting go and taking hold in one go keeps it", async () => {
  const { end, make, slot } = counted();
  slot().retain()();
  const release = slot().retain();
  await Promise.resolve();
  expect(end).not.toHaveBeenCalled();
  expect(make).toHaveBeenCalledOnce();
  release();
  await Promise.resolve();
  expect(end).toHaveBeenCalledOnce();
});

test("letting go twice counts once", async () => {
  const { end, slot } = counted();
  const first = slot().retain();
  slot().retain();
  first();
  first();
  await Promise.resolve();
  expect(end).not.toHaveBeenCalled();
});

test("after its end another one is made", async () => {
  const { make, slot } = counted();
  slot().retain()();
  await Promise.resolve();
  slot();
  expect(make).toHaveBeenCalledTimes(2);
});
