import type { Requirement } from "./requirement.js";

export const logsRequirements: readonly Requirement[] = [
  {
    id: "LOGS-1",
    level: "SHOULD",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "Each session's stdout, stderr and the runtime's own words are pushed in order, with stream, time and a number that rises by one.",
  },
  {
    id: "LOGS-2",
    level: "MUST",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "Records are valid UTF-8, in batches below 4 MiB, held back until the host knows the session; its refusal of one session says nothing of the log host.",
  },
  {
    id: "LOGS-3",
    level: "MUST",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "What the plugin wrote is pushed before a failed StartPlugin is answered.",
  },
  {
    id: "LOGS-4",
    level: "MUST",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "A log host that is missing, slow or failing slows nothing down and lets no memory grow; what was dropped is counted in the log.",
  },
  {
    id: "LOGS-5",
    level: "MUST",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "Without a log host, logs go to the provider's stderr.",
  },
  {
    id: "LOGS-6",
    level: "MUST",
    area: "logs",
    when: ["spawned", "hosts-plugins"],
    text: "A session's last lines are pushed before StopSession is answered, and what the log host refuses is not pushed again for ever.",
  },
];
