// `npm run soak`: what takes too long for `npm test` (minutes of load, a million lines, thousands of sequences).
//
// A soak is a vitest test in a file named `*.soak.ts` beside the tests of its room
// (`packages/<package>/test/<room>/<subject>.soak.ts`). It asserts what must hold on any machine, such as order,
// completeness and bounds of memory, and gives what depends on the machine to `recordFigure` of
// scripts/soak/figures.ts:
//
//   it("LOGS-1: a million lines arrive", async (context) => {
//     recordFigure(context, { name: "lines through the forwarder", value: 250_000, unit: "lines/s", atLeast: 100_000 });
//   });
//
// Soaks run one after the other. At the end the figures are printed as a table and written to .reports/soak.json
// (of a run of some soaks only: .reports/soak-part.json) with the machine that they come from. The exit code says
// whether all soaks passed; a figure that missed what is wanted of it is marked, no more.
//
// Arguments choose soaks, as vitest takes them: `npm run soak -- logs`, `npm run soak -- -t LOGS-4`.
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { openly, tool } from "../lib/commands.mjs";
import { reports, root } from "../lib/root.mjs";

/**
 * @typedef {import("./figures.js").Figure} Figure
 * @typedef {{ fullName: string, status: string, duration?: number | null, meta?: { figures?: Figure[] } }} Soak
 * @typedef {{ file: string, name: string, status: string, seconds: number, figures: Figure[] }} Result
 */

/** @param {readonly string[]} args @returns {Promise<number>} exit code */
export async function runSoaks(args) {
  const part = args.length === 0 ? "" : "-part";
  const raw = join(reports, `soak${part}-vitest.json`);
  await mkdir(reports, { recursive: true });
  await rm(raw, { force: true });
  const code = await openly(tool("vitest"), [
    "run",
    "--config=vitest.soak.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${raw}`,
    ...args,
  ]);
  if (!existsSync(raw)) return code || 1;
  const results = await readResults(raw);
  await rm(raw, { force: true });
  const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model ?? "unknown" };
  printFigures(results, machine);
  const report = { date: new Date().toISOString(), machine, passed: code === 0, soaks: results };
  await writeFile(join(reports, `soak${part}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  return code;
}

/** @param {string} raw @returns {Promise<Result[]>} those that ran */
async function readResults(raw) {
  /** @type {{ testResults: { name: string, assertionResults: Soak[] }[] }} */
  const { testResults } = JSON.parse(await readFile(raw, "utf8"));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName, status, duration, meta }) => ({
        file: relative(root, name),
        name: fullName,
        status,
        seconds: Math.round((duration ?? 0) / 100) / 10,
        figures: meta?.figures ?? [],
      })),
  );
}

/** @param {readonly Result[]} results @param {{ node: string, cpus: number, cpu: string }} machine */
function printFigures(results, { node, cpus: count, cpu }) {
  const rows = results.flatMap(({ file, figures }) =>
    figures.map((figure) => ({
      figure: figure.name,
      value: figure.value.toLocaleString("en", { maximumFractionDigits: 1 }),
      unit: figure.unit,
      wanted: wanted(figure),
      verdict: verdict(figure),
      soak: file,
    })),
  );
  console.log(`\nNode.js ${node}, ${count} x ${cpu}`);
  if (rows.length > 0) console.table(rows);
}

/** @param {Figure} figure */
function wanted({ atLeast, atMost }) {
  const bounds = [];
  if (atLeast !== undefined) bounds.push(`>= ${atLeast.toLocaleString("en")}`);
  if (atMost !== undefined) bounds.push(`<= ${atMost.toLocaleString("en")}`);
  return bounds.join(", ");
}

/** @param {Figure} figure */
function verdict({ value, atLeast, atMost }) {
  if (atLeast === undefined && atMost === undefined) return "";
  return value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity) ? "kept" : "MISSED";
}
