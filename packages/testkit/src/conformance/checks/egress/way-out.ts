import type { FixtureOperations } from "../../../plugins/operations.js";
import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { originHost, serveDatagrams, serveOrigin, type Served } from "./origin.js";
import { policed } from "./policed.js";

type Attempt = Pick<FixtureOperations["reach"]["params"], "how" | "inChild">;

const policies = [
  ["a list of hosts", { allowedHosts: ["listed.conformance.invalid"], defaultAction: "" }],
  ["default_action deny", { allowedHosts: [], defaultAction: "deny" }],
] as const;

const mend =
  "Give the guest a network of its own (a network namespace, firewall rules of the sandbox) whose one way out is the proxy.";

/** How long an answer may take that comes from this machine. */
const timeoutMs = 500;

/** Tries ways that lead past the proxy, to this machine as others see it and to its loopback. */
async function nothingGetsOut(t: CheckContext, attempts: readonly Attempt[]): Promise<void> {
  const hosts = [...new Set([originHost(t), "127.0.0.1"])];
  for (const [under, policy] of policies) {
    const { plugin } = await policed(t, policy);
    for (const host of hosts)
      for (const attempt of attempts) {
        const served = await serve(t, attempt, host);
        await plugin.execute("reach", { ...attempt, host: served.host, port: served.port, timeoutMs });
        // What the guest has of its own may well answer there; it counts what came here.
        t.expect(
          served.reached() === 0,
          `under ${under}, ${words[attempt.how]}${attempt.inChild === true ? " of a child of the plugin" : ""} reached ` +
            (host === "127.0.0.1" ? "this machine's loopback" : "a host that is not listed"),
        );
      }
  }
}

const words = {
  tcp: "a TCP connection without the proxy",
  udp: "a UDP datagram",
  dns: "a DNS query to a resolver of its own",
} as const;

function serve(t: CheckContext, { how }: Attempt, host: string): Promise<Served> {
  return how === "tcp" ? serveOrigin(t, host) : serveDatagrams(t, host);
}

export const noTcp: Check = defineCheck({
  id: "egress/way-out/tcp",
  title: "under a policy, no TCP connection gets past the proxy",
  requirements: ["EGR-2"],
  instance: "shared",
  cause: "The policy is only in the proxy variables, and a program may ignore them.",
  mend,
  run: (t) => nothingGetsOut(t, [{ how: "tcp" }]),
});

export const noUdp: Check = defineCheck({
  id: "egress/way-out/udp",
  title: "under a policy, no UDP datagram gets out",
  requirements: ["EGR-2"],
  instance: "shared",
  cause: "Rules are for TCP alone.",
  mend,
  run: (t) => nothingGetsOut(t, [{ how: "udp" }]),
});

export const noResolver: Check = defineCheck({
  id: "egress/way-out/own-resolver",
  title: "under a policy, a plugin can't ask a resolver of its own choice",
  requirements: ["EGR-2"],
  instance: "shared",
  cause:
    "Port 53 or UDP is let through so that names can be looked up; data leaves the guest in queries, too.",
  mend: `${mend} Names are looked up by the proxy.`,
  run: (t) => nothingGetsOut(t, [{ how: "dns" }]),
});

export const noChild: Check = defineCheck({
  id: "egress/way-out/child",
  title: "the policy holds for what a plugin starts, too",
  requirements: ["EGR-2"],
  instance: "shared",
  cause: "The rules are bound to the plugin's process or its environment.",
  mend,
  run: (t) =>
    nothingGetsOut(t, [
      { how: "tcp", inChild: true },
      { how: "udp", inChild: true },
    ]),
});
