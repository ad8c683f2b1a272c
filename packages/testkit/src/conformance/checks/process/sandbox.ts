import { dirname } from "node:path";
import { HostError } from "../../../host/host-error.js";
import type { ProviderInstance } from "../../../host/provider-instance.js";
import { advertised } from "../../subject/profile.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";

export const startsInSandbox = defineCheck({
  id: "process/sandbox/starts",
  title: "the provider's program is one that the host's sandbox starts",
  requirements: ["PROC-10"],
  level: "SHOULD",
  cause:
    "The program is a script, a launcher or a link: what has to run it (/usr/bin/env, /bin/sh, an installed " +
    "interpreter) can't be executed in there.",
  mend:
    "Ship a self-contained executable, such as `gestalt-runtime package` makes of a Node.js program, and keep all that " +
    "it reads in its own folder. Operators who deny egress by default can't use the provider otherwise.",
  run: async (t) => {
    // One that it starts and that fails there is the next check's.
    if (t.profile.isSelfContained) return;
    const fault = await servingFault(t, await sandboxed(t));
    if (fault === undefined) return;
    // What fails in the open too is another check's question.
    await t.start();
    t.expect.fail(`in the host's sandbox: ${fault}`);
  },
});

export const saysWhatItCannot = defineCheck({
  id: "process/sandbox/says-what-it-cannot",
  title:
    "in the host's sandbox the provider hosts plugins, or says can_host_plugins = false and tells the operator why",
  requirements: ["PROC-10", "SUP-2"],
  needs: ["self-contained"],
  cause:
    "Nobody tries: GetSupport says yes, and the first plugin fails with a bare EACCES. Or the start itself needs a file " +
    "or a folder that is out of reach.",
  mend:
    "Try at configuration whether a program can be started (hostSandbox() of the SDK does). If not, answer " +
    "can_host_plugins = false and say what the operator has to change, in the identity's warnings and on stderr.",
  run: async (t) => {
    const instance = await sandboxed(t);
    const fault = await servingFault(t, instance);
    if (fault !== undefined) {
      await t.start();
      return t.expect.fail(`in the host's sandbox: ${fault}`);
    }
    const provider = t.handle(instance);
    const within = "in the host's sandbox";
    const { name, config = {} } = t.subject;
    const empty = Object.keys(config).length === 0;
    await t.expect.answered(
      `ConfigureProvider ${within}`,
      provider.lifecycle.configureProvider({ name, protocolVersion: 3, ...(empty ? {} : { config }) }),
    );
    const support = advertised(
      await t.expect.answered(`GetSupport ${within}`, provider.runtime.getSupport()),
    );
    if (support.canHostPlugins) return hostsAfterAll(t, provider);
    const { warnings } = await t.expect.answered(
      `GetProviderIdentity ${within}`,
      provider.lifecycle.getProviderIdentity(),
    );
    t.expect(
      warnings.some((warning) => warning.trim() !== ""),
      `${within} can_host_plugins is false, and the identity's warnings do not say why`,
    );
    t.expect(
      instance.process.stderr.trim() !== "",
      `${within} can_host_plugins is false, and stderr does not say why`,
    );
  },
});

async function hostsAfterAll(t: CheckContext, provider: ReturnType<CheckContext["handle"]>): Promise<void> {
  // A backend elsewhere is reached through the proxy, which lets through what the operator allows: nothing here.
  if (t.subject.declares.remote) return;
  try {
    await t.plugin(await t.session(provider));
  } catch (error) {
    if (!(error instanceof CheckBlocked)) throw error;
    t.expect.fail(`in the host's sandbox can_host_plugins is true, but ${error.message}`);
  }
}

async function sandboxed(t: CheckContext): Promise<ProviderInstance> {
  try {
    return await t.spawn({ sandbox: true });
  } catch (error) {
    if (error instanceof HostError && error.failure === "sandbox-unavailable") t.missing(error.message);
    if (error instanceof HostError && error.failure === "spawn-failed")
      t.expect.fail(`in the host's sandbox: ${error.message}`);
    throw error;
  }
}

/** What keeps it from serving, without a path of this machine. */
async function servingFault(t: CheckContext, instance: ProviderInstance): Promise<string | undefined> {
  try {
    await instance.connect(t.signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return error.message.replaceAll(dirname(t.subject.command ?? ""), "<the program's folder>");
  }
}
