import type { Requirement } from "./requirement.js";

export const egressRequirements: readonly Requirement[] = [
  {
    id: "EGR-1",
    level: "MUST",
    area: "egress",
    when: ["hosts-plugins", "hostname-egress"],
    text: "Listed hosts alone are reachable: exact names and *.suffix patterns without case, whatever the port; an empty list lets all through or, with deny, nothing.",
  },
  {
    id: "EGR-2",
    level: "MUST",
    area: "egress",
    when: ["hosts-plugins", "hostname-egress", "direct-services"],
    text: "The policy binds everything that the plugin and its children send, proxy variables used or not, whatever the protocol.",
  },
  {
    id: "EGR-3",
    level: "MUST",
    area: "egress",
    when: ["hosts-plugins", "hostname-egress"],
    text: "A runtime's proxy refuses a host with 403 and takes CONNECT and absolute-URI requests; towards the host's public proxy it sends the credentials at once.",
  },
  {
    id: "EGR-4",
    level: "MUST",
    area: "egress",
    when: ["hosts-plugins"],
    text: "Host services that are bound stay reachable under every policy.",
  },
  {
    id: "EGR-5",
    level: "MUST",
    area: "egress",
    when: ["hosts-plugins"],
    text: "A list of nothing but relay hosts is no policy: such a plugin is not cut off from the rest.",
  },
];
