import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { areas } from "../../../src/conformance/requirements/index.js";
import {
  checksOf,
  faultsOfArea,
  faultsOfRow,
  readMatrix,
  rowOf,
  rowsOf,
  withRow,
  type AreaMatrix,
  type Row,
} from "./matrix.js";

/** Areas that were not run as a whole yet: a list that only gets shorter. */
const pending = readFileSync(new URL("pending.txt", import.meta.url), "utf8")
  .split("\n")
  .filter(Boolean);

describe("the proof matrix", () => {
  // What is missing is run and written by: PROOF=missing npm run soak -- whole
  it.each(areas.filter((area) => checksOf(area).length > 0 && !pending.includes(area)))(
    "of %s is complete, and each fault turns exactly its own checks red",
    async (area) => {
      expect(faultsOfArea(area, (await readMatrix())[area])).toEqual([]);
    },
  );

  it("is pending for no area that has one", async () => {
    const matrix = await readMatrix();
    const done = areas.filter(
      (area) => checksOf(area).length > 0 && faultsOfArea(area, matrix[area]).length === 0,
    );
    expect(pending.filter((area) => done.some((one) => one === area))).toEqual([]);
  });
});

describe("the gate of the matrix", () => {
  const area = "process";
  const rows = rowsOf(area);
  const [some] = rows.filter(({ fault }) => fault !== undefined);
  if (some === undefined) throw new Error("there is no fault");
  const right = (breaks: readonly string[]): Row =>
    Object.fromEntries(
      [...checksOf(area), ...breaks].map((id) => [id, breaks.includes(id) ? "failed" : "passed"]),
    );
  let made: AreaMatrix | undefined;
  for (const { name, breaks } of rows) made = withRow(made, area, name, right(breaks), "2026-01-01");
  if (made === undefined) throw new Error("there is no row");
  const whole = made;
  const faultsIn = (matrix: AreaMatrix): string[] => faultsOfArea(area, matrix);

  it("takes one that is as the faults say, and reads what was written", () => {
    expect(faultsIn(whole)).toEqual([]);
    for (const { name, breaks } of rows) expect(rowOf(whole, name)).toEqual(right(breaks));
  });

  it("sees a row that is missing, and one that is no more", () => {
    const { [some.name]: gone, ...others } = whole.faults;
    expect(gone).toBeDefined();
    const changed = { ...whole, faults: { ...others, old: gone ?? "" } };
    expect(faultsIn(changed)).toContain(`${area} ${some.name}: ${some.breaks[0] ?? ""} was not run`);
    expect(faultsIn(changed)).toContain(`${area} old is no more`);
  });

  it("sees a check that no row knows", () => {
    const checks = whole.checks.slice(0, -1);
    const lost = whole.checks.at(-1) ?? "";
    const found = faultsIn({ ...whole, checks });
    expect(found.filter((text) => text.endsWith(`${lost} was not run`))).toHaveLength(rows.length);
    expect(found).toContain(`${lost} is broken by no fault`);
  });

  it.each([
    [{ a: "passed" }, ["a is passed; it has to fail"]],
    [{ a: "blocked" }, ["a is blocked; it has to fail"]],
    [{ a: "failed", b: "failed" }, ["b is failed, which the fault does not name"]],
    [{ a: "warned", b: "warned" }, ["b is warned, which the fault does not name"]],
    [{ a: "failed", b: "error" }, ["b met a fault of the suite"]],
    [{ a: "error", b: "blocked" }, ["a met a fault of the suite"]],
    [{ a: "failed", b: "skipped" }, []],
    [{ b: "blocked" }, ["a was not run"]],
  ] as const)("of a fault that breaks a, with %j, says %j", (row, faults) => {
    expect(faultsOfRow(row, "b" in row ? ["a", "b"] : ["a"], ["a"])).toEqual(faults);
  });
});
