import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    // Longer than any wait within a test: a busy machine is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
