import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { dial, program, startPlugin, startRuntime, testDirectory } from "./support.js";

const rounds = Number(
  process.env.GESTALT_INSTANCE_ROUNDS ?? (process.env.GESTALT_SOAK === "1" ? 2_000 : 200),
);
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

/** Everything on disk that is the instance's whose plugin listens there, each with what tells it from a successor. */
async function filesOf(dialTarget: string): Promise<string[]> {
  const instance = dirname(dirname(dialTarget.slice("unix://".length)));
  const names = (await readdir(instance, { recursive: true })).map((name) => join(instance, name));
  const files = [`${instance}.lock`, instance, ...names.sort()];
  return Promise.all(files.map(async (path) => `${path} ${(await lstat(path)).ino}`));
}

describe("two instances side by side", () => {
  it(
    `PROC-9, REC-2: the second one ended ${rounds} times at a random moment of its start, the first one's sessions never notice (seed ${seed})`,
    { timeout: 1_200 * rounds },
    async () => {
      const random = randomFrom(seed);
      const directory = await testDirectory();
      const first = await startRuntime(directory);
      const plugin = await startPlugin(first);
      const files = await filesOf(plugin.dialTarget);
      expect(files.map((file) => file.replace(/^.*\//, ""))).toEqual(
        expect.arrayContaining([expect.stringMatching(/^p\.sock /), expect.stringMatching(/\.lock /)]),
      );
      const notices = async (round: number): Promise<void> => {
        expect(await filesOf(plugin.dialTarget)).toEqual(files);
        // A connection that is up would outlive its socket: dialled again, the plugin is found where it was.
        const again = dial(plugin.sessionId, plugin.dialTarget);
        for (const { execute } of [plugin, again])
          expect(await execute("echo", { round })).toEqual({ round });
        again.close();
        expect((await first.runtime.getSession({ sessionId: plugin.sessionId })).state).toBe("running");
      };
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
        await notices(round);
      }
      // Those that were killed left something; the next one that gets ready removes it.
      const cleaner = await startRuntime(directory);
      await notices(rounds);
      await cleaner.shutdown();
    },
  );
});
