import { bare, level1, level2, level2Whole, processRuntime } from "./programs.js";
import { noLimit, rowOf, type Effort, type Row } from "./row.js";
import { startSubject, type Program } from "./subject.js";

const limits: readonly (readonly [Program, number])[] = [
  [level1, 1.1],
  [level2, 1.1],
  [level2Whole, noLimit],
  [processRuntime, 1.25],
];

/** From the spawn to the first answered call. */
export async function measureStartUp({ startUpRounds }: Effort): Promise<Row[]> {
  const programs = [bare, ...limits.map(([program]) => program)];
  const times = new Map<string, number[]>(programs.map(({ name }) => [name, []]));
  for (let round = -1; round < startUpRounds; round += 1) {
    for (const program of programs) {
      const subject = await startSubject(program);
      // The first round warms the file cache.
      if (round >= 0) times.get(program.name)?.push(subject.startUpMs);
      await subject.stop();
    }
  }
  const of = ({ name }: Program): number[] => times.get(name) ?? [];
  return limits.map(([program, limit]) =>
    rowOf({ figure: `start-up, ${program.name}`, unit: "ms", own: of(program), floor: of(bare), limit }),
  );
}
