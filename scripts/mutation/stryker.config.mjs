// What `npm run mutation` changes, one place at a time, to see whether a test notices: what decides verdicts, and what is
// made of them. Not in CI; docs/mutation.md tells of the last run.
const suite = "packages/testkit/src/conformance";

export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutation.config.ts" },
  mutate: [
    `${suite}/check/{conditions,expectations,show}.ts`,
    `${suite}/runner/{judge,repeat}.ts`,
    `${suite}/select/*.ts`,
    `${suite}/reports/*.ts`,
    `${suite}/reports/html/{lanes,markup,names}.ts`,
  ],
  ignorePatterns: ["/docs/api", "/examples", "/bench", "**/release", "**/.venv"],
  tempDirName: ".reports/stryker",
  reporters: ["progress-append-only", "clear-text", "json", "html"],
  clearTextReporter: { logTests: false, allowColor: false },
  jsonReporter: { fileName: ".reports/mutation.json" },
  htmlReporter: { fileName: ".reports/mutation.html" },
  // What runs when a file is imported can't be changed for one test alone, and costs a whole run each.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
};
