import { describe, expect, it } from "vitest";
import { Graces } from "../src/graces.js";

/** Stops so many at once, and gives the last grace that each was told. */
async function stopAtOnce(count: number, leftMs: number): Promise<number[]> {
  const graces = new Graces(1_500);
  const deadline = new Date(Date.now() + leftMs);
  const told = new Array<number>(count).fill(Infinity);
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  const stops = told.map((_, index) =>
    graces.stop(deadline, ({ graceMs }) => {
      told[index] = Math.min(told[index] ?? Infinity, graceMs);
      return over;
    }),
  );
  end();
  await Promise.all(stops);
  return told;
}

describe("the grace of programs that are stopped", () => {
  it("SESS-8: one gets what the operator configured, as far as the deadline leaves time for killing it", async () => {
    expect(await stopAtOnce(1, 60_000)).toEqual([1_500]);
    const [short = 0] = await stopAtOnce(1, 900);
    expect(short).toBeGreaterThan(0);
    expect(short).toBeLessThanOrEqual(500);
    expect(await stopAtOnce(1, 0)).toEqual([0]);
  });

  it("SESS-8, PROC-6: a hundred at once get less, the first ones too, but not nothing", async () => {
    for (const leftMs of [2_500, 900]) {
      const [alone = 0] = await stopAtOnce(1, leftMs);
      const all = await stopAtOnce(100, leftMs);
      for (const grace of all) {
        expect(grace).toBeLessThan(alone);
        expect(grace).toBeGreaterThan(0);
      }
    }
    expect(new Set(await stopAtOnce(100, 60_000))).toEqual(new Set([1_500]));
  });
});
