import type { Check } from "../../check/check.js";
import * as allowedHosts from "./allowed-hosts.js";
import { directServices, relayHostsAlone, relayedServices } from "./host-services.js";
import { allowLetsThrough, leadsToListed, proxyNamed, refusesUnlisted } from "./reached.js";
import { upstreamProxy } from "./upstream.js";
import * as wayOut from "./way-out.js";

export const egressChecks: readonly Check[] = [
  proxyNamed,
  ...leadsToListed,
  ...refusesUnlisted,
  upstreamProxy,
  ...Object.values(allowedHosts),
  allowLetsThrough,
  ...Object.values(wayOut),
  directServices,
  relayedServices,
  relayHostsAlone,
];
