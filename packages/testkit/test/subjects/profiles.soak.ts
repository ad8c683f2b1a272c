import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allChecks } from "../../src/conformance/checks/index.js";
import { runChecks } from "../../src/conformance/runner/run.js";
import { suiteTimes } from "../../src/conformance/subject/limits.js";
import type { SubjectOptions } from "../../src/conformance/subject/options.js";
import { Subject } from "../../src/conformance/subject/subject.js";

const example = (name: string): string =>
  fileURLToPath(new URL(`../../../../examples/${name}/dist/${name}.mjs`, import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../.fixtures/${name}.mjs`, import.meta.url));

interface Case extends SubjectOptions {
  readonly name: string;
  readonly command: string;
}

/** A provider for each profile that the suite tells apart. */
const cases: readonly Case[] = [
  { name: "process-runtime", command: example("process-runtime") },
  { name: "minimal-runtime", command: example("minimal-runtime") },
  { name: "minimal-relayed", command: fixture("minimal-relayed") },
  { name: "outliving", command: fixture("outliving-runtime"), declares: { outlives: true } },
];

describe("the whole suite", { timeout: 900_000 }, () => {
  it.each(cases)("$name passes it, but for what its profile does not claim", async (options) => {
    const subject = await Subject.open(options, suiteTimes);
    const { results } = await runChecks({ subject, checks: allChecks, parallel: 2 });
    await subject.close();
    const differing = results
      .filter(({ verdict }) => verdict !== "passed" && verdict !== "skipped")
      // They are scripts here; their packages are executables.
      .filter(({ id }) => id !== "process/sandbox/starts")
      .map(({ id, verdict, differences, reason }) => ({
        id,
        verdict,
        says: [...differences.map(({ text }) => text), ...(reason === undefined ? [] : [reason])],
      }));
    expect(differing).toEqual([]);
    const skipped = results.filter(({ verdict }) => verdict === "skipped");
    expect(skipped.map(({ id, reason }) => `${id}: ${reason ?? ""}`)).toMatchSnapshot();
    // Files of one that was killed may be left where no next one was started.
    const left = results.flatMap(({ leftBehind }) =>
      leftBehind.filter((what) => what.startsWith("process ")),
    );
    expect([...left, ...results.flatMap(({ cleanUpFaults }) => cleanUpFaults)]).toEqual([]);
  });
});
