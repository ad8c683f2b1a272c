import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkAreas } from "../../src/conformance/checks/index.js";
import type { Area } from "../../src/conformance/requirements/index.js";
import type { FirstLook } from "../../src/conformance/runner/look.js";
import { runChecks } from "../../src/conformance/runner/run.js";
import { suiteTimes, type SuiteTimes } from "../../src/conformance/subject/limits.js";
import { Subject } from "../../src/conformance/subject/subject.js";
import type { Fault, FaultyProgram } from "../broken-providers/fault.js";
import { faults } from "../broken-providers/faults/index.js";
import { operatorsVariable } from "../broken-providers/faults/process/environment.js";
import { elsewhere } from "../broken-providers/faults/recovery/predecessors.js";
import { placeNode } from "../sandbox/probe.js";

const fixture = (name: string): string => fileURLToPath(new URL(`../.fixtures/${name}`, import.meta.url));
const node = fixture("node");
const script = fixture("broken-provider.mjs");
/** What each is started as: Node.js itself with a file beside it is what a single executable is. */
const programs: Readonly<Record<FaultyProgram, readonly [command: string, ...args: string[]]>> = {
  reference: [node, script],
  script: [script],
  workspaces: [node, script, "--with", "workspaces"],
  outliving: [node, fixture("outliving-runtime.mjs")],
};

interface VerdictOptions {
  readonly program?: FaultyProgram;
  readonly args?: readonly string[];
  readonly times?: Partial<SuiteTimes>;
  readonly look?: FirstLook;
  readonly options?: Fault["subject"];
  /** Only these; default all of the area. */
  readonly only?: readonly string[];
}

async function verdicts(area: Area, options: VerdictOptions = {}): Promise<Record<string, string>> {
  const { program = "reference", args = [], times, look, only } = options;
  const [command, ...before] = programs[program];
  const declares = { outlives: program === "outliving" };
  const subject = await Subject.open(
    { command, args: [...before, ...args], declares, ...options.options },
    { ...suiteTimes, ...times },
  );
  const all = checkAreas.find((one) => one.area === area)?.checks ?? [];
  const { results } = await runChecks({
    subject,
    checks: only === undefined ? all : all.filter(({ id }) => only.includes(id)),
    parallel: 2,
    evenWithoutStart: true,
    ...(look === undefined ? {} : { look }),
  });
  return Object.fromEntries(
    results.map(({ id, verdict, reason, differences }) => [
      id,
      [verdict, ...differences.map(({ text }) => text), ...(reason === undefined ? [] : [reason])].join("\n"),
    ]),
  );
}

/** What the reference says of itself, known beforehand: it saves each fault a start. */
const lookOf = (program: FaultyProgram): FirstLook => ({
  notices: [],
  support: {
    canHostPlugins: true,
    hostServiceAccess: "direct",
    egressMode: "none",
    preparesWorkspaces: program === "workspaces",
  },
});

/**
 * The proof of one area's checks: without a fault the reference provider passes them all, and each fault turns its
 * own checks red. With `whole` each fault is held against every check of the area and may turn no other one red
 * (blocked they may be): that takes minutes, so it is for the soak.
 */
export function proveArea(area: Area, { whole = false } = {}): void {
  describe(`the checks of ${area}`, () => {
    beforeAll(async () => {
      process.env[operatorsVariable] = "eu";
      if (!existsSync(node))
        await placeNode(node).catch((error: unknown) => {
          // Another area's test was quicker.
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        });
    });

    afterAll(() => rm(elsewhere(process.pid), { recursive: true, force: true }));

    const used = new Set(faults[area].map(({ program = "reference" }) => program));
    const passing = [...used.add("reference")].filter((program) => program !== "script");
    it.each(passing)("pass with the %s provider", { timeout: 600_000 }, async (program) => {
      const found = await verdicts(area, { program });
      const wrong = Object.entries(found).filter(([, verdict]) => !/^(passed|skipped)/.test(verdict));
      expect(Object.fromEntries(wrong)).toEqual({});
    });

    const areaChecks = checkAreas.find((one) => one.area === area)?.checks ?? [];
    it("are each seen red by a fault of their own", () => {
      const broken = new Set(faults[area].flatMap(({ breaks }) => breaks));
      expect(areaChecks.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
    });

    it.each(faults[area])(
      whole ? "$name turns exactly its own red" : "$name turns its own red",
      { timeout: 600_000 },
      async ({ name, breaks, also = [], times = {}, program = "reference", subject: options = {} }) => {
        const own = [...breaks, ...(whole ? also : [])].filter((id) => id.startsWith(`${area}/`));
        const found = await verdicts(area, {
          program,
          args: ["--fault", name],
          times,
          options,
          ...(area === "support" ? {} : { look: lookOf(program) }),
          ...(whole ? {} : { only: own }),
        });
        const red = Object.entries(found)
          .filter(([, verdict]) => /^(failed|warned|error)/.test(verdict))
          .map(([id]) => id);
        expect({ red: red.sort(), found }).toEqual({ red: [...own].sort(), found });
      },
    );
  });
}
