import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { launchPlugin } from "./launch.js";
import { Refusal, invalid } from "./refusal.js";
import { Session } from "./session.js";
import { parseTarget } from "./target.js";

/**
 * PluginRuntimeProvider: what the host asks for, checked, and handed to sessions (SUP, SESS, BIND, PLUG).
 * PrepareWorkspace is left out, as GetSupport says: grpc-js answers UNIMPLEMENTED (WORK-1).
 *
 * @param {import("./provider.js").Provider} provider
 */
export function runtimeMethods(provider) {
  const stop = (session) => provider.stop(session, provider.config.stopGraceMs);

  return {
    // What processes of this machine can do (SUP).
    GetSupport: () => {
      provider.assertConfigured();
      return {
        canHostPlugins: provider.cannotHost === undefined,
        hostServiceAccess: "PLUGIN_RUNTIME_HOST_SERVICE_ACCESS_DIRECT",
        egressMode: "PLUGIN_RUNTIME_EGRESS_MODE_NONE",
      };
    },

    StartSession: async (request, signal) => {
      provider.assertConfigured();
      if (provider.cannotHost !== undefined)
        throw new Refusal(status.FAILED_PRECONDITION, provider.cannotHost);
      for (const field of ["image", "template"])
        if (request[field] !== "")
          // The command would then be a path inside of what there is none of (SESS-3).
          throw invalid(
            `${field} is set, and processes have none; ` +
              `remove plugins.${request.pluginName}.execution.runtime.${field}`,
          );
      const session = new Session(provider.directory.path, request.metadata, provider.logHost, stop);
      provider.sessions.set(session.id, session);
      if (signal.aborted) await stop(session);
      return session.describe();
    },

    GetSession: ({ sessionId }) => provider.heard(sessionId).describe(),

    // Every live session in bytewise order; failed ones are, stopped ones are not (SESS-7).
    ListSessions: () => {
      provider.assertConfigured();
      const live = [...provider.sessions.values()].filter(({ state }) => state !== "stopped");
      return { sessions: live.sort((a, b) => (a.id < b.id ? -1 : 1)).map((session) => session.describe()) };
    },

    // Fine with sessions that are not there (SESS-8).
    StopSession: async ({ sessionId }) => {
      provider.assertConfigured();
      if (sessionId === "" || provider.sessions.has(sessionId)) await stop(provider.heard(sessionId));
      return {};
    },

    BindHostService: ({ sessionId, envVar, relay }) => {
      const session = provider.heard(sessionId);
      checkVariable("env_var", envVar);
      const dialTarget = relay?.dialTarget ?? "";
      if (dialTarget === "")
        throw invalid("relay.dial_target is missing; send where the host service listens");
      let target;
      try {
        target = parseTarget(dialTarget);
      } catch (error) {
        throw invalid(`relay.dial_target ${error.message}`);
      }
      // The plugin runs on this machine: the host's path works as it is (BIND-2). Relays go on unchanged (BIND-3).
      session.bind(envVar, target.scheme === "unix" ? target.address : dialTarget);
      return { id: `binding-${randomUUID()}`, sessionId, envVar, relay };
    },

    StartPlugin: async (request, signal) => {
      const session = provider.heard(request.sessionId);
      checkStart(request);
      const { readyTimeoutMs } = provider.config;
      await session.start((ended) => launchPlugin(session, request, readyTimeoutMs, ended), signal);
      return {
        id: `plugin-${randomUUID()}`,
        sessionId: session.id,
        pluginName: request.pluginName,
        dialTarget: `unix://${session.socketPath}`,
      };
    },

    // Comes whether or not there are workspaces (WORK-1).
    RemoveWorkspace: () => {
      provider.assertConfigured();
      return {};
    },
  };
}

function checkStart({ command, args, env }) {
  if (command === "") throw invalid("command is empty; send the program to run");
  if ([command, ...args].some((text) => text.includes("\0")))
    throw invalid("command and args: one holds a NUL, which no argument can");
  for (const [name, value] of Object.entries(env)) {
    checkVariable("env: a name", name);
    if (value.includes("\0")) throw invalid(`env.${name} holds a NUL, which no environment can`);
  }
}

function checkVariable(field, name) {
  if (name === "") throw invalid(`${field} is empty; send the name of the environment variable`);
  if (/[=\0]/.test(name))
    throw invalid(`${field} is ${JSON.stringify(name)}, which no environment variable can be called`);
}
