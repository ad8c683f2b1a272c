// `npm test`, `npm run demo`, `npm run bench`, `npm run soak`, `npm run mutation`, `npm run package`, `npm run check`,
// `npm run docs:api`: each does all that it needs, on a machine that has Node.js and nothing else. Only Node.js's own modules may be
// imported up to the point where packages are installed.
import { assertNodeVersion } from "./lib/node-version.mjs";
import { debianPackages } from "./lib/debian.mjs";
import { install } from "./lib/pnpm.mjs";
import { say, step } from "./lib/steps.mjs";

/** @type {Record<string, { build: import("./lib/build.mjs").What, run: (args: string[]) => Promise<number> }>} */
const tasks = {
  test: {
    build: { packages: true, fixtures: true },
    run: async (args) => (await import("./lib/vitest.mjs")).runTests(args),
  },
  demo: {
    build: { packages: true, fixtures: false },
    run: async (args) =>
      (await import("./lib/commands.mjs")).runNode(["examples/demo/dist/demo.js", ...args]),
  },
  bench: {
    build: { packages: true, fixtures: false },
    run: async (args) => (await import("./lib/commands.mjs")).runNode(["bench/dist/main.mjs", ...args]),
  },
  soak: {
    build: { packages: true, fixtures: true },
    run: async (args) => (await import("./soak/run.mjs")).runSoaks(args),
  },
  mutation: {
    build: { packages: true, fixtures: false },
    run: async (args) =>
      (await import("./lib/commands.mjs")).runTool("stryker", [
        "run",
        "scripts/mutation/stryker.config.mjs",
        ...args,
      ]),
  },
  package: {
    build: { packages: true, fixtures: false },
    run: async (args) => (await import("./package.mjs")).packageExample(args),
  },
  check: {
    build: { packages: true, fixtures: false },
    run: async (args) => (await import("./checks/run.mjs")).runChecks(args),
  },
  "docs:api": {
    build: { packages: false, fixtures: false },
    run: async (args) => (await import("./lib/commands.mjs")).runTool("typedoc", args),
  },
};

const [name = "", ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  say(`there is no task "${name}": write one of ${Object.keys(tasks).join(", ")}`);
  process.exit(2);
}
try {
  assertNodeVersion();
  await step("install packages", install);
  await debianPackages(name);
  const { build } = await import("./lib/build.mjs");
  await build(task.build);
  process.exitCode = await task.run(args);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
