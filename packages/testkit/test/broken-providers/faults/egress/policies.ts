import { ServerResponse } from "node:http";
import type { EgressPolicy, EgressProxyOptions } from "@gestalt-runtime/sdk/egress";
import { egressPolicy, type EnforcedEgressRequest } from "@gestalt-runtime/sdk/egress";
import { defineFault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";

type Fields = Pick<EnforcedEgressRequest, "allowedHosts" | "defaultAction">;

/** Has the proxy decide otherwise: by a policy that is made of the one that StartPlugin brought. */
function decides(
  { waysOut }: Reference,
  make: (fields: Fields, policy: EgressPolicy) => Partial<EgressPolicy>,
): void {
  const { enforced } = waysOut;
  waysOut.enforced = (request) => {
    const made = enforced(request);
    if (made === undefined) return undefined;
    const { policy } = made.proxy;
    return { ...made, proxy: { ...made.proxy, policy: { ...policy, ...make(request, policy) } } };
  };
}

function proxies({ waysOut }: Reference, change: (options: EgressProxyOptions) => EgressProxyOptions): void {
  const { proxyOptions } = waysOut;
  waysOut.proxyOptions = (options) => proxyOptions(change(options));
}

/** With other entries in place of the list's. */
const reads = (reference: Reference, change: (entry: string) => string[]): void => {
  decides(reference, ({ allowedHosts, defaultAction }) =>
    egressPolicy({ allowedHosts: allowedHosts.flatMap(change), defaultAction }),
  );
};

export const namesAllowWhatIsBelow = defineFault({
  name: "names-allow-what-is-below",
  breaks: ["egress/allowed-hosts/exact-name"],
  apply: (reference) => {
    reads(reference, (entry) => [entry, `*.${entry}`]);
  },
});

export const suffixAllowsItself = defineFault({
  name: "suffix-allows-itself",
  breaks: ["egress/allowed-hosts/suffix-pattern"],
  apply: (reference) => {
    reads(reference, (entry) => [entry, entry.replace(/^\*\./, "")]);
  },
});

export const heedsCase = defineFault({
  name: "heeds-case",
  breaks: ["egress/allowed-hosts/case"],
  apply: (reference) => {
    reads(reference, (entry) => (entry === entry.toLowerCase() ? [entry] : []));
  },
});

export const webPortsOnly = defineFault({
  name: "web-ports-only",
  breaks: ["egress/allowed-hosts/port-of-request", "egress/proxy/absolute-uri", "egress/proxy/connect"],
  apply: (reference) => {
    proxies(reference, (options) => ({ ...options, allowedPorts: [80, 443] }));
  },
});

export const cutsPortsOfEntries = defineFault({
  name: "cuts-ports-of-entries",
  breaks: ["egress/allowed-hosts/pattern-with-port"],
  apply: (reference) => {
    reads(reference, (entry) => [entry.replace(/:\d+$/, "")]);
  },
});

export const starAllowsAll = defineFault({
  name: "star-allows-all",
  breaks: ["egress/allowed-hosts/lone-star"],
  apply: (reference) => {
    decides(reference, ({ allowedHosts }, policy) => ({
      allows: (host) => allowedHosts.includes("*") || policy.allows(host),
    }));
  },
});

export const actionWins = defineFault({
  name: "action-wins",
  breaks: ["egress/default-action/list-wins"],
  apply: (reference) => {
    decides(reference, ({ defaultAction }, policy) => ({
      allows: (host) => defaultAction === "allow" || policy.allows(host),
    }));
  },
});

export const emptyListAllowsAll = defineFault({
  name: "empty-list-allows-all",
  breaks: ["egress/default-action/deny"],
  apply: (reference) => {
    decides(reference, ({ allowedHosts }, policy) => ({
      allows: (host) => allowedHosts.length === 0 || policy.allows(host),
    }));
  },
});

export const refusesLikeUnreachable = defineFault({
  name: "refuses-like-unreachable",
  breaks: ["egress/proxy/refuses-absolute-uri", "egress/proxy/refuses-connect"],
  also: [
    "egress/allowed-hosts/exact-name",
    "egress/allowed-hosts/suffix-pattern",
    "egress/allowed-hosts/pattern-with-port",
    "egress/allowed-hosts/lone-star",
    "egress/default-action/list-wins",
    "egress/default-action/deny",
  ],
  apply: () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its response below
    const { writeHead } = ServerResponse.prototype;
    ServerResponse.prototype.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
      return Reflect.apply(writeHead, this, [status === 403 ? 502 : status, ...rest]) as ServerResponse;
    };
  },
});
