import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { expect, it } from "vitest";
import { addLint } from "../../src/cli/lint.js";
import { allRules, fileKinds, type RuleInfo } from "../../src/lint/index.js";
import { Command } from "commander";

const page = new URL("../../../../docs/lint.md", import.meta.url);

const titles: Readonly<Record<string, string>> = {
  document: "Any YAML or JSON",
  manifest: "Manifests",
  schema: "Config schemas",
  archive: "Archives",
  release: "Releases",
  config: "Operators' configs",
};

function areaOf({ id }: RuleInfo): string {
  return id.split("/")[0] ?? "";
}

function ruleTables(): string {
  return Object.entries(titles)
    .map(([area, title]) => {
      const rows = allRules
        .filter((rule) => areaOf(rule) === area)
        .map(
          ({ id, severity, demands, fixes = "" }) =>
            `| \`${id}\` | ${severity} | ${escape(demands)} | ${escape(fixes)} |`,
        );
      return [
        `### ${title}`,
        "",
        "| rule | weight | what it wants | what `--fix` does |",
        "| --- | --- | --- | --- |",
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "\\<").replaceAll("*", "\\*").replaceAll("_", "\\_");
}

it("the page lists every rule as it is", async () => {
  const text = await readFile(page, "utf8");
  const whole = text.replace(/(?<=<!-- rules -->\n)[^]*(?=<!-- \/rules -->)/, () => `\n${ruleTables()}\n\n`);
  const expected = await format(whole, { parser: "markdown", printWidth: 110 });
  if (process.env.UPDATE_DOCS === "1") await writeFile(page, expected);
  expect(await readFile(page, "utf8")).toBe(expected);
});

it("each rule has an id of its own, in a known area, and a sentence without a full stop", () => {
  const ids = allRules.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  for (const rule of allRules) {
    expect(rule.id).toMatch(/^[a-z]+\/[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(Object.keys(titles)).toContain(areaOf(rule));
    expect(rule.demands, rule.id).toMatch(/[^.]$/);
  }
});

it("the page names every option and every kind", async () => {
  const text = await readFile(page, "utf8");
  const program = new Command();
  addLint(program, () => () => Promise.resolve());
  for (const { long } of program.commands[0]?.options ?? []) expect(text).toContain(`\`${long ?? ""}`);
  for (const kind of fileKinds) expect(text).toContain(`| \`${kind}\``);
});
