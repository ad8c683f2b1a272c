import { describe, expect, it } from "vitest";
import { egressEndpoints, egressPlan } from "../../src/sessions/egress-plan.js";

const relay = new Map([["GESTALT_CACHE_SOCKET", "tls://127.0.0.1:8443"]]);
const request = { allowedHosts: [], defaultAction: "", env: {} };

describe("an egress plan", () => {
  it("EGR-5: leaves the network open without a policy, also where the list names nothing but relays", async () => {
    expect(await egressPlan(request, new Map())).toMatchObject({ enforce: false, endpoints: [] });
    expect(await egressPlan({ ...request, allowedHosts: ["127.0.0.1"] }, relay)).toMatchObject({
      enforce: false,
    });
  });

  it("EGR-5: enforces deny, a list of other hosts, and a proxy in the environment", async () => {
    for (const policy of [
      { ...request, defaultAction: "deny" },
      { ...request, allowedHosts: ["127.0.0.1", "api.example.com"] },
      { ...request, env: { HTTPS_PROXY: "https://x:token@127.0.0.1:9" } },
    ])
      expect(await egressPlan(policy, relay)).toMatchObject({ enforce: true });
  });

  it("EGR-4: the host's proxy and every relay stay reachable, bound or named in the environment alone", () => {
    const env = {
      HTTP_PROXY: "https://gestalt-egress-proxy:secret@proxy.example.com:8443",
      HTTPS_PROXY: "https://gestalt-egress-proxy:secret@proxy.example.com:8443",
      GESTALT_S3_SOCKET: "tcp://[fd00::1]:700",
      GESTALT_S3_SOCKET_TOKEN: "t",
      PLAIN: "tls://not-a-relay:1",
      GESTALT_INDEXEDDB_SOCKET: "/run/direct.sock",
      GESTALT_INDEXEDDB_SOCKET_TOKEN: "t",
    };
    expect(egressEndpoints(env, relay)).toEqual([
      { purpose: "proxy", host: "proxy.example.com", port: 8443 },
      { purpose: "relay", host: "127.0.0.1", port: 8443 },
      { purpose: "relay", host: "fd00::1", port: 700 },
    ]);
  });

  it("EGR-4: comes with addresses, and without what can't be resolved", async () => {
    const env = { HTTP_PROXY: "http://localhost:3128", X: "tls://no-such-host.invalid:1", X_TOKEN: "t" };
    const { endpoints } = await egressPlan({ ...request, defaultAction: "deny", env }, relay);
    expect(endpoints).toEqual([
      {
        purpose: "proxy",
        host: "localhost",
        port: 3128,
        cidrs: expect.arrayContaining(["127.0.0.1/32"]) as string[],
      },
      { purpose: "relay", host: "127.0.0.1", port: 8443, cidrs: ["127.0.0.1/32"] },
      { purpose: "relay", host: "no-such-host.invalid", port: 1, cidrs: [] },
    ]);
  });
});
