import type { Requirement } from "./requirement.js";

export const lifecycleRequirements: readonly Requirement[] = [
  {
    id: "LIFE-1",
    level: "MUST",
    area: "lifecycle",
    text: "GetProviderIdentity answers before and after configuration, with kind RUNTIME and a range of protocol versions that holds 3.",
  },
  {
    id: "LIFE-2",
    level: "MUST",
    area: "lifecycle",
    text: "ConfigureProvider refuses every protocol version but 3 with FAILED_PRECONDITION, answers version 3, and takes an absent config for an empty one.",
  },
  {
    id: "LIFE-3",
    level: "MUST",
    area: "lifecycle",
    text: "A config that breaks the schema is refused with all offending paths named at once; the provider lives on, unconfigured, and can be configured again.",
  },
  {
    id: "LIFE-4",
    level: "MUST",
    area: "lifecycle",
    text: "HealthCheck tells of trouble with ready = false and a message, never with an RPC error.",
  },
  {
    id: "LIFE-5",
    level: "MUST",
    area: "lifecycle",
    text: "Work in the background begins with configuration, without waiting for StartProvider; where that is called, its answer carries version 3.",
  },
  {
    id: "LIFE-6",
    level: "MUST",
    area: "lifecycle",
    text: "Every runtime call before configuration fails with FAILED_PRECONDITION.",
  },
  {
    id: "LIFE-7",
    level: "HOST",
    area: "lifecycle",
    text: "The host looks at kind and protocol range in its first GetProviderIdentity alone, and reads name and version from the package.",
    noCheck:
      "It tells where the host looks; that the first answer is right is LIFE-1, whose checks ask before configuration.",
  },
];
