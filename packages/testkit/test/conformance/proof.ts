import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkAreas } from "../../src/conformance/checks/index.js";
import type { Area } from "../../src/conformance/requirements/index.js";
import { runChecks } from "../../src/conformance/runner/run.js";
import { suiteTimes, type SuiteTimes } from "../../src/conformance/subject/limits.js";
import { Subject } from "../../src/conformance/subject/subject.js";
import { faults } from "../broken-providers/faults/index.js";

const program = fileURLToPath(new URL("../.fixtures/broken-provider.mjs", import.meta.url));

async function verdicts(
  area: Area,
  args: readonly string[],
  times: Partial<SuiteTimes> = {},
): Promise<Record<string, string>> {
  const subject = await Subject.open({ command: program, args }, { ...suiteTimes, ...times });
  const checks = checkAreas.find((one) => one.area === area)?.checks ?? [];
  const { results } = await runChecks({
    subject,
    checks,
    parallel: 2,
    evenWithoutStart: true,
  });
  return Object.fromEntries(
    results.map(({ id, verdict, reason, differences }) => [
      id,
      [verdict, ...differences.map(({ text }) => text), ...(reason === undefined ? [] : [reason])].join("\n"),
    ]),
  );
}

/**
 * The proof of one area's checks: without a fault the reference provider passes them all, and each fault turns
 * exactly its own checks red; others may be blocked.
 */
export function proveArea(area: Area): void {
  describe(`the checks of ${area}`, () => {
    it("pass with the reference provider", { timeout: 600_000 }, async () => {
      const found = await verdicts(area, []);
      const wrong = Object.entries(found).filter(([, verdict]) => !/^(passed|skipped)/.test(verdict));
      expect(Object.fromEntries(wrong)).toEqual({});
    });

    const areaChecks = checkAreas.find((one) => one.area === area)?.checks ?? [];
    it("are each seen red by a fault of their own", () => {
      const broken = new Set(faults[area].flatMap(({ breaks }) => breaks));
      expect(areaChecks.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
    });

    it.each(faults[area])(
      "$name turns exactly its own red",
      { timeout: 600_000 },
      async ({ name, breaks, times }) => {
        const found = await verdicts(area, ["--fault", name], times);
        const red = Object.entries(found)
          .filter(([, verdict]) => /^(failed|warned|error)/.test(verdict))
          .map(([id]) => id);
        const own = breaks.filter((id) => id.startsWith(`${area}/`));
        expect({ red: red.sort(), found }).toEqual({ red: [...own].sort(), found });
      },
    );
  });
}
