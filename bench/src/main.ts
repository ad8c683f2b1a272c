import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureBridge } from "./bridge.js";
import { measureExecutable } from "./executable.js";
import { measureGetSession } from "./get-session.js";
import { measureLogs } from "./logs.js";
import { measureManySessions } from "./many-sessions.js";
import { measureProxy } from "./proxy.js";
import { here } from "./programs.js";
import { keepsLimit, noLimit, type Effort, type Row } from "./row.js";
import { measureStartPlugin } from "./start-plugin.js";
import { measureStartUp } from "./start-up.js";

/** What `npm run bench` measures; `npm run bench -- start-up logs` measures these parts alone. */
const parts: Record<string, (effort: Effort) => Promise<Row[]>> = {
  "start-up": measureStartUp,
  executable: measureExecutable,
  "get-session": measureGetSession,
  "start-plugin": measureStartPlugin,
  "many-sessions": measureManySessions,
  logs: measureLogs,
  proxy: measureProxy,
  bridge: measureBridge,
};

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const effort: Effort = values.quick
  ? { isQuick: true, startUpRounds: 5, loadRounds: 1, calls: 2_000 }
  : { isQuick: false, startUpRounds: 31, loadRounds: 9, calls: 20_000 };
const unknown = positionals.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`there is no part "${unknown.join(", ")}": write some of ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
const rows: Row[] = [];
for (const [name, measure] of Object.entries(parts))
  if (positionals.length === 0 || positionals.includes(name)) rows.push(...(await measure(effort)));
await report(rows);

async function report(all: readonly Row[]): Promise<void> {
  console.log(
    `\nNode.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}; a value is a ratio to its floor, where it has one`,
  );
  console.table(
    Object.fromEntries(
      all.map((row) => [
        row.figure,
        {
          floor: row.floor,
          measured: row.measured,
          value: Number(row.value.toFixed(3)),
          limit: row.limit === noLimit ? "none" : `${row.atLeast ? ">=" : "<="} ${row.limit}`,
          verdict: row.limit === noLimit ? "" : keepsLimit(row) ? "kept" : "BROKEN",
        },
      ]),
    ),
  );
  const folder = here("../../.reports");
  await mkdir(folder, { recursive: true });
  const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model ?? "unknown" };
  const written = { date: new Date().toISOString(), machine, rows: all };
  await writeFile(`${folder}/bench.json`, `${JSON.stringify(written, undefined, 2)}\n`);
  if (values.quick)
    console.log("A quick run shows that the bench works; its figures are too few to be held to the limits.");
  else if (!all.every(keepsLimit)) process.exitCode = 1;
}
