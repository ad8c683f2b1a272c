import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{packages,examples}/*/test/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A test that hangs at the end leaks something: it is to be seen, not to be ended quietly.
    teardownTimeout: 10_000,
    // On CI's shared machines a test gets a second try. What needed it is named at the end of the run: it is to be
    // mended, not to be lived with.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
