import { checkSubject, findLoad, type LoadResult } from "./load.js";
import { bare, level1, level2 } from "./programs.js";
import { rowOf, type Effort, type Row } from "./row.js";
import { median } from "./statistics.js";
import { startSubject, type Program, type Subject } from "./subject.js";

interface Measured {
  readonly medianUs: number[];
  readonly callsPerSecond: number[];
  readonly residentMiB: number[];
}

const limits: readonly {
  program: Program;
  medianUs: number;
  callsPerSecond: number;
  residentMiB: number;
}[] = [
  { program: level1, medianUs: 1.12, callsPerSecond: 0.9, residentMiB: 1.1 },
  { program: level2, medianUs: 1.12, callsPerSecond: 0.9, residentMiB: 1.1 },
];

/**
 * How many times as many calls as the warming up the load has. V8 lets garbage grow to four times what is alive, then collects
 * it, here about once in 15,000 calls: a load as short as that meets one program before its collection and another one after
 * it, and tells the moment instead of the program.
 */
const loadFactor = 5;

/** The hot path (SESS-5): the host asks for a session on every relayed call. */
export async function measureGetSession({ loadRounds, calls }: Effort): Promise<Row[]> {
  const { name, load } = await findLoad();
  console.log(`GetSession is driven by ${name}`);
  const programs = [bare, ...limits.map(({ program }) => program)];
  const measured = new Map<string, Measured>(
    programs.map((program) => [program.name, { medianUs: [], callsPerSecond: [], residentMiB: [] }]),
  );
  for (let round = 0; round < loadRounds; round += 1) {
    for (const program of programs) {
      const subject = await startSubject(program);
      try {
        const sessionId = await checkSubject(subject);
        const run = (count: number, inFlight: number): Promise<LoadResult> =>
          load(subject, sessionId, count, inFlight);
        // Warms up, and lets what StartSession switched on go off again.
        await run(calls, 64);
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        const into = of(measured, program);
        into.medianUs.push((await run(calls / 4, 1)).medianUs);
        const memory = watchMemory(subject);
        into.callsPerSecond.push((await run(calls * loadFactor, 64)).callsPerSecond);
        into.residentMiB.push(await memory.median());
      } finally {
        await subject.stop();
      }
    }
  }
  const floor = of(measured, bare);
  return limits.flatMap(({ program, ...limit }) => {
    const own = of(measured, program);
    const row = (figure: string, key: keyof Measured, unit: string, atLeast = false): Row =>
      rowOf({
        figure: `${figure}, ${program.name}`,
        unit,
        own: own[key],
        floor: floor[key],
        limit: limit[key],
        atLeast,
      });
    return [
      row("GetSession, median, 1 in flight", "medianUs", "µs"),
      row("GetSession, calls/s, 64 in flight", "callsPerSecond", "/s", true),
      row("resident memory under it", "residentMiB", "MiB"),
    ];
  });
}

/** Memory's median over a load. */
function watchMemory(subject: Subject): { median(): Promise<number> } {
  const samples: Promise<number>[] = [];
  const timer = setInterval(() => void samples.push(subject.residentMiB()), 50);
  return {
    median: async () => {
      clearInterval(timer);
      return median(await Promise.all([...samples, subject.residentMiB()]));
    },
  };
}

function of(measured: ReadonlyMap<string, Measured>, { name }: Program): Measured {
  const found = measured.get(name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}
