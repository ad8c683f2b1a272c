import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ways } from "./ways.js";

const tests = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(new URL("../../../../docs/threat-model.md", import.meta.url), "utf8");
const titles = readdirSync(tests, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .flatMap(
    (name) =>
      readFileSync(join(tests, name), "utf8").match(/(?<=["`])(?:[A-Z]+-\d+, )*[A-Z]+-\d+: [^"`]+/g) ?? [],
  );

/** The rows of "What is stopped", with what shows each. */
const rows = page
  .slice(page.indexOf("## What is stopped"), page.indexOf("## What is not stopped"))
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.includes("---") && !line.includes("shown by"))
  .map((line) => ({
    line,
    shown: [...(line.split(" | ")[2] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  }));

function isShown(name: string): boolean {
  return ways.includes(name) || titles.some((title) => title.startsWith(name));
}

describe("the threat model", () => {
  it("has a test for each of its lines, by its name", () => {
    expect(rows.length).toBeGreaterThan(15);
    for (const { line, shown } of rows) {
      expect({ line, tests: shown.length > 0 }).toEqual({ line, tests: true });
      expect(shown.filter((name) => !isShown(name))).toEqual([]);
    }
    expect(isShown("a-way-that-nobody-tries")).toBe(false);
  });

  it("has a line for each way out that is tried", () => {
    const named = rows.flatMap(({ shown }) => shown);
    expect(ways.filter((way) => !named.includes(way))).toEqual([]);
  });
});
