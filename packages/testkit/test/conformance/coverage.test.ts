import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { ownerOf, owners } from "../../src/conformance/check/steps.js";
import { HostError } from "../../src/host/host-error.js";
import { allChecks, checkAreas } from "../../src/conformance/checks/index.js";
import { areas, isRequirement, requirements } from "../../src/conformance/requirements/index.js";
import { requirementsDocument } from "../../src/conformance/requirements/document.js";
import { faults } from "../broken-providers/faults/index.js";

describe("requirements", () => {
  it.each(areas)("of %s each have a check or a reason why they can't have one", (area) => {
    const checked = new Set(allChecks.flatMap((check) => check.requirements));
    const open = requirements
      .filter((one) => one.area === area && one.noCheck === undefined && !checked.has(one.id))
      .map(({ id }) => id);
    expect(open).toEqual([]);
  });

  it("have a check or a reason, not both", () => {
    const checked = new Set(allChecks.flatMap((check) => check.requirements));
    expect(requirements.filter(({ id, noCheck }) => noCheck !== undefined && checked.has(id))).toEqual([]);
  });

  it("are those of the contract, each once and in its order", () => {
    const counts: [string, number][] = [
      ["PROC", 10],
      ["LIFE", 7],
      ["SUP", 4],
      ["SESS", 13],
      ["BIND", 5],
      ["PLUG", 8],
      ["DIAL", 5],
      ["EGR", 5],
      ["LOGS", 6],
      ["REC", 2],
      ["WORK", 3],
    ];
    expect(requirements.map(({ id }) => id)).toEqual(
      counts.flatMap(([prefix, count]) =>
        Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`),
      ),
    );
  });
});

describe("checks", () => {
  it("have ids of their own, which begin with their area", () => {
    const ids = allChecks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { area, checks } of checkAreas)
      for (const { id } of checks) expect(id).toMatch(new RegExp(`^${area}/[a-z0-9-]+/[a-z0-9-]+$`));
  });

  it.each(allChecks)("$id names requirements that exist, a cause and a mend", (check) => {
    expect(check.requirements.filter((id) => !isRequirement(id))).toEqual([]);
    for (const text of [check.cause, check.mend]) expect(text).toMatch(/^\S.*[.?]$/s);
    expect(check.title).toMatch(/[^.]$/);
  });

  it("that others rely on exist", () => {
    const ids = new Set(allChecks.map(({ id }) => id));
    const looks = [
      new HostError("wrong-kind", "the provider says that it is of kind INTEGRATION"),
      new HostError("wrong-protocol", "the provider speaks protocol versions 4 to 5"),
      new HostError("wrong-protocol", "ConfigureProvider answered protocol version 0"),
    ];
    const named = [...Object.values(owners), ...looks.map((error) => ownerOf("handshake", error))];
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
    expect(new Set(named.slice(-looks.length)).size).toBe(2);
  });
});

describe("faults", () => {
  it("have names of their own, and break checks that exist", () => {
    const all = Object.values(faults).flat();
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const ids = new Set(allChecks.map(({ id }) => id));
    expect(all.flatMap(({ breaks, also = [] }) => [...breaks, ...also]).filter((id) => !ids.has(id))).toEqual(
      [],
    );
  });
});

describe("requirements.json", () => {
  // To write it anew: npx vitest run packages/testkit/test/conformance/coverage.test.ts -u
  it("of the package is what the sources say", async () => {
    const text = await format(JSON.stringify(requirementsDocument()), { parser: "json", printWidth: 110 });
    await expect(text).toMatchFileSnapshot("../../requirements.json");
  });
});
