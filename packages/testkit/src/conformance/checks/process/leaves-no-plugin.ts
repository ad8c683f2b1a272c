import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";
import { leftOf } from "../session/left-running.js";
import { startWithParent } from "./parent.js";

/** What ends a process that outlived its provider may need a moment. */
const limitMs = 5_000;

const shared = {
  requirements: ["PROC-8"],
  needs: ["hosts-plugins", "ends-with-provider", "local-processes"],
} as const satisfies Partial<Check>;

export const sigtermLeavesNoPlugin = defineCheck({
  ...shared,
  id: "process/sigterm/leaves-no-plugin",
  title: "a provider that SIGTERM ends leaves no process of a plugin, willing or not",
  cause:
    "The close hook ends the server alone, or waits for plugins that ignore SIGTERM until the host's SIGKILL.",
  mend: "Stop all sessions at once when told to end, with a grace well below the host's 2 s, and kill what is left.",
  run: async (t) => {
    const provider = await t.provider();
    await hostStubborn(t, provider);
    const { process, times } = provider.instance;
    await process.terminate(times.providerStopMs);
    await t.eventually("after the provider's end by SIGTERM no plugin runs", limitMs, () => leftOf(t.place));
  },
});

export const sigkillLeavesNoPlugin = defineCheck({
  ...shared,
  id: "process/sigkill/leaves-no-plugin",
  title: "a provider that is killed or crashes leaves no process of a plugin",
  cause: "Plugins are ended by code that a killed process does not run.",
  mend:
    "Let the kernel do it: a PID namespace whose first process dies with the provider (PR_SET_PDEATHSIG); or a small " +
    "watchdog that holds one end of a pipe.",
  run: async (t) => {
    const provider = await t.provider();
    await hostStubborn(t, provider);
    await provider.instance.kill();
    await t.eventually("after the provider's SIGKILL no plugin runs", limitMs, () => leftOf(t.place));
  },
});

export const parentsDeathLeavesNoPlugin = defineCheck({
  ...shared,
  id: "process/parent/leaves-no-plugin",
  title: "a provider whose host has died leaves no process of a plugin",
  cause: "The watch of the parent ends the process without the clean-up of SIGTERM.",
  mend: "Call the same end when the parent has gone as when SIGTERM comes.",
  run: async (t) => {
    const orphan = await startWithParent(t);
    await t.configure(orphan.provider);
    await hostStubborn(t, orphan.provider);
    orphan.killParent();
    await t.eventually("after the death of the provider's parent no plugin runs", limitMs, () =>
      leftOf(t.place),
    );
  },
});

/** Hosts a plugin that does not go willingly, nor alone. */
async function hostStubborn(t: CheckContext, provider: SubjectProvider): Promise<void> {
  await t.plugin(await t.session(provider), {
    atStart: ["fork:plain", "fork:session", "fork:daemon,ignore-sigterm", "ignore-sigterm"],
  });
  if (t.place.pluginProcesses().length < 4)
    t.missing(
      "the plugin and what it forked can't be seen on this machine; if they run elsewhere, set declares.remote",
    );
}
