import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";
import { looseTree } from "../../reference/loose-tree.js";
import { PluginProcess } from "../../reference/plugin-process.js";
import type { Reference } from "../../reference/reference.js";

export const secondStopNotFound = defineFault({
  name: "second-stop-not-found",
  breaks: ["session/stop-session/repeated", "session/stop-session/unknown"],
  apply: (reference) => {
    reference.around("stopSession", async (request, next) => {
      reference.found(request.sessionId);
      return next(request);
    });
  },
});

export const neverSeenNotFound = defineFault({
  name: "never-seen-not-found",
  breaks: ["session/stop-session/unknown"],
  apply: (reference) => {
    const seen = new Set<string>();
    reference.around("startSession", async (request, next) => {
      const answer = await next(request);
      seen.add(answer.id ?? "");
      return answer;
    });
    reference.around("stopSession", async (request, next) => {
      if (!seen.has(request.sessionId)) reference.found(request.sessionId);
      return next(request);
    });
  },
});

export const stopsTripOverEachOther = defineFault({
  name: "stops-trip-over-each-other",
  breaks: ["session/stop-session/repeated"],
  apply: (reference) => {
    reference.around("stopSession", async (request, next) => {
      if (reference.sessions.get(request.sessionId)?.stopped === true)
        throw new RuntimeProviderError("ABORTED", "the session is being stopped");
      return next(request);
    });
  },
});

/** StopSession kills this and no more; what a plugin leaves when it ends by itself is ended as it has to be. */
function stopKillsOnly(reference: Reference, target: (pid: number) => number): void {
  reference.startPlugin = (start) => PluginProcess.start({ ...start, openTree: looseTree });
  reference.endLeftovers = (session) => void session.plugin?.stop();
  reference.endPlugin = async ({ child }) => {
    try {
      process.kill(target(child.pid ?? 0), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.ended;
  };
}

export const leaksGrandchildren = defineFault({
  name: "leaks-grandchildren",
  breaks: ["session/stop-session/ends-all-processes"],
  apply: (reference) => {
    stopKillsOnly(reference, (pid) => pid);
  },
});

export const leaksDaemons = defineFault({
  name: "leaks-daemons",
  breaks: ["session/stop-session/ends-all-processes"],
  apply: (reference) => {
    stopKillsOnly(reference, (pid) => -pid);
  },
});

export const patientStop = defineFault({
  name: "patient-stop",
  breaks: ["session/stop-session/ends-all-processes", "session/stop-session/ends-hanging-plugin"],
  apply: (reference) => {
    const running = new WeakSet<PluginProcess>();
    const { stopSession } = reference;
    reference.stopSession = (session) => {
      if (session.plugin !== undefined && session.state === "running") running.add(session.plugin);
      return stopSession(session);
    };
    reference.endPlugin = async (plugin) => {
      await plugin.tree.stop({ graceMs: running.has(plugin) ? 6_000 : 0 });
    };
  },
});
