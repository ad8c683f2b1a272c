import { readFile } from "node:fs/promises";
import { testReport } from "../lib/vitest.mjs";

/** Requirements of the host contract that tests must prove, by area. */
export const requirements = Object.entries({
  PROC: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  LIFE: [1, 2, 3, 4, 5, 6, 7],
  SUP: [1, 2, 3, 4],
  SESS: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  BIND: [1, 2, 3, 4, 5],
  PLUG: [1, 2, 3, 4, 5, 6, 7, 8],
  DIAL: [1, 2, 3, 4, 5],
  EGR: [1, 2, 3, 4, 5],
  LOGS: [1, 2, 3, 4, 5, 6],
  REC: [1, 2],
  WORK: [1, 2, 3],
}).flatMap(([area, numbers]) => numbers.map((number) => `${area}-${number}`));

/**
 * Requirements that no passed test names.
 *
 * @param {import("../lib/ci-count.mjs").TestReport} report
 */
export function unprovenRequirements({ testResults }) {
  const proven = new Set(
    testResults
      .flatMap((file) => file.assertionResults)
      .filter(({ status }) => status === "passed")
      .flatMap(({ fullName }) => fullName.match(/\b[A-Z]+-\d+\b/g) ?? []),
  );
  return requirements.filter((id) => !proven.has(id));
}

/** @type {import("./run.mjs").Check} */
export const requirementNames = {
  name: "requirements in test names",
  async run() {
    const text = await readFile(testReport, "utf8").catch(() => {
      throw new Error(`${testReport} does not exist: run npm test first`);
    });
    const unproven = unprovenRequirements(JSON.parse(text));
    if (unproven.length > 0) throw new Error(`no passed test names ${unproven.join(", ")}`);
  },
};
