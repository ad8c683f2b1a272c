import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { PluginRuntimeEgressMode, PluginRuntimeHostServiceAccess } from "@gestalt-runtime/sdk/protocol";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { show } from "../../check/show.js";
import type { SubjectProvider } from "../../subject/provider.js";

export const sameThroughout = defineCheck({
  id: "support/get-support/same-throughout",
  title: "GetSupport says the same before, while and after a plugin is hosted",
  requirements: ["SUP-1"],
  needs: ["hosts-plugins"],
  instance: "shared",
  cause: "It tells what is free at the moment, such as whether one more session has room.",
  mend: "Answer what the backend can do; refuse a StartSession beyond a limit with RESOURCE_EXHAUSTED.",
  run: async (t) => {
    const provider = await t.provider();
    const ask = (): Promise<unknown> => t.expect.answered("GetSupport", provider.runtime.getSupport());
    const before = await ask();
    const session = await t.session(provider);
    t.expect.equal("GetSupport's answer while a session is ready", await ask(), before);
    await t.plugin(session);
    t.expect.equal("GetSupport's answer while a plugin runs", await ask(), before);
    await t.relies("stop", "StopSession", () => session.stop());
    t.expect.equal("GetSupport's answer when its session was stopped", await ask(), before);
  },
});

export const knownValues = defineCheck({
  id: "support/get-support/known-values",
  title: "host_service_access and egress_mode are words of the protocol",
  requirements: ["SUP-3", "SUP-4"],
  instance: "shared",
  cause: "A number of one's own, or of another version of the .proto file, is sent.",
  mend: "Use the names of the generated enums: NONE or DIRECT; NONE, CIDR or HOSTNAME.",
  run: async (t) => {
    const { runtime } = await t.provider();
    const support = await t.expect.answered("GetSupport", runtime.getSupport());
    const { hostServiceAccess, egressMode } = support;
    t.expect(
      hostServiceAccess in PluginRuntimeHostServiceAccess,
      `host_service_access is ${hostServiceAccess}, which the protocol does not know`,
      "SUP-3",
    );
    t.expect(
      egressMode in PluginRuntimeEgressMode,
      `egress_mode is ${egressMode}, which the protocol does not know`,
      "SUP-4",
    );
  },
});

export const hostingIsImplemented = defineCheck({
  id: "support/can-host-plugins/calls-are-there",
  title: "a provider that says can_host_plugins implements all calls that hosting a plugin takes",
  requirements: ["SUP-2"],
  needs: ["hosts-plugins"],
  instance: "shared",
  cause: "can_host_plugins was set before the calls were written.",
  mend: "Say can_host_plugins = false until StartSession, BindHostService, StartPlugin and StopSession work.",
  run: async (t) => {
    const { runtime } = await t.provider();
    const sessionId = "never-was";
    const relay = { dialTarget: "tls://relay.example.com:443" };
    const calls = {
      GetSession: () => runtime.getSession({ sessionId }),
      BindHostService: () => runtime.bindHostService({ sessionId, envVar: "ANY", relay }),
      StartPlugin: () => runtime.startPlugin({ sessionId, pluginName: "fixture", command: "/bin/true" }),
      StopSession: () => runtime.stopSession({ sessionId }),
      StartSession: () => runtime.startSession(t.sessionRequest()),
    };
    for (const [method, call] of Object.entries(calls))
      t.expect(
        (await statusOf(call())) !== "UNIMPLEMENTED",
        `can_host_plugins is true, and ${method} is UNIMPLEMENTED`,
      );
  },
});

export const refusesWhatItCannot = defineCheck({
  id: "support/can-host-plugins/false-is-true",
  title: "a provider that says can_host_plugins = false hosts none",
  requirements: ["SUP-1"],
  needs: ["hosts-no-plugins"],
  instance: "shared",
  cause: "The field was left out of the answer, and false is what that means: the host refuses at once.",
  mend: "Set can_host_plugins = true where plugins can be hosted.",
  run: async (t) => {
    const provider = await t.provider();
    if (!(await hosts(t, provider))) return;
    t.expect(
      false,
      "can_host_plugins is false, and yet StartSession and StartPlugin host the fixture plugin",
    );
  },
});

async function hosts(t: CheckContext, { runtime }: SubjectProvider): Promise<boolean> {
  try {
    const { id: sessionId } = await runtime.startSession(t.sessionRequest());
    let state = "";
    while (state !== "ready" && state !== "running") {
      ({ state } = await runtime.getSession({ sessionId }));
      if (state === "failed" || state === "stopped") return false;
      await t.pause(25);
    }
    await runtime.startPlugin({ sessionId, pluginName: "fixture", ...t.pluginRequest() });
    return true;
  } catch (error) {
    if (error instanceof RuntimeProviderError) return false;
    throw error;
  }
}

async function statusOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    if (error instanceof RuntimeProviderError) return error.code;
    throw new Error(`no status: ${show(error)}`, { cause: error });
  }
}
