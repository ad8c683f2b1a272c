import { rm } from "node:fs/promises";
import { join } from "node:path";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it } from "vitest";
import { describeIsolated, isolated } from "../isolation/support.js";
import { hostLog, refusal, startPlugin, startRuntime, startSession, testDirectory } from "../support.js";
import { putUpPrey } from "./prey.js";
import { hostile, ways } from "./ways.js";

const isRoot = process.getuid?.() === 0;
const modes = {
  isolated: { config: isolated, policy: { defaultAction: "deny" } },
  open: { config: { isolation: "none", containment: "process-group" }, policy: {} },
} as const;
const outcomes: Record<keyof typeof modes, Map<string, string>> = { isolated: new Map(), open: new Map() };

async function letLoose(mode: keyof typeof modes): Promise<void> {
  const directory = await testDirectory();
  const prey = await putUpPrey(directory);
  const { config, policy } = modes[mode];
  const provider = await startRuntime(
    directory,
    { ...config, readyTimeoutMs: 100_000 },
    {
      env: { API_TOKEN: prey.token },
    },
  );
  const other = await startPlugin(provider);
  const sessionId = await startSession(provider);
  const outside = {
    ...prey,
    provider: provider.process.pid,
    otherSocket: other.dialTarget.slice("unix://".length),
    stateDir: join(directory, `gst-${process.getuid?.() ?? 0}-process-process`),
  };
  const { message } = await refusal(
    provider.runtime.startPlugin({
      sessionId,
      pluginName: "hostile",
      command: hostile,
      env: { PREY: JSON.stringify(outside) },
      ...policy,
    }),
  );
  expect(message).toContain("the plugin exited with code 0 before");
  for (const line of hostLog(provider, sessionId)) {
    const [, name, outcome] = /^stdout way (\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined && outcome !== undefined) outcomes[mode].set(name, outcome);
  }
  // The other session has noticed nothing.
  expect(await other.execute("echo", { still: "there" })).toEqual({ still: "there" });
  await provider.shutdown();
  await rm(prey.file);
  await rm(prey.socket, { force: true });
}

describeIsolated("a hostile plugin", () => {
  describe.runIf(findTool("perl") !== undefined)("with Perl at hand", () => {
    it(
      "SESS-8, PROC-8: tries every way in a guest, and the session beside it never notices",
      { timeout: 150_000 },
      async () => {
        await letLoose("isolated");
        expect([...outcomes.isolated.keys()]).toEqual(ways);
        expect(ways.length).toBeGreaterThanOrEqual(60);
      },
    );

    it("tries every way without isolation", { timeout: 150_000 }, async () => {
      await letLoose("open");
      expect([...outcomes.open.keys()]).toEqual(ways);
    });

    it.each(ways)("EGR-2, PLUG-2: %s is refused in a guest, and leads out without one", (way) => {
      expect(outcomes.isolated.get(way)).toMatch(/^refused /);
      // A provider that is nobody is refused some of it by its own want of rights.
      if (isRoot) expect(outcomes.open.get(way)).toMatch(/^through /);
    });
  });
});
