/**
 * @typedef {object} TestReport what vitest's JSON reporter writes, as far as it is read here
 * @property {boolean} success
 * @property {number} numTotalTests
 * @property {{ name: string, status: string, message?: string, assertionResults: { fullName: string, status: string, failureMessages?: string[] }[] }[]} testResults
 *
 * @typedef {{ name: string, ok: boolean, text: string }[]} CheckReport
 *
 * @typedef {{ passed: number, failed: number, skipped: number, faults: string[] }} Count
 */

/**
 * Sums what a run of tests and checks came to. Whatever says nothing counts as a failure: no report, a report of
 * nothing, a file that failed before its first test, an error outside of all tests.
 *
 * @param {unknown} tests vitest's JSON report; undefined when there is none
 * @param {unknown} checks the checks' report; undefined when there is none
 * @returns {Count}
 */
export function countResults(tests, checks) {
  const parts = [
    isTestReport(tests) ? countTests(tests) : fault("the tests left no report"),
    isCheckReport(checks) ? countChecks(checks) : fault("the checks left no report"),
  ];
  return parts.reduce((sum, part) => ({
    passed: sum.passed + part.passed,
    failed: sum.failed + part.failed,
    skipped: sum.skipped + part.skipped,
    faults: [...sum.faults, ...part.faults],
  }));
}

/** The line that CI ends with. @param {Count} count */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** @param {TestReport} report @returns {Count} */
function countTests(report) {
  /** @type {Count} */
  const count = { passed: 0, failed: 0, skipped: 0, faults: [] };
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failed = statuses.filter((status) => status === "failed").length;
    const passed = statuses.filter((status) => status === "passed").length;
    count.passed += passed;
    count.failed += failed;
    count.skipped += statuses.length - passed - failed;
    for (const { fullName, status } of file.assertionResults)
      if (status === "failed") count.faults.push(`${file.name}: ${fullName}`);
    if (file.status === "failed" && failed === 0) {
      count.failed += 1;
      count.faults.push(`${file.name} failed outside of its tests: ${file.message ?? ""}`.trim());
    }
  }
  if (count.passed === 0 && count.failed === 0) return { ...fault("no test ran"), skipped: count.skipped };
  if (!report.success && count.failed === 0) {
    count.failed = 1;
    count.faults.push("the test run failed outside of its files");
  }
  return count;
}

/** @param {CheckReport} report @returns {Count} */
function countChecks(report) {
  if (report.length === 0) return fault("no check ran");
  const failures = report.filter(({ ok }) => !ok);
  return {
    passed: report.length - failures.length,
    failed: failures.length,
    skipped: 0,
    faults: failures.map(({ name }) => `check: ${name}`),
  };
}

/** @param {string} text @returns {Count} */
function fault(text) {
  return { passed: 0, failed: 1, skipped: 0, faults: [text] };
}

/** @param {unknown} value @returns {value is TestReport} */
function isTestReport(value) {
  return (
    typeof value === "object" && value !== null && "testResults" in value && Array.isArray(value.testResults)
  );
}

/** @param {unknown} value @returns {value is CheckReport} */
function isCheckReport(value) {
  return Array.isArray(value);
}
