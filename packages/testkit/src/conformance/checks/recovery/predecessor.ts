import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectPlugin } from "../../subject/plugin.js";
import { leftOf } from "../session/left-running.js";

/** From "configured" until all has to be gone: what was killed may still be dying. */
const limitMs = 1_000;

export const cleansUpPredecessor = defineCheck({
  id: "recovery/start/cleans-up-dead-predecessor",
  title: "once the next provider is configured, nothing is left of one that was killed with sessions alive",
  requirements: ["REC-2"],
  needs: ["ends-with-provider", "local-processes"],
  cause:
    "Directories have random names in the temporary directory, and only the process that made them knows them.",
  mend:
    "Make all that an instance owns below one directory with a lock that dies with it, and remove those whose lock is " +
    "free at the start (openInstanceDirectory of the SDK).",
  run: async (t) => {
    const usual = await usualPaths(t);
    const victim = await t.provider();
    const plugins = [];
    for (let session = 0; session < 2; session += 1) plugins.push(await t.plugin(await t.session(victim)));
    const sockets = ownPaths(plugins);
    await victim.instance.kill();
    await victim.instance.shutdown();
    const stale = t.place.paths().filter((path) => !usual.has(path));
    await t.provider();
    await t.eventually("once the next provider is configured no plugin of the dead one runs", limitMs, () =>
      leftOf(t.place),
    );
    await t.eventually("once the next provider is configured the dead one's files are gone", limitMs, () => {
      const below = stale.filter((path) => existsSync(join(t.place.directory, path))).length;
      const beside = sockets.filter((path) => existsSync(path)).length;
      if (below > 0) return `${below} of ${stale.length} are left below TMPDIR`;
      return beside === 0 ? undefined : "the folder of a plugin's socket is left";
    });
  },
});

/** What lies there while a provider without sessions runs, and after its end: it is none of a session's. */
async function usualPaths(t: CheckContext): Promise<ReadonlySet<string>> {
  const provider = await t.provider();
  const session = await t.session(provider);
  await t.plugin(session);
  await t.relies("stop", "StopSession", () => session.stop());
  const running = t.place.paths();
  await provider.instance.shutdown();
  return new Set([...running, ...t.place.paths()]);
}

/** The plugins' sockets and the folders that are one session's alone. */
function ownPaths(plugins: readonly SubjectPlugin[]): string[] {
  const sockets = plugins.flatMap(({ hosted: { dialTarget } }) =>
    dialTarget.startsWith("unix:///") ? [dialTarget.slice("unix://".length)] : [],
  );
  const folders = sockets.map((path) => dirname(path));
  return [...sockets, ...folders.filter((path) => folders.filter((other) => other === path).length === 1)];
}

export const leavesLivingAlone = defineCheck({
  id: "recovery/start/leaves-living-instance-alone",
  title: "cleaning up after a dead instance touches nothing of one that is alive beside it",
  requirements: ["REC-2", "PROC-9"],
  cause: "All that lies there at the start is removed, or all that is older than a while.",
  mend: "Remove only what is a dead instance's, as a lock proves that dies with its owner.",
  run: async (t) => {
    const victim = await t.provider();
    await t.plugin(await t.session(victim));
    const living = await t.provider();
    const session = await t.session(living);
    const plugin = await t.plugin(session);
    await victim.instance.kill();
    await t.provider();
    const { state } = await t.expect.answered(
      "GetSession of a living instance's session, after another has cleaned up",
      session.get(),
    );
    t.expect.equal("the state of that session", state, "running");
    await t.expect.answered(
      "a call of the plugin that runs in it",
      plugin.client.execute({ operation: "echo", params: {} }),
    );
    const again = await t.dial(session, plugin.hosted);
    await t.expect.answered(
      "a call over a new connection to that plugin",
      again.client.execute({ operation: "echo", params: {} }),
    );
  },
});
