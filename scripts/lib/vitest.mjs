import { readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { openly, tool } from "./commands.mjs";
import { reports, root } from "./root.mjs";
import { say } from "./steps.mjs";

/** The report of a run of all tests, which the checks and the count of CI read. */
export const testReport = join(reports, "vitest.json");

/**
 * Runs the tests, all of them or those that the arguments choose, and says what was skipped.
 *
 * @param {readonly string[]} args
 */
export async function runTests(args) {
  // Part of the tests is no report on all of them.
  const report = args.length === 0 ? testReport : join(reports, "vitest-part.json");
  await rm(report, { force: true });
  const code = await openly(tool("vitest"), [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const tests = await testsOf(report);
  for (const { name, status } of tests)
    if (status !== "passed" && status !== "failed") say(`skipped: ${name}`);
  for (const { name, status, failureMessages } of tests)
    if (status === "passed" && failureMessages.length > 0)
      say(`unsteady, passed on a later try: ${name}\n${failureMessages[0]}`);
  return code;
}

/** @param {string} report @returns {Promise<{ name: string, status: string, failureMessages: string[] }[]>} */
async function testsOf(report) {
  try {
    /** @type {import("./ci-count.mjs").TestReport} */
    const { testResults } = JSON.parse(await readFile(report, "utf8"));
    return testResults.flatMap((file) =>
      file.assertionResults.map(({ fullName, status, failureMessages }) => ({
        name: `${relative(root, file.name)}: ${fullName}`,
        status,
        failureMessages: failureMessages ?? [],
      })),
    );
  } catch {
    return [];
  }
}
