import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { areaOf } from "../../src/conformance/check/check.js";
import { allChecks, checkAreas } from "../../src/conformance/checks/index.js";
import type { Area } from "../../src/conformance/requirements/index.js";
import type { FirstLook } from "../../src/conformance/runner/look.js";
import type { CheckResult, Verdict } from "../../src/conformance/runner/result.js";
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
  relayed: [node, script, "--with", "relays"],
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

async function resultsOf(area: Area, options: VerdictOptions = {}): Promise<readonly CheckResult[]> {
  const { program = "reference", args = [], times, look, only } = options;
  const [command, ...before] = programs[program];
  const declares = { outlives: program === "outliving" };
  const subject = await Subject.open(
    { command, args: [...before, ...args], declares, ...options.options },
    { ...suiteTimes, ...times },
  );
  const { results } = await runChecks({
    subject,
    checks: allChecks.filter((check) =>
      only === undefined ? areaOf(check) === area : only.includes(check.id),
    ),
    parallel: 2,
    evenWithoutStart: true,
    ...(look === undefined ? {} : { look }),
  });
  return results;
}

async function verdicts(area: Area, options: VerdictOptions = {}): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await resultsOf(area, options)).map(({ id, verdict, reason, differences }) => [
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
    hostServiceAccess: program === "relayed" ? "none" : "direct",
    egressMode: program === "outliving" ? "none" : "hostname",
    preparesWorkspaces: program === "workspaces",
  },
});

/** What checks come to with a program, broken in one way or, without a fault, not at all. */
export async function verdictsOf(
  area: Area,
  { program = "reference", fault }: { readonly program?: FaultyProgram; readonly fault?: Fault },
  only: readonly string[],
): Promise<Record<string, { readonly verdict: Verdict; readonly said: readonly string[] }>> {
  const broken = new Set<string>([...(fault?.breaks ?? []), ...(fault?.also ?? [])]);
  const own = only.filter((id) => broken.has(id));
  const others = only.filter((id) => !broken.has(id));
  const results: CheckResult[] = [];
  for (const ids of [own, others].filter(({ length }) => length > 0))
    results.push(
      ...(await resultsOf(area, {
        program,
        args: fault === undefined ? [] : ["--fault", fault.name],
        // What is not pushed is not waited for long; what is may take its time.
        times: { ...fault?.times, ...(ids === others && { logMs: suiteTimes.logMs }) },
        options: fault?.subject,
        ...(area === "support" || fault === undefined ? {} : { look: lookOf(program) }),
        only: ids,
      })),
    );
  return Object.fromEntries(
    results.map(({ id, verdict, differences, reason }) => [
      id,
      { verdict, said: [...differences.map(({ text }) => text), ...(reason === undefined ? [] : [reason])] },
    ]),
  );
}

/** The programs that keep the whole contract and that faults of an area break. */
export function soundPrograms(area: Area): FaultyProgram[] {
  const used = new Set(faults[area].map(({ program = "reference" }) => program));
  return [...used.add("reference")].filter((program) => program !== "script");
}

/** Makes what the programs need, and takes it away after the tests of a file or a block. */
export function placePrograms(): void {
  beforeAll(async () => {
    process.env[operatorsVariable] = "eu";
    if (!existsSync(node))
      await placeNode(node).catch((error: unknown) => {
        // Another area's test was quicker.
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      });
  });
  afterAll(() => rm(elsewhere(process.pid), { recursive: true, force: true }));
}

/**
 * The proof of one area's checks: without a fault the reference provider passes them all, and each fault turns its
 * own checks red. That it turns no other one red takes minutes to prove: `areas/whole.soak.ts` does, and
 * `matrix/<area>.json` has what it found.
 */
export function proveArea(area: Area): void {
  describe(`the checks of ${area}`, () => {
    placePrograms();

    it.each(soundPrograms(area))("pass with the %s provider", { timeout: 600_000 }, async (program) => {
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
      "$name turns its own red",
      { timeout: 600_000 },
      async ({ name, breaks, times = {}, program = "reference", subject: options = {} }) => {
        const own = breaks.filter((id) => id.startsWith(`${area}/`));
        const found = await verdicts(area, {
          program,
          args: ["--fault", name],
          times,
          options,
          ...(area === "support" ? {} : { look: lookOf(program) }),
          only: own,
        });
        const red = Object.entries(found)
          .filter(([, verdict]) => /^(failed|warned|error)/.test(verdict))
          .map(([id]) => id);
        expect({ red: red.sort(), found }).toEqual({ red: [...own].sort(), found });
      },
    );
  });
}
