import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkSubject, findLoad, type LoadResult } from "./load.js";
import { median, ratio } from "./statistics.js";
import { startSubject, type Program } from "./subject.js";

/** A figure as a ratio to the floor, and the limit that it has to keep. */
interface Row {
  readonly figure: string;
  readonly floor: string;
  readonly measured: string;
  readonly ratio: number;
  readonly limit: number;
  readonly atLeast: boolean;
}

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const startUpRounds = values.quick ? 5 : 31;
const loadRounds = values.quick ? 1 : 9;
const calls = values.quick ? 2_000 : 20_000;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const bare: Program = { name: "bare grpc-js", file: here("bare-server.mjs") };
const level1: Program = { name: "level 1", file: here("level1-provider.mjs") };
const processRuntime: Program = {
  name: "process runtime",
  file: here("../../examples/process-runtime/dist/process-runtime.mjs"),
};

const rows: Row[] = [...(await measureStartUp()), ...(await measureGetSession())];
await report(rows);

async function measureStartUp(): Promise<Row[]> {
  const programs = [bare, level1, processRuntime].filter(({ file }) => existsSync(file));
  const times = new Map<string, number[]>(programs.map(({ name }) => [name, []]));
  for (let round = -1; round < startUpRounds; round += 1) {
    for (const program of programs) {
      const subject = await startSubject(program);
      // The first round warms the file cache.
      if (round >= 0) times.get(program.name)?.push(subject.startUpMs);
      await subject.stop();
    }
  }
  const floor = times.get(bare.name) ?? [];
  const row = (program: Program, limit: number): Row => {
    const own = times.get(program.name) ?? [];
    return {
      figure: `start-up, ${program.name}`,
      floor: `${median(floor).toFixed(1)} ms`,
      measured: `${median(own).toFixed(1)} ms`,
      ratio: ratio(own, floor),
      limit,
      atLeast: false,
    };
  };
  return [row(level1, 1.1), row(processRuntime, 1.25)];
}

async function measureGetSession(): Promise<Row[]> {
  const { name, load } = await findLoad();
  console.log(`GetSession is driven by ${name}`);
  const one: LoadResult[][] = [[], []];
  const many: LoadResult[][] = [[], []];
  const memory: number[][] = [[], []];
  for (let round = 0; round < loadRounds; round += 1) {
    for (const [index, program] of [bare, level1].entries()) {
      const subject = await startSubject(program);
      try {
        await checkSubject(subject);
        // Warms up, and lets what StartSession switched on go off again.
        await load(subject, calls, 64);
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        one[index]?.push(await load(subject, calls / 4, 1));
        many[index]?.push(await load(subject, calls, 64));
        memory[index]?.push(await subject.residentMiB());
      } finally {
        await subject.stop();
      }
    }
  }
  const row = (figure: string, all: number[][], unit: string, limit: number, atLeast = false): Row => {
    const [floor = [], own = []] = all;
    const digits = unit === "/s" ? 0 : 1;
    return {
      figure,
      floor: `${median(floor).toFixed(digits)} ${unit}`,
      measured: `${median(own).toFixed(digits)} ${unit}`,
      ratio: ratio(own, floor),
      limit,
      atLeast,
    };
  };
  const pick = (results: LoadResult[][], key: keyof LoadResult): number[][] =>
    results.map((list) => list.map((result) => result[key]));
  return [
    row("GetSession, median, 1 in flight", pick(one, "medianUs"), "µs", 1.15),
    row("GetSession, calls/s, 64 in flight", pick(many, "callsPerSecond"), "/s", 0.88, true),
    row("resident memory after it", memory, "MiB", 1.12),
  ];
}

async function report(all: readonly Row[]): Promise<void> {
  const keeps = ({ ratio: found, limit, atLeast }: Row): boolean =>
    atLeast ? found >= limit : found <= limit;
  console.log(
    `\nNode.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}; floor: a bare grpc-js server`,
  );
  console.table(
    Object.fromEntries(
      all.map((row) => [
        row.figure,
        {
          floor: row.floor,
          measured: row.measured,
          ratio: Number(row.ratio.toFixed(3)),
          limit: `${row.atLeast ? ">=" : "<="} ${row.limit}`,
          verdict: keeps(row) ? "kept" : "BROKEN",
        },
      ]),
    ),
  );
  const folder = here("../../.reports");
  await mkdir(folder, { recursive: true });
  await writeFile(
    `${folder}/bench.json`,
    `${JSON.stringify({ node: process.version, rows: all }, undefined, 2)}\n`,
  );
  if (values.quick)
    console.log("A quick run shows that the bench works; its figures are too few to be held to the limits.");
  else if (!all.every(keeps)) process.exitCode = 1;
}
