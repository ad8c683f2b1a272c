import type { Requirement } from "./requirement.js";

export const supportRequirements: readonly Requirement[] = [
  {
    id: "SUP-1",
    level: "MUST",
    area: "support",
    text: "GetSupport tells the truth and the same each time it is asked.",
  },
  {
    id: "SUP-2",
    level: "MUST",
    area: "support",
    text: "can_host_plugins says whether plugins can be hosted: with false the host asks for no session at all.",
  },
  {
    id: "SUP-3",
    level: "MUST",
    area: "support",
    text: "host_service_access is DIRECT only where a socket of the host's can be reached from inside a session.",
  },
  {
    id: "SUP-4",
    level: "MUST",
    area: "support",
    text: "egress_mode is HOSTNAME only where allowed hosts are enforced by name; relays stay directly reachable then, whatever proxy variables say.",
  },
];
