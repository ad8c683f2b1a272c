import { defineFault } from "../../fault.js";

export const namesNoProxy = defineFault({
  name: "names-no-proxy",
  breaks: ["egress/proxy/named"],
  apply: ({ waysOut }) => {
    waysOut.environment = (made) =>
      Object.fromEntries(Object.entries(made).filter(([name]) => !/^https?_proxy$/i.test(name)));
  },
});

export const variablesAlone = defineFault({
  name: "variables-alone",
  breaks: ["egress/way-out/tcp", "egress/way-out/udp", "egress/way-out/own-resolver", "egress/way-out/child"],
  apply: ({ waysOut }) => {
    waysOut.closed = false;
  },
});

export const alwaysClosed = defineFault({
  name: "always-closed",
  breaks: ["egress/default-action/allow"],
  apply: ({ waysOut }) => {
    const { enforced } = waysOut;
    waysOut.enforced = (request) => enforced({ ...request, enforce: true });
  },
});

export const forgetsUpstream = defineFault({
  name: "forgets-upstream",
  breaks: ["egress/upstream-proxy/credentials-at-once"],
  apply: ({ waysOut }) => {
    const { enforced } = waysOut;
    waysOut.enforced = (request) => {
      const env = Object.entries(request.env).filter(([name]) => !/^https?_proxy$/i.test(name));
      return enforced({ ...request, env: Object.fromEntries(env) });
    };
  },
});

export const upstreamWithoutCredentials = defineFault({
  name: "upstream-without-credentials",
  breaks: ["egress/upstream-proxy/credentials-at-once"],
  apply: ({ waysOut }) => {
    waysOut.proxyOptions = (options) => {
      if (typeof options.upstream !== "object") return options;
      const url = new URL(options.upstream.url);
      url.username = url.password = "";
      return { ...options, upstream: { ...options.upstream, url: url.href } };
    };
  },
});

export const policyHidesSockets = defineFault({
  name: "policy-hides-sockets",
  breaks: ["egress/host-services/direct-sockets"],
  apply: ({ waysOut }) => {
    waysOut.environment = (made) =>
      Object.fromEntries(
        Object.entries(made).map(([name, value]) => [
          name,
          /^GESTALT_(?!PLUGIN_).*_SOCKET/.test(name) ? `/nonexistent${value}` : value,
        ]),
      );
  },
});

export const cutsRelays = defineFault({
  name: "cuts-relays",
  breaks: ["egress/host-services/relays"],
  program: "relayed",
  apply: ({ waysOut }) => {
    const { enforced } = waysOut;
    waysOut.enforced = (request) => {
      const made = enforced(request);
      return made === undefined ? undefined : { ...made, relays: [] };
    };
  },
});

export const relayHostsAreAPolicy = defineFault({
  name: "relay-hosts-are-a-policy",
  breaks: ["egress/relay-hosts/no-policy"],
  program: "relayed",
  apply: ({ waysOut }) => {
    const { enforced } = waysOut;
    waysOut.enforced = (request) =>
      enforced(request.allowedHosts.length > 0 ? { ...request, enforce: true } : request);
  },
});
