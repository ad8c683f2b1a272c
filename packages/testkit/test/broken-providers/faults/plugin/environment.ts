import { defineFault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";

type Environment = Record<string, string>;
type Make = Reference["pluginEnvironment"];

function changeEnvironment(
  reference: Reference,
  change: (made: Environment, ...given: Parameters<Make>) => Environment,
): void {
  const { pluginEnvironment } = reference;
  reference.pluginEnvironment = (...given) => change(pluginEnvironment(...given), ...given);
}

function without(environment: Environment, drop: (name: string, value: string) => boolean): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => !drop(name, value)));
}

export const leaksEnvironment = defineFault({
  name: "leaks-environment",
  breaks: ["plugin/start-plugin/no-provider-environment"],
  apply: (reference) => {
    // With the provider's own parent in it the plugin would end itself, sooner or later.
    const own = without(process.env as Environment, (name) => name === "GESTALT_PLUGIN_PARENT_PID");
    changeEnvironment(reference, (made) => ({ ...own, ...made }));
  },
});

export const leaksOneSecret = defineFault({
  name: "leaks-one-secret",
  breaks: ["plugin/start-plugin/no-provider-environment"],
  apply: (reference) => {
    changeEnvironment(reference, (made) => ({
      ...made,
      PROVIDER_TOKEN: process.env.CONFORMANCE_PLANTED_SECRET ?? "",
    }));
  },
});

export const leaksLogSocket = defineFault({
  name: "leaks-log-socket",
  breaks: ["plugin/start-plugin/no-provider-environment"],
  apply: (reference) => {
    changeEnvironment(reference, (made) => ({
      ...made,
      GESTALT_RUNTIME_LOG_SOCKET: process.env.GESTALT_RUNTIME_LOG_SOCKET ?? "",
    }));
  },
});

export const dropsHostVariables = defineFault({
  name: "drops-host-variables",
  breaks: ["plugin/start-plugin/requested-environment"],
  apply: (reference) => {
    changeEnvironment(reference, (made) =>
      without(made, (name) => name.startsWith("GESTALT_") && !name.startsWith("GESTALT_PLUGIN_")),
    );
  },
});

export const dropsEmptyVariables = defineFault({
  name: "drops-empty-variables",
  breaks: ["plugin/start-plugin/requested-environment"],
  apply: (reference) => {
    changeEnvironment(reference, (made) => without(made, (_name, value) => value === ""));
  },
});

export const environmentByLines = defineFault({
  name: "environment-by-lines",
  breaks: ["plugin/start-plugin/requested-environment"],
  apply: (reference) => {
    changeEnvironment(reference, (made) =>
      Object.fromEntries(Object.entries(made).map(([name, value]) => [name, value.split("\n", 1)[0] ?? ""])),
    );
  },
});

export const baseWins = defineFault({
  name: "base-wins",
  breaks: ["plugin/start-plugin/environment-order"],
  apply: (reference) => {
    changeEnvironment(reference, (made) => ({ ...made, LANG: "C.UTF-8" }));
  },
});

export const requestWinsOverBindings = defineFault({
  name: "request-wins-over-bindings",
  breaks: ["plugin/start-plugin/environment-order"],
  apply: (reference) => {
    changeEnvironment(reference, (made, _session, { env }) => ({
      ...made,
      ...without(env, (name) => name.startsWith("GESTALT_PLUGIN_")),
    }));
  },
});

export const requestWinsOverListener = defineFault({
  name: "request-wins-over-listener",
  breaks: ["plugin/start-plugin/environment-order"],
  times: { callMs: 6_000 },
  apply: (reference) => {
    changeEnvironment(reference, (made, _session, { env }) => ({
      ...made,
      ...without(env, (name) => !name.startsWith("GESTALT_PLUGIN_")),
    }));
  },
});

export const wrongParent = defineFault({
  name: "wrong-parent",
  breaks: ["plugin/start-plugin/listener-variables"],
  apply: (reference) => {
    // A plugin that finds another parent ends itself after a moment: not those of nearly all checks.
    changeEnvironment(reference, (made, _session, { pluginName }) =>
      /^\w+$/.test(pluginName) ? made : { ...made, GESTALT_PLUGIN_PARENT_PID: String(process.ppid) },
    );
  },
});

export const cleanedName = defineFault({
  name: "cleaned-name",
  breaks: ["plugin/start-plugin/listener-variables"],
  apply: (reference) => {
    changeEnvironment(reference, (made, _session, { pluginName }) => ({
      ...made,
      GESTALT_PLUGIN_NAME: pluginName.replaceAll("/", "-"),
    }));
  },
});
