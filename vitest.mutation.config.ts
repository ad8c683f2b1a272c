import { defineConfig } from "vitest/config";

const tests = "packages/testkit/test/conformance";

/** The tests that `npm run mutation` holds against each change: those that start nothing, and so take no time. */
export default defineConfig({
  test: {
    include: [
      `${tests}/{conditions,expectations,judge,repeat,reports,select}.test.ts`,
      `${tests}/html/{lanes,markup,names}.test.ts`,
    ],
    pool: "forks",
  },
});
