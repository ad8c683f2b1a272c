import { plantedSecret, pluginMark, providerMark } from "../../leftovers/place.js";
import { defineCheck } from "../../check/check.js";
import { startDifferently } from "./start-differently.js";

/** What a provider may pass on of its own environment: where programs, roots, language and time are found. */
const safeBase = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];

export const nothingLeaksIn = defineCheck({
  id: "plugin/start-plugin/no-provider-environment",
  title: "no variable and no value of the provider's own environment gets into the plugin's",
  requirements: ["PLUG-2"],
  needs: ["spawned"],
  instance: "shared",
  cause: "The plugin is started with the provider's environment and the request's on top: spawn's default.",
  mend:
    "Begin with an empty environment; take over PATH, LANG, TZ and the like by name, then the request's env, the " +
    "bindings and the listener. The operator's secrets are in the provider's environment.",
  run: async (t) => {
    const provider = await t.provider();
    const { environment } = provider.instance;
    const plugin = await t.plugin(await t.session(provider));
    const { env } = await plugin.execute("env");
    const own = ["GESTALT_PLUGIN_SOCKET", "GESTALT_PLUGIN_NAME", "GESTALT_PLUGIN_PARENT_PID"];
    const names = Object.keys(environment).filter(
      (name) => !safeBase.includes(name) && !own.includes(name) && name !== pluginMark && name in env,
    );
    t.expect(
      names.length === 0,
      `the plugin's environment holds variables of the provider's own: ${names.sort().join(", ")}`,
    );
    t.expect(
      environment.GESTALT_PLUGIN_SOCKET !== env.GESTALT_PLUGIN_SOCKET,
      "the plugin's GESTALT_PLUGIN_SOCKET is the provider's own socket",
    );
    for (const name of [plantedSecret, providerMark]) {
      const secret = environment[name] ?? "";
      const holders = Object.keys(env).filter(
        (one) => one !== name && one !== pluginMark && env[one] === secret,
      );
      t.expect(
        holders.length === 0,
        `the value of the provider's ${name} stands in the plugin's environment as ${holders.join(", ")}`,
      );
    }
  },
});

const requested: Readonly<Record<string, string>> = {
  CONFORMANCE_EMPTY: "",
  CONFORMANCE_BLANKS: "  two before, two after  ",
  CONFORMANCE_LINES: "one\ntwo\r\n",
  CONFORMANCE_SHELL: "$HOME `id` $(id) 'a' \"b\" \\ ; # x",
  CONFORMANCE_EQUALS: "a=b=c",
  CONFORMANCE_UNICODE: "grüße ☃ 𝄞",
  CONFORMANCE_LONG: "x".repeat(10_000),
  conformance_lower: "lower",
  "CONFORMANCE.DOTS-AND-DASHES": "odd",
  GESTALT_ANYTHING_OF_THE_HOST: "passed",
  GESTALT_CACHE_SOCKET_TOKEN: "token",
};

export const requestedEnvironment = defineCheck({
  id: "plugin/start-plugin/requested-environment",
  title: "every variable of StartPlugin's env reaches the plugin unchanged, GESTALT_ ones too",
  requirements: ["PLUG-2"],
  instance: "shared",
  cause: "Variables go through a shell, an env file or a filter of names; empty ones are left out.",
  mend: "Hand the map to exec as it is: names are opaque, GESTALT_ ones are the host's to set, values may be empty or hold lines.",
  run: async (t) => {
    const plugin = await startDifferently(t, "an env of odd names and values", { env: requested });
    const { env, repeated } = await plugin.execute("env");
    for (const [name, value] of Object.entries(requested))
      if (!(name in env))
        t.expect(false, `the plugin's environment lacks ${name}, which StartPlugin's env holds`);
      else t.expect.equal(`the plugin's ${name}`, env[name], value);
    t.expect(
      repeated.length === 0,
      `the plugin's environment holds these names more than once: ${[...new Set(repeated)].sort().join(", ")}`,
    );
  },
});

export const environmentOrder = defineCheck({
  id: "plugin/start-plugin/environment-order",
  title: "StartPlugin's env wins over the base, a binding over both, and the runtime's listener over all",
  requirements: ["PLUG-2"],
  instance: "shared",
  cause: "The parts of the environment are put together in another order.",
  mend: "Put them together in this order, later ones winning: safe base, request's env, bindings, listener and name.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const target = "tls://relay.example.com:443";
    for (const envVar of ["CONFORMANCE_BOUND", "GESTALT_PLUGIN_SOCKET", "GESTALT_PLUGIN_NAME"])
      await t.relies("bind", `BindHostService of ${envVar}`, () => session.bind(envVar, target));
    const plugin = await startDifferently(
      t,
      "an env and bindings that name the runtime's own variables",
      {
        pluginName: "in order",
        env: {
          LANG: "xx_XX.conformance",
          TZ: "Etc/GMT+7",
          CONFORMANCE_BOUND: "of the env",
          GESTALT_PLUGIN_SOCKET: "/of/the/env.sock",
          GESTALT_PLUGIN_NAME: "of the env",
        },
      },
      session,
    );
    const { env } = await plugin.execute("env");
    t.expect.equal("LANG, which StartPlugin's env sets", env.LANG, "xx_XX.conformance");
    t.expect.equal("TZ, which StartPlugin's env sets", env.TZ, "Etc/GMT+7");
    t.expect.equal("a bound variable that StartPlugin's env sets too", env.CONFORMANCE_BOUND, target);
    t.expect.equal(
      "GESTALT_PLUGIN_NAME, which env and a binding set too",
      env.GESTALT_PLUGIN_NAME,
      "in order",
    );
    t.expect(
      env.GESTALT_PLUGIN_SOCKET !== "/of/the/env.sock" && env.GESTALT_PLUGIN_SOCKET !== target,
      "GESTALT_PLUGIN_SOCKET is not the runtime's listener but what StartPlugin's env or a binding said",
    );
  },
});

export const ownVariables = defineCheck({
  id: "plugin/start-plugin/listener-variables",
  title:
    "the plugin finds its listener in GESTALT_PLUGIN_SOCKET, its name in GESTALT_PLUGIN_NAME, and its real parent or " +
    "nothing in GESTALT_PLUGIN_PARENT_PID",
  requirements: ["PLUG-3"],
  instance: "shared",
  cause:
    "GESTALT_PLUGIN_PARENT_PID is the provider's pid though another process (a shell, an init) is the plugin's parent, " +
    "or the name is the runtime's own.",
  mend:
    "Set the listener's path as the guest sees it, the name from StartPlugin's plugin_name, and GESTALT_PLUGIN_PARENT_PID " +
    "only where it is certain (1 for the first process's children in a PID namespace): plugins end when it is wrong.",
  run: async (t) => {
    const pluginName = "odd name/ü=1";
    const plugin = await startDifferently(t, "an odd plugin_name", { pluginName });
    const { env } = await plugin.execute("env");
    t.expect(
      env.GESTALT_PLUGIN_SOCKET?.startsWith("/") === true,
      `GESTALT_PLUGIN_SOCKET is ${JSON.stringify(env.GESTALT_PLUGIN_SOCKET ?? null).replace(/\d+/g, "N")} in the plugin; expected an absolute path inside the guest`,
    );
    t.expect.equal("GESTALT_PLUGIN_NAME in the plugin", env.GESTALT_PLUGIN_NAME, pluginName);
    const said = env.GESTALT_PLUGIN_PARENT_PID;
    if (said === undefined) return;
    const { insideParentPid } = await plugin.execute("processes");
    t.expect(
      said === String(insideParentPid),
      "GESTALT_PLUGIN_PARENT_PID is set in the plugin, but that process is not its parent there",
    );
  },
});
