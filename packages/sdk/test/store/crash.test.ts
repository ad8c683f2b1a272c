import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSessionStore } from "../../src/store/index.js";
import { CrashModel } from "./crash-model.js";
import { Random } from "./random.js";
import { sampleRecord } from "./records.js";
import { Worker } from "./worker.js";

/** How many instances are killed. */
const kills = Number(process.env.STORE_KILLS ?? 100);
const seed = Number(process.env.STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));

let parent: string;
let directory: string;
let workers: Worker[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "gst-s-"));
  directory = join(parent, "state");
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await rm(parent, { recursive: true, force: true });
});

function start(...args: ConstructorParameters<typeof Worker>): Worker {
  const worker = new Worker(...args);
  workers.push(worker);
  return worker;
}

/** Takes everything in this process, and removes it where asked. */
async function takeAll(removes: boolean): Promise<{ found: Map<string, number>; warnings: string[] }> {
  const warnings: string[] = [];
  const store = await fileSessionStore(directory).open({
    providerName: "cloud",
    warn: (_, text) => void warnings.push(text),
  });
  const records = await store.takeLeftovers();
  const found = new Map(records.map((record) => [record.id, Number(record.metadata.n)]));
  expect(found.size, "each session once").toBe(records.length);
  if (removes) await Promise.all(records.map(({ id }) => store.remove(id)));
  await store.close();
  return { found, warnings };
}

describe("a file store whose instances are killed", () => {
  it(
    `REC-1, T26: ${kills} times kill -9 amid saves and take-overs: what was acknowledged is found (STORE_SEED=${seed})`,
    async () => {
      const random = new Random(seed);
      const model = new CrashModel();
      let acknowledged = 0;
      let most = 0;
      for (let round = 1; round <= kills; round += 1) {
        const worker = start("loop", directory, seed + round);
        // Half of them have been acknowledged something, however slow the disk is.
        await worker.said(round % 2 === 0 ? "done" : "open");
        await pause(random.below(40));
        await worker.kill();
        workers.pop();
        model.follow(worker.lines);
        acknowledged += worker.words("done").length;
        most = Math.max(most, model.size);
        if (round % 5 !== 0 && round !== kills) continue;
        const { found, warnings } = await takeAll(round === kills);
        expect(warnings).toEqual([]);
        model.checkAll(found);
      }
      expect(acknowledged).toBeGreaterThanOrEqual(kills / 2);
      expect(most).toBeGreaterThan(10);
      expect(await readdir(directory), "left after the last take-over").toEqual([]);
    },
    60_000 + kills * 1_000,
  );

  it("REC-2, PROC-9: of twenty processes that ask at once, one gets each session", async () => {
    const before = await fileSessionStore(directory).open({ providerName: "cloud", warn: () => undefined });
    const ids = Array.from({ length: 100 }, (_, index) => `s-${index}`);
    await Promise.all(ids.map((id) => before.save(sampleRecord({ id, metadata: { n: "1" } }))));
    await before.close();

    const takers = Array.from({ length: 20 }, () => start("take", directory));
    await Promise.all(takers.map((taker) => taker.said("open")));
    for (const taker of takers) taker.go();
    await Promise.all(takers.map((taker) => taker.said("taken")));
    const taken = takers.flatMap((taker) => taker.words("took").map(([id]) => id));
    expect(taken.sort()).toEqual([...ids].sort());
    expect(takers.flatMap((taker) => taker.words("warn"))).toEqual([]);
    await Promise.all(takers.map((taker) => taker.kill()));
    expect([...(await takeAll(true)).found.keys()].sort()).toEqual([...ids].sort());
    expect(await readdir(directory)).toEqual([]);
  });

  it("REC-2: takers killed amid their take-over lose nothing, whoever comes next", async () => {
    const random = new Random(seed);
    const before = await fileSessionStore(directory).open({ providerName: "cloud", warn: () => undefined });
    const ids = Array.from({ length: 300 }, (_, index) => `s-${index}`);
    await Promise.all(ids.map((id) => before.save(sampleRecord({ id, metadata: { n: "1" } }))));
    await before.close();

    let midway = 0;
    for (let round = 0; round < 15; round += 1) {
      const takers = [start("take", directory), start("take", directory)];
      await Promise.all(takers.map((taker) => taker.said("open")));
      for (const taker of takers) taker.go();
      await pause(random.below(25));
      await Promise.all(takers.map((taker) => taker.kill()));
      if (takers.some((taker) => !taker.lines.includes("taken"))) midway += 1;
    }
    expect(midway, `none was killed midway (STORE_SEED=${seed})`).toBeGreaterThan(0);
    const { found, warnings } = await takeAll(true);
    expect([...found.keys()].sort()).toEqual([...ids].sort());
    expect(warnings).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("REC-2, PROC-9: an instance that lives keeps its sessions, also while it is stopped", async () => {
    const worker = start("loop", directory, seed);
    await worker.said("done");
    worker.child.kill("SIGSTOP");
    const store = await fileSessionStore(directory).open({ providerName: "cloud", warn: () => undefined });
    expect(await store.takeLeftovers()).toEqual([]);
    expect(await store.ownerOf(worker.instance)).toBe("alive");
    await worker.kill();
    expect(await store.ownerOf(worker.instance)).toBe("dead");
    const model = new CrashModel();
    model.follow(worker.lines);
    const records = await store.takeLeftovers();
    model.checkAll(new Map(records.map((record) => [record.id, Number(record.metadata.n)])));
    await store.close();
  });
});
