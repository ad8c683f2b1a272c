import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";
import type { PluginProcess } from "../../reference/plugin-process.js";

export const deafToCancellation = defineFault({
  name: "deaf-to-cancellation",
  breaks: ["plugin/start-plugin/cancelled"],
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = (start) => {
      const isStopped = (): boolean =>
        [...reference.sessions.values()].every(
          ({ directory, stopped }) => stopped || !start.socketPath.startsWith(directory),
        );
      return startPlugin({
        ...start,
        signal: new AbortController().signal,
        onStarted: (plugin) => {
          start.onStarted(plugin);
          // To a stop it is not deaf.
          if (isStopped()) void plugin.stop();
        },
      });
    };
  },
});

export const abandonsCancelledStart = defineFault({
  name: "abandons-cancelled-start",
  breaks: ["plugin/start-plugin/cancelled", "plugin/start-plugin/cancelled-at-any-moment"],
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = async (start) => {
      const started = startPlugin({
        ...start,
        signal: new AbortController().signal,
        onStarted: () => undefined,
      });
      started.catch(() => undefined);
      const cancelled = new Promise<PluginProcess>((_resolve, reject) => {
        const give = (): void => {
          reject(new RuntimeProviderError("CANCELLED", "StartPlugin was cancelled"));
        };
        start.signal.addEventListener("abort", give, { once: true });
        if (start.signal.aborted) give();
      });
      return Promise.race([started, cancelled]);
    };
  },
});
