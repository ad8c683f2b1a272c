import { defineCheck } from "../../check/check.js";

/** Names are opaque: those of the host, and others. */
const bound: Readonly<Record<string, string>> = {
  GESTALT_INDEXEDDB_SOCKET: "tls://relay.example.com:443",
  GESTALT_CACHE_SOCKET_MAIN: "tls://relay.example.com:443",
  GESTALT_AGENT_HOST_SOCKET: "tcp://relay.example.com:8080",
  GESTALT_AUTHORIZATION_SOCKET: "tcp://127.0.0.1:9000",
  "odd.name-of_another": "tls://[2001:db8::1]:8443",
  x: "tls://UPPER.example.com:65535",
};

export const relayUnchanged = defineCheck({
  id: "binding/bind-host-service/relay-reaches-plugin",
  title:
    "the plugin finds each tls:// and tcp:// relay unchanged under its variable, and the token beside it",
  requirements: ["BIND-3", "BIND-1"],
  instance: "shared",
  cause:
    "The scheme is cut off, the host is put in lower case, names are filtered, or tokens of the env are dropped.",
  mend: "Set env_var to dial_target as it came; take <ENV_VAR>_TOKEN from StartPlugin's env like all the rest.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    for (const [envVar, target] of Object.entries(bound))
      await t.relies("bind", `BindHostService of ${envVar}`, () => session.bind(envVar, target));
    const tokens = Object.fromEntries(
      Object.keys(bound).map((name) => [`${name}_TOKEN`, `token of ${name}`]),
    );
    const plugin = await t.plugin(session, { env: tokens });
    const { env } = await plugin.execute("env");
    for (const [name, value] of Object.entries({ ...bound, ...tokens }))
      t.expect.equal(`${name} in the plugin`, env[name], value);
  },
});

export const secondBindingWins = defineCheck({
  id: "binding/bind-host-service/second-replaces-first",
  title: "binding a variable again replaces the earlier binding",
  requirements: ["BIND-4"],
  instance: "shared",
  cause: "The second call is refused, or the first binding stays.",
  mend: "Keep bindings by their variable; the last one counts.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const [first, second] = ["tls://first.example.com:1", "tcp://second.example.com:2"];
    await t.relies("bind", "BindHostService", () => session.bind("TWICE", first));
    const after = await t.expect.answered(
      "the second BindHostService of a variable",
      session.bind("TWICE", second),
    );
    // Whether answers hold the relay at all is another check's question.
    t.expect(
      after.relay?.dialTarget !== first,
      "the second answer has the first binding's relay.dial_target",
    );
    const { env } = await (await t.plugin(session)).execute("env");
    t.expect.equal("the variable that was bound twice, in the plugin", env.TWICE, second);
  },
});

export const bindingOfOneSession = defineCheck({
  id: "binding/bind-host-service/own-session-alone",
  title: "a binding is seen by its own session's plugin alone",
  requirements: ["BIND-1"],
  instance: "shared",
  cause: "Bindings are kept by their variable for all sessions.",
  mend: "Keep bindings with their session.",
  run: async (t) => {
    const provider = await t.provider();
    const [one, other] = [await t.session(provider), await t.session(provider)];
    const targets = ["tls://one.example.com:1", "tls://other.example.com:2"] as const;
    await t.relies("bind", "BindHostService", () => one.bind("SHARED", targets[0]));
    await t.relies("bind", "BindHostService", () => other.bind("SHARED", targets[1]));
    await t.relies("bind", "BindHostService", () => other.bind("OWN", targets[1]));
    const { env } = await (await t.plugin(one)).execute("env");
    t.expect.equal(
      "a variable that two sessions have bound, in the first one's plugin",
      env.SHARED,
      targets[0],
    );
    t.expect(!("OWN" in env), "a variable that another session has bound stands in this one's plugin");
  },
});

export const bindBesideStart = defineCheck({
  id: "binding/bind-host-service/beside-start-plugin",
  title: "a BindHostService beside StartPlugin is refused, or the plugin sees it",
  requirements: ["SESS-11", "BIND-1"],
  instance: "shared",
  cause: "StartPlugin awaits something after it has read the bindings and before it refuses new ones.",
  mend: "Close the session to bindings in the moment in which they are read.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const names = Array.from({ length: 20 }, (_, index) => `BESIDE_${index}`);
    const starting = session.startPlugin(t.pluginRequest());
    const outcomes = names.map(async (name) => {
      await t.pause(t.random.below(60));
      return session.bind(name, "tls://relay.example.com:1").then(
        () => "bound",
        () => "refused",
      );
    });
    const bound = await Promise.all(outcomes);
    const hosted = await t.relies("plugin", "StartPlugin of the fixture plugin", () => starting);
    const plugin = await t.relies("plugin", "the fixture plugin's dial target", () =>
      t.dial(session, hosted),
    );
    const { env } = await plugin.execute("env");
    const lost = names.filter((name, index) => bound[index] === "bound" && !(name in env));
    t.expect(
      lost.length === 0,
      `${lost.length} of 20 bindings beside StartPlugin were answered with OK and not given to the plugin`,
    );
  },
});
