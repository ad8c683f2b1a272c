import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";
import { PluginProcess } from "../../reference/plugin-process.js";

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

export const leaksGrandchildren = defineFault({
  name: "leaks-grandchildren",
  breaks: ["session/stop-session/ends-all-processes"],
  apply: (reference) => {
    reference.startPlugin = (start) => PluginProcess.start({ ...start, containment: "process-group" });
    reference.endPlugin = async ({ child }) => {
      process.kill(child.pid ?? 0, "SIGKILL");
      await child.ended;
    };
  },
});

export const leaksDaemons = defineFault({
  name: "leaks-daemons",
  breaks: ["session/stop-session/ends-all-processes"],
  apply: (reference) => {
    reference.startPlugin = (start) => PluginProcess.start({ ...start, containment: "process-group" });
    reference.endPlugin = async ({ child }) => {
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await child.ended;
    };
  },
});

export const patientStop = defineFault({
  name: "patient-stop",
  breaks: ["session/stop-session/ends-all-processes", "session/stop-session/ends-hanging-plugin"],
  apply: (reference) => {
    reference.endPlugin = async ({ tree }) => {
      await tree.stop({ graceMs: 6_000 });
    };
  },
});
