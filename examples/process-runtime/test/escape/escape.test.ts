import { rm } from "node:fs/promises";
import { join } from "node:path";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it } from "vitest";
import { canHaveOwnNetwork, describeIsolated, isolated } from "../isolation/support.js";
import { hasWayOut } from "../network/own-machine.js";
import { hostLog, refusal, startPlugin, startRuntime, startSession, testDirectory } from "../support.js";
import { putUpPrey } from "./prey.js";
import { hostile, ways } from "./ways.js";

const isRoot = process.getuid?.() === 0;
/** Those that a network of its own closes, also without a policy: what listens on the machine's other addresses is open to its network. */
const networkWays = ways.filter(
  (way) => /^(tcp|udp|abstract)-|^see-open-ports$/.test(way) && !way.endsWith("-host-address"),
);
const modes = {
  isolated: { config: isolated, policy: { defaultAction: "deny" }, tries: ways },
  open: { config: { isolation: "none", containment: "process-group" }, policy: {}, tries: ways },
  "own network": { config: { ...isolated, network: "private" }, policy: {}, tries: networkWays },
  "host network": { config: { ...isolated, network: "host" }, policy: {}, tries: networkWays },
} as const;
type Mode = keyof typeof modes;
const outcomes = new Map<Mode, Map<string, string>>();

async function letLoose(mode: Mode): Promise<void> {
  const directory = await testDirectory();
  const prey = await putUpPrey(directory);
  const { config, policy, tries } = modes[mode];
  const found = new Map<string, string>();
  outcomes.set(mode, found);
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
      args: [...tries],
      env: { PREY: JSON.stringify(outside) },
      ...policy,
    }),
  );
  expect(message).toContain("the plugin exited with code 0 before");
  for (const line of hostLog(provider, sessionId)) {
    const [, name, outcome] = /^stdout way (\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined && outcome !== undefined) found.set(name, outcome);
  }
  expect([...found.keys()]).toEqual(tries);
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
        expect(ways.length).toBeGreaterThanOrEqual(60);
      },
    );

    it("tries every way without isolation", { timeout: 150_000 }, async () => {
      await letLoose("open");
    });

    it.each(ways)("EGR-2, PLUG-2: %s is refused in a guest, and leads out without one", (way) => {
      expect(outcomes.get("isolated")?.get(way)).toMatch(/^refused /);
      // A provider that is nobody is refused some of it by its own want of rights.
      if (isRoot) expect(outcomes.get("open")?.get(way)).toMatch(/^through /);
    });

    const canTry = canHaveOwnNetwork && hasWayOut();
    describe.runIf(canTry)(
      `without a policy${canTry ? "" : " (missing: pasta, ip or a default route)"}`,
      () => {
        it.each(["own network", "host network"] as const)(
          "EGR-5: tries the ways of the network with its %s",
          { timeout: 150_000 },
          async (mode) => {
            await letLoose(mode);
            expect(networkWays.length).toBeGreaterThanOrEqual(8);
          },
        );

        it.each(networkWays)(
          "EGR-5: %s is refused in a network of its own without a policy too, and leads out with the host's",
          (way) => {
            expect(outcomes.get("own network")?.get(way)).toMatch(/^refused /);
            expect(outcomes.get("host network")?.get(way)).toMatch(/^through /);
          },
        );
      },
    );
  });
});
