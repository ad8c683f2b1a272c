import { describe, expect, it } from "vitest";
import { enforcedEgress } from "../../src/egress/index.js";

const deny = { allowedHosts: ["api.example.com", "relay.example.com"], defaultAction: "deny" };
const relayEnv = {
  GESTALT_CACHE_SOCKET: "tls://relay.example.com:8443",
  GESTALT_CACHE_SOCKET_TOKEN: "relay-token",
};
const proxy = { host: "127.0.0.1", port: 3128 };

describe("enforcing a plugin's egress", () => {
  it("EGR-5: has nothing to do without a policy, and where the list is the host's own addition", () => {
    expect(enforcedEgress({ allowedHosts: [], defaultAction: "allow", env: relayEnv })).toBeUndefined();
    const relaysAlone = { allowedHosts: ["relay.example.com"], defaultAction: "", env: {} };
    expect(enforcedEgress({ ...relaysAlone, relays: ["tls://relay.example.com:8443"] })).toBeUndefined();
    expect(enforcedEgress({ ...relaysAlone, env: relayEnv })).toBeUndefined();
    expect(enforcedEgress(relaysAlone)).toBeDefined();
    // What the session runtime has found out counts.
    expect(enforcedEgress({ ...deny, env: {}, enforce: false })).toBeUndefined();
    expect(enforcedEgress({ ...relaysAlone, env: relayEnv, enforce: true })).toBeDefined();
  });

  it("EGR-3, EGR-4: the proxy goes through the request's, and knows every relay once", () => {
    const url = "https://gestalt-egress-proxy:pass@proxy.example.com:8443";
    const enforced = enforcedEgress({
      ...deny,
      env: { ...relayEnv, HTTPS_PROXY: url, HTTP_PROXY: url, DIRECT: "/run/x.sock", DIRECT_TOKEN: "t" },
      relays: ["tls://relay.example.com:8443", "tcp://[fd00::1]:700", "unix:///run/cache.sock"],
      endpoints: [
        { purpose: "proxy", host: "proxy.example.com", port: 8443 },
        { purpose: "relay", host: "other.example.com", port: 1 },
      ],
      ca: "PEM",
    });
    expect(enforced?.relays).toEqual([
      { host: "relay.example.com", port: 8443 },
      { host: "fd00::1", port: 700 },
      { host: "other.example.com", port: 1 },
    ]);
    expect(enforced?.proxy).toMatchObject({
      relays: ["tcp://relay.example.com:8443", "tcp://[fd00::1]:700", "tcp://other.example.com:1"],
      upstream: { url, ca: "PEM" },
    });
    expect(enforcedEgress({ ...deny, env: {} })?.proxy).not.toHaveProperty("upstream");
  });

  it("PLUG-2: the session's proxy is the last word, in both cases of letters, and nothing leads past it", () => {
    const env = {
      ...relayEnv,
      PATH: "/bin",
      HTTP_PROXY: "http://u:p@other:1",
      https_proxy: "http://u:p@other:1",
      grpc_proxy: "http://other:1",
      ALL_PROXY: "socks5://other:1",
      NO_PROXY: "api.example.com,*",
      no_grpc_proxy: "api.example.com",
    };
    const credentials = { username: "s", password: "p@ss" };
    const url = "http://s:p%40ss@127.0.0.1:3128";
    const noProxy = "localhost,127.0.0.1,::1";
    expect(enforcedEgress({ ...deny, env })?.environment({ proxy: { ...proxy, credentials } })).toEqual({
      ...relayEnv,
      PATH: "/bin",
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      http_proxy: url,
      https_proxy: url,
      NO_PROXY: noProxy,
      no_proxy: noProxy,
    });
  });

  it.each([
    [
      "a relay that no other host ends like",
      ["api.example.com", "relay.example.com"],
      "relay.example.com",
      true,
    ],
    ["patterns for other names", ["*.example.org", "relay.example.com"], "relay.example.com", true],
    ["an entry that matches nothing", ["*", "relay.example.com"], "relay.example.com", true],
    ["an address", ["10.0.0.1"], "10.0.0.1", true],
    ["letters as the plugin has them", [], "Relay.Example.com", true],
    ["a host below the relay", ["api.relay.example.com"], "relay.example.com", false],
    ["a host that ends like it within a label", ["my-relay.example.com"], "relay.example.com", false],
    ["a pattern that names below it match", ["*.example.com"], "relay.example.com", false],
    ["a pattern below it", ["*.eu.relay.example.com"], "relay.example.com", false],
  ])(
    "SUP-4: NO_PROXY names a relay only where that leads no other host astray: %s",
    (_, allowedHosts, host, listed) => {
      const enforced = enforcedEgress({
        allowedHosts,
        defaultAction: "deny",
        env: {},
        relays: [`tls://${host}:443`],
        enforce: true,
      });
      const { NO_PROXY = "" } = enforced?.environment({ proxy, relays: "direct" }) ?? {};
      expect(NO_PROXY.split(",").includes(host)).toBe(listed);
      expect(enforced?.environment({ proxy }).NO_PROXY).not.toContain(host);
    },
  );

  it("SUP-4: with no list at all every host is allowed, and any of them may end like the relay", () => {
    const all = { allowedHosts: [], defaultAction: "", env: { HTTPS_PROXY: "http://other:1" } };
    const enforced = enforcedEgress({ ...all, relays: ["tls://relay.example.com:443"] });
    expect(enforced?.environment({ proxy, relays: "direct" }).no_proxy).toBe("localhost,127.0.0.1,::1");
  });

  it("EGR-4: a relay on loopback is not the guest's own loopback", () => {
    const enforced = enforcedEgress({ ...deny, env: {}, relays: ["tls://127.0.0.1:8443", "tcp://[::1]:1"] });
    expect(enforced?.environment({ proxy }).no_proxy).toBe("localhost");
    expect(enforced?.environment({ proxy, relays: "direct" }).no_proxy).toBe("localhost,127.0.0.1,::1");
  });
});
