import type { Requirement } from "./requirement.js";

export const bindingRequirements: readonly Requirement[] = [
  {
    id: "BIND-1",
    level: "MUST",
    area: "binding",
    when: ["hosts-plugins"],
    text: "BindHostService keeps the variable and the relay for its session, and answers them with the session's id and a binding id of its own.",
  },
  {
    id: "BIND-2",
    level: "MUST",
    area: "binding",
    when: ["hosts-plugins", "direct-services"],
    text: "A host's Unix socket is found in the guest under the variable as a bare path that works there.",
  },
  {
    id: "BIND-3",
    level: "MUST",
    area: "binding",
    when: ["hosts-plugins"],
    text: "A relay's tls:// or tcp:// target reaches the plugin under the variable unchanged, beside the token from StartPlugin's env.",
  },
  {
    id: "BIND-4",
    level: "MUST",
    area: "binding",
    when: ["hosts-plugins"],
    text: "A second binding of a variable takes the place of the first.",
  },
  {
    id: "BIND-5",
    level: "MUST",
    area: "binding",
    when: ["hosts-plugins"],
    text: "An empty variable, a missing relay or an unknown scheme is INVALID_ARGUMENT with the field's name; binding once the plugin runs is FAILED_PRECONDITION.",
  },
];
