import { defineCheck } from "../../check/check.js";
import { originText, serveOrigin } from "./origin.js";
import { mustRefuse, policed } from "./policed.js";

export const proxyNamed = defineCheck({
  id: "egress/proxy/named",
  title: "under a policy a plugin starts, and its environment names the proxy that leads out",
  requirements: ["EGR-3"],
  instance: "shared",
  cause:
    "StartPlugin refuses policies though GetSupport says HOSTNAME, or the plugin is cut off without a word.",
  mend: "Set HTTP_PROXY and HTTPS_PROXY, in lower case too, to the proxy that enforces the policy; with relayed services the host's may stay.",
  run: async (t) => {
    const provider = await t.provider();
    // Without a policy, too, it has to be there.
    (await t.plugin(await t.session(provider))).close();
    const session = await t.session(provider);
    let plugin;
    try {
      plugin = await policed(
        t,
        { allowedHosts: ["listed.conformance.invalid"], defaultAction: "deny" },
        { session },
      );
    } catch (error) {
      // Here it is the question itself.
      return t.expect.fail(`a plugin under an egress policy can't be used: ${String(error)}`);
    }
    for (const [what, tunnel] of [
      ["HTTP_PROXY", false],
      ["HTTPS_PROXY", true],
    ] as const)
      t.expect(
        plugin.proxyVariable(tunnel) !== undefined,
        `the environment of a plugin under a policy names no proxy; expected ${what}`,
      );
  },
});

const ways = [
  { name: "absolute-uri", what: "a request with an absolute URI", tunnel: false },
  { name: "connect", what: "a tunnel by CONNECT", tunnel: true },
] as const;

export const leadsToListed = ways.map(({ name, what, tunnel }) =>
  defineCheck({
    id: `egress/proxy/${name}`,
    title: `${what} leads to a listed host`,
    requirements: ["EGR-3", "EGR-1"],
    instance: "shared",
    cause: "The proxy knows one kind of request only, or can't reach what the policy allows.",
    mend: "Take absolute URIs (for http) and CONNECT (for everything else), and dial from outside the guest.",
    run: async (t) => {
      const origin = await serveOrigin(t);
      const plugin = await policed(t, { allowedHosts: [origin.host], defaultAction: "deny" });
      const { status, body, error } = await plugin.ask(`http://${origin.authority}/`, { tunnel });
      t.expect(
        status === 200 && body === originText,
        `${what} for a listed host on this machine was answered with ${error ?? status}; expected the host's own answer`,
      );
    },
  }),
);

export const refusesUnlisted = ways.map(({ name, what, tunnel }) =>
  defineCheck({
    id: `egress/proxy/refuses-${name}`,
    title: `${what} for a host that is not listed is answered with 403`,
    requirements: ["EGR-3"],
    instance: "shared",
    cause: "Refusals are answered like unreachable hosts, or the connection is just closed.",
    mend: "Answer 403, as gestaltd's own proxies do: plugins tell a refusal from a failure by it.",
    run: async (t) => {
      const origin = await serveOrigin(t);
      const plugin = await policed(t, {
        allowedHosts: ["listed.conformance.invalid"],
        defaultAction: "deny",
      });
      const refused = await plugin.ask(`http://${origin.authority}/`, { tunnel });
      mustRefuse(t, `${what} for a host that is not listed`, refused);
      t.expect(origin.reached() === 0, `${what} reached a host that is not listed`, "EGR-1");
    },
  }),
);

export const allowLetsThrough = defineCheck({
  id: "egress/default-action/allow",
  title: "an empty list with default_action allow, or none, lets everything through",
  requirements: ["EGR-1"],
  instance: "shared",
  cause: "Every plugin's network is closed, or an empty action is taken for deny.",
  mend: "Without hosts on the list, close the network for deny alone.",
  run: async (t) => {
    const origin = await serveOrigin(t);
    for (const defaultAction of ["allow", ""]) {
      const { plugin } = await policed(t, { allowedHosts: [], defaultAction });
      const found = await plugin.execute("fetch", { url: `http://${origin.authority}/` });
      t.expect(
        found.ok && found.body === originText,
        `without a policy (default_action ${JSON.stringify(defaultAction)}) the plugin could not reach a host of this machine: ${found.ok ? found.status : found.error}`,
      );
    }
  },
});
