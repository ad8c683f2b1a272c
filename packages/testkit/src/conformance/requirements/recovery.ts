import type { Requirement } from "./requirement.js";

export const recoveryRequirements: readonly Requirement[] = [
  {
    id: "REC-1",
    level: "SHOULD",
    area: "recovery",
    when: ["spawned", "hosts-plugins", "outlives-provider"],
    text: "A provider whose backend outlives it finds its sessions again after a restart: same ids, same metadata, true state.",
  },
  {
    id: "REC-2",
    level: "MUST",
    area: "recovery",
    when: ["spawned", "hosts-plugins"],
    text: "What a dead predecessor left and nobody can adopt is cleaned up before the provider is ready, and nothing of a living instance is.",
  },
];
