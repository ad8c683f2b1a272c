import { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { program, startPlugin, startRuntime, testDirectory } from "./support.js";

const rounds = Number(process.env.GESTALT_INSTANCE_ROUNDS ?? 200);
const atOnce = 4;
const seed = Number(process.env.GESTALT_SEED ?? Date.now() % 1_000_000);

/** Small and repeatable: the moments of a failed run can be had again by GESTALT_SEED. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

describe("two instances side by side", () => {
  it(
    `PROC-9, REC-2: the second one ended ${rounds} times at a random moment of its start, the first one's sessions never notice (seed ${seed})`,
    { timeout: 240_000 },
    async () => {
      const random = randomFrom(seed);
      const directory = await testDirectory();
      const first = await startRuntime(directory);
      const plugin = await startPlugin(first);
      const second = async (round: number): Promise<void> => {
        const waitMs = random() * 250;
        const instance = await ProviderInstance.spawn({
          command: program,
          name: "process",
          tmpDir: directory,
          operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
        });
        const started = instance
          .connect()
          .then(() => instance.handshake())
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (round % 2 === 0) await instance.kill();
        const report = await instance.shutdown();
        await started;
        if (round % 2 === 1) expect(report.killed).toBe(false);
      };
      for (let round = 0; round < rounds; round += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, (_, index) => second(round + index)));
        expect(await plugin.execute("echo", { round })).toEqual({ round });
        expect((await first.runtime.getSession({ sessionId: plugin.sessionId })).state).toBe("running");
      }
      // Those that were killed left something; the next one that gets ready removes it.
      const cleaner = await startRuntime(directory);
      expect(await plugin.execute("echo", { last: true })).toEqual({ last: true });
      await cleaner.shutdown();
    },
  );
});
