import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allRules, fixFiles, lintFiles } from "../../src/lint/index.js";
import { layOut, line, type LintCase } from "./case.js";
import { wrongInputs } from "./table/index.js";

/** Those that made an edit somewhere in the table. */
const fixedRules = new Set<string>();

describe.each(Object.entries(wrongInputs))("%s", (_, cases: readonly LintCase[]) => {
  it.each(cases)("$name", async (given) => {
    const { files, paths = [Object.keys(files)[0] ?? ""], options = {}, findings, fixed = {} } = given;
    const folder = await layOut(given);
    const targets = paths.map((path) => join(folder, path));

    const found = await lintFiles(targets, { platform: { os: "linux", arch: "amd64" }, ...options });
    expect(found.findings.map((finding) => line(folder, finding))).toEqual(findings);

    for (const { ruleId, fix } of found.findings) if (fix !== undefined) fixedRules.add(ruleId);
    const hadFix = found.findings.some((finding) => finding.fix !== undefined);
    expect(hadFix, "what says how it looks once fixed can be fixed").toBe(
      Object.keys(fixed).length > 0 || hadFix,
    );
    const mended = await fixFiles(targets, { platform: { os: "linux", arch: "amd64" }, ...options });
    const unmendable = found.findings
      .filter((finding) => finding.fix === undefined)
      .map(({ ruleId }) => ruleId);
    expect(mended.findings.map(({ ruleId }) => ruleId)).toEqual(given.left ?? unmendable);
    expect(mended.fixed.length > 0).toBe(hadFix);
    for (const [path, text] of Object.entries(fixed))
      expect(await readFile(join(folder, path), "utf8")).toBe(text);

    const texts = () => Promise.all(Object.keys(files).map((path) => readFile(join(folder, path), "latin1")));
    const before = await texts();
    expect((await fixFiles(targets, { platform: { os: "linux", arch: "amd64" }, ...options })).fixed).toEqual(
      [],
    );
    expect(await texts()).toEqual(before);
  });
});

/** Files that are too large for a table: archives.test.ts makes them. */
const tooLarge = ["archive/size", "archive/unpacked-size"];

it("has a wrong input for every rule", () => {
  const found = new Set(
    Object.values(wrongInputs)
      .flat()
      .flatMap(({ findings }) => findings.map((text) => text.split(" ")[2] ?? "")),
  );
  expect(allRules.map(({ id }) => id).filter((id) => !found.has(id) && !tooLarge.includes(id))).toEqual([]);
  expect([...found].filter((id) => !allRules.some((rule) => rule.id === id))).toEqual([]);
});

it("has seen each rule fix what it says it does, and no other one", () => {
  const promised = allRules.filter(({ fixes }) => fixes !== undefined).map(({ id }) => id);
  expect([...fixedRules].sort()).toEqual(promised.sort());
});

it("holds at least 90 wrong inputs, each named once", () => {
  const names = Object.values(wrongInputs)
    .flat()
    .map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(90);
  expect(new Set(names).size).toBe(names.length);
});
