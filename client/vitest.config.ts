import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Time is the tests' own: whatever waits for real seconds is wrong.
    testTimeout: 10_000,
  },
});
