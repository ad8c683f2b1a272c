import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { levelOf } from "../../../src/conformance/runner/judge.js";
import { checkAreas } from "../../../src/conformance/checks/index.js";
import { areas, type Area } from "../../../src/conformance/requirements/index.js";
import type { Verdict } from "../../../src/conformance/runner/result.js";
import type { Fault, FaultyProgram } from "../../broken-providers/fault.js";
import { faults } from "../../broken-providers/faults/index.js";
import { soundPrograms } from "../proof.js";

/** The committed matrix: every fault against every check of its area, a file for each area. */
export type Matrix = Readonly<Partial<Record<Area, AreaMatrix>>>;

/** `matrix/<area>.json`. `npm run soak -- whole` proves it and, told so, writes it. */
export interface AreaMatrix {
  /** What writes it. */
  readonly command: string;
  /** When a row of it was last run. */
  readonly date: string;
  /** What a row's letters mean; one letter for each check, in the order of `checks`. */
  readonly letters: Readonly<Record<string, Verdict>>;
  readonly checks: readonly string[];
  /** By the fault's name; a provider without any stands in brackets. */
  readonly faults: Readonly<Record<string, string>>;
  /** Checks of other areas that faults break, too. */
  readonly elsewhere: Readonly<Record<string, Readonly<Record<string, Verdict>>>>;
}

/** A row: a fault, or a provider that keeps the whole contract. */
export interface RowOf {
  readonly name: string;
  readonly program?: FaultyProgram;
  readonly fault?: Fault;
  /** What has to be red, in its own area and elsewhere; nothing else may be. */
  readonly breaks: readonly string[];
}

/** Every row that an area has to have. */
export function rowsOf(area: Area): RowOf[] {
  return [
    ...soundPrograms(area).map((program) => ({ name: `(${program})`, program, breaks: [] })),
    ...faults[area].map((fault) => ({
      name: fault.name,
      fault,
      ...(fault.program && { program: fault.program }),
      breaks: [...fault.breaks, ...(fault.also ?? [])],
    })),
  ];
}

/** What a cell holds that was not run. */
const unknown = "?";

const letterOf: Readonly<Record<Verdict, string>> = {
  passed: ".",
  failed: "F",
  warned: "W",
  blocked: "b",
  skipped: "-",
  error: "E",
};
const letters = Object.fromEntries(
  Object.entries(letterOf).map(([verdict, letter]) => [letter, verdict as Verdict]),
);
const command = "PROOF=missing npm run soak -- whole";
const fileOf = (area: Area): string => fileURLToPath(new URL(`${area}.json`, import.meta.url));

/** Verdicts by check. */
export type Row = Readonly<Record<string, Verdict>>;

export async function readMatrix(): Promise<Matrix> {
  const found = await Promise.all(areas.map(async (area) => [area, await readArea(area)] as const));
  return Object.fromEntries(found.filter(([, known]) => known !== undefined));
}

/** @returns undefined where nothing was run of it yet */
export async function readArea(area: Area): Promise<AreaMatrix | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(area), "utf8")) as AreaMatrix;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

export function checksOf(area: Area): readonly string[] {
  return checkAreas.find((one) => one.area === area)?.checks.map(({ id }) => id) ?? [];
}

/** What a fault is held against: all of its area, and what it says it breaks elsewhere. */
export function heldAgainst(area: Area, { breaks }: { readonly breaks: readonly string[] }): string[] {
  return [...new Set([...checksOf(area), ...breaks])];
}

/** What the matrix knows of one fault. */
export function rowOf(known: AreaMatrix | undefined, name: string): Row {
  const row = known?.faults[name] ?? "";
  const own = (known?.checks ?? []).flatMap((id, index) => {
    const verdict = known?.letters[row[index] ?? unknown];
    return verdict === undefined ? [] : [[id, verdict] as const];
  });
  return { ...Object.fromEntries(own), ...known?.elsewhere[name] };
}

/** An area's matrix with one row anew. Rows and columns are those that there are by now. */
export function withRow(
  known: AreaMatrix | undefined,
  area: Area,
  name: string,
  row: Row,
  date: string,
): AreaMatrix {
  const checks = checksOf(area);
  const rows = rowsOf(area).map(({ name: one }) => [one, one === name ? row : rowOf(known, one)] as const);
  const elsewhere = rows.map(
    ([one, verdicts]) =>
      [
        one,
        Object.fromEntries(Object.entries(verdicts).filter(([id]) => !id.startsWith(`${area}/`))),
      ] as const,
  );
  return {
    command,
    date,
    letters,
    checks,
    faults: Object.fromEntries(
      rows.map(([one, verdicts]) => [
        one,
        checks.map((id) => (verdicts[id] === undefined ? unknown : letterOf[verdicts[id]])).join(""),
      ]),
    ),
    elsewhere: Object.fromEntries(elsewhere.filter(([, verdicts]) => Object.keys(verdicts).length > 0)),
  };
}

export async function writeArea(area: Area, matrix: AreaMatrix): Promise<void> {
  const file = fileOf(area);
  const options = { ...(await resolveConfig(file)), filepath: file };
  await writeFile(file, await format(JSON.stringify(matrix), options));
}

const red: readonly Verdict[] = ["failed", "warned", "error"];

/** What a row shows that is not as the fault says: it breaks just what it names, others are passed, skipped or blocked. */
export function faultsOfRow(row: Row, wanted: readonly string[], breaks: readonly string[]): string[] {
  return wanted.flatMap((id) => {
    const verdict = row[id];
    if (verdict === undefined) return [`${id} was not run`];
    if (verdict === "error") return [`${id} met a fault of the suite`];
    if (breaks.includes(id)) return red.includes(verdict) ? [] : [`${id} is ${verdict}; it has to fail`];
    return red.includes(verdict) ? [`${id} is ${verdict}, which the fault does not name`] : [];
  });
}

/** What an area's matrix lacks, or has and should not. */
export function faultsOfArea(area: Area, known: AreaMatrix | undefined): string[] {
  const checks = checksOf(area);
  const rows = rowsOf(area);
  const broken = new Set(
    faults[area].flatMap(({ name }) => {
      const row = rowOf(known, name);
      return checks.filter((id) => row[id] === "failed" || row[id] === "warned");
    }),
  );
  return [
    ...rows.flatMap((one) =>
      faultsOfRow(rowOf(known, one.name), heldAgainst(area, one), one.breaks).map(
        (text) => `${area} ${one.name}: ${text}`,
      ),
    ),
    ...Object.keys(known?.faults ?? {})
      .filter((name) => !rows.some((one) => one.name === name))
      .map((name) => `${area} ${name} is no more`),
    ...mustChecks(area)
      .filter((id) => !broken.has(id))
      .map((id) => `${id} is broken by no fault`),
  ];
}

function mustChecks(area: Area): string[] {
  const all = checkAreas.find((one) => one.area === area)?.checks ?? [];
  return all.filter((check) => levelOf(check) === "MUST").map(({ id }) => id);
}
