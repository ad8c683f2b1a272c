import type { Requirement } from "./requirement.js";

export const processRequirements: readonly Requirement[] = [
  {
    id: "PROC-1",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Serves plaintext gRPC on the Unix socket that GESTALT_PLUGIN_SOCKET names; started without that variable, exits non-zero at once and names it on stderr.",
  },
  {
    id: "PROC-2",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Takes the place of a stale socket file at its path. Should leave anything else that is there alone and say so.",
  },
  {
    id: "PROC-3",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Accepts connections within 45 seconds of its start, with localhost as authority. The socket should appear only once it accepts.",
  },
  {
    id: "PROC-4",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Needs nothing of the operator's environment but PATH, HOME, TMPDIR, LANG, TZ, SSL_CERT_FILE and SSL_CERT_DIR, its own entry's env and what the host sets.",
  },
  {
    id: "PROC-5",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Reads nothing into stdin, which is /dev/null, and neither speaks a protocol over stdout and stderr nor hangs when nobody reads them.",
  },
  {
    id: "PROC-6",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "On SIGTERM or SIGINT takes no more work, lets calls in flight end, removes its socket and exits with 0 within 2 seconds, idle connections or not.",
  },
  {
    id: "PROC-7",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Ends by itself, as on SIGTERM, about a second after the process of GESTALT_PLUGIN_PARENT_PID has stopped being its parent.",
  },
  {
    id: "PROC-8",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "However it ends, leaves no plugin process behind that it does not take over at its next start.",
  },
  {
    id: "PROC-9",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Stands being started several times at once and ended at any moment of its start, and touches nothing of another living instance.",
  },
  {
    id: "PROC-10",
    level: "MUST",
    area: "process",
    when: ["spawned"],
    text: "Inside the host's Landlock sandbox, starts; where it can't host plugins there, says can_host_plugins = false and tells the operator what to change, in its identity's warnings and on stderr.",
  },
];
