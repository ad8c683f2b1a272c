import { fileURLToPath } from "node:url";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it } from "vitest";
import { describeIsolated, isolated } from "../isolation/support.js";
import { areCgroupsUsable } from "../limits/usable-cgroups.js";
import { hostLog, refusal, startPlugin, startRuntime, startSession, testDirectory } from "../support.js";

const greedy = fileURLToPath(new URL("greedy.mjs", import.meta.url));
const ways = [
  "start-processes-without-end",
  "start-a-bomb-of-processes",
  "take-memory-without-end",
  "open-files-without-end",
] as const;
const MiB = 2 ** 20;
const limits = { memoryBytes: 256 * MiB, processes: 100, openFiles: 500, cpus: 1 };
const canLimit = findTool("perl") !== undefined && (await areCgroupsUsable());

/** What each way came to, while another session is asked all the time. */
async function letLoose(config: Record<string, unknown>): Promise<Map<string, string>> {
  const provider = await startRuntime(await testDirectory(), { ...config, readyTimeoutMs: 100_000 });
  const other = await startPlugin(provider);
  const sessionId = await startSession(provider);
  const ended = { is: false };
  const asked = (async (): Promise<void> => {
    for (let round = 0; !ended.is; round += 1)
      expect(await other.execute("echo", { round })).toEqual({ round });
  })();
  const start = provider.runtime.startPlugin({ sessionId, pluginName: "greedy", command: greedy });
  const { message } = await refusal(start);
  ended.is = true;
  await asked;
  expect(message).toContain("the plugin exited with code 0 before");
  const said = hostLog(provider, sessionId).flatMap((line) => {
    const [, name, outcome] = /^stdout way (\S+) (.*)$/.exec(line) ?? [];
    return name !== undefined && outcome !== undefined ? [[name, outcome] as const] : [];
  });
  await provider.runtime.stopSession({ sessionId });
  return new Map(said);
}

describe.runIf(canLimit)(canLimit ? "a greedy plugin" : "a greedy plugin (missing: cgroups, or Perl)", () => {
  describeIsolated("in a guest with limits", () => {
    it(
      "SESS-8, SESS-11: is refused what goes past its limits, and the session beside it is answered all the while",
      { timeout: 120_000 },
      async () => {
        const limited = await letLoose({ ...isolated, limits, limitEnforcement: "required" });
        expect([...limited.keys()]).toEqual(ways);
        for (const [way, outcome] of limited)
          expect({ way, outcome }).toMatchObject({
            way,
            outcome: expect.stringMatching(/^refused /) as string,
          });
      },
    );

    it("gets all of it without limits", { timeout: 120_000 }, async () => {
      const free = await letLoose({ isolation: "none" });
      expect([...free.keys()]).toEqual(ways);
      for (const [way, outcome] of free)
        expect({ way, outcome }).toMatchObject({
          way,
          outcome: expect.stringMatching(/^through /) as string,
        });
    });
  });
});
