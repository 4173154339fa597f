import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Each test makes its own world, so files can share a worker: that is three times as fast.
    pool: "threads",
    isolate: false,
    // Time is the tests' own: whatever waits for real seconds is wrong.
    testTimeout: 10_000,
  },
});
