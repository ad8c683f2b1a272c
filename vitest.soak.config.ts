import { defineConfig } from "vitest/config";

/** `npm run soak`, see scripts/soak/run.mjs: long runs, one at a time, so that each has the machine to itself. */
export default defineConfig({
  test: {
    include: ["{packages,examples}/*/test/**/*.soak.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
