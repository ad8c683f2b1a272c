import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { logLimits } from "../../src/logs/options.js";
import { pullTimes } from "../../src/logs/pull-options.js";

const units = { "": 1, ms: 1, KiB: 1024, MiB: 1024 * 1024 } as const;

it("docs/logs.md names every limit with its default", async () => {
  const page = await readFile(new URL("../../../../docs/logs.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([\w.]+)` +\| ([\d,]+) ?(ms|KiB|MiB|) +\|/gm)];
  const told = Object.fromEntries(
    rows.map(([, name = "", number = "", unit = ""]) => [
      name,
      Number(number.replaceAll(",", "")) * units[unit as keyof typeof units],
    ]),
  );
  const numbers = Object.entries(logLimits({})).filter(([, value]) => typeof value === "number");
  const { firstMs, maxMs, ...times } = pullTimes({});
  expect(told).toEqual({
    ...Object.fromEntries(numbers),
    ...times,
    "retry.firstMs": firstMs,
    "retry.maxMs": maxMs,
  });
});
