import type { Requirement } from "./requirement.js";

export const pluginRequirements: readonly Requirement[] = [
  {
    id: "PLUG-1",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "The command runs with exactly the arguments given, without a shell; a relative command is relative to the image's or the package's working directory.",
  },
  {
    id: "PLUG-2",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "The plugin's environment is a safe base, then the request's env, then bindings, then the listener; nothing of the provider's own environment gets in.",
  },
  {
    id: "PLUG-3",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "GESTALT_PLUGIN_SOCKET names the listener inside the guest and GESTALT_PLUGIN_NAME the plugin; GESTALT_PLUGIN_PARENT_PID is set only where it is the real parent there.",
  },
  {
    id: "PLUG-4",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "StartPlugin answers once the plugin accepts gRPC connections, or fails.",
  },
  {
    id: "PLUG-5",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "StartPlugin answers a plugin id of its own, the session's id, the plugin's name as given and a target that the host can dial.",
  },
  {
    id: "PLUG-6",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "An empty command is INVALID_ARGUMENT, a second start FAILED_PRECONDITION; a program that can't serve fails the call and the session, with how it ended and its last words.",
  },
  {
    id: "PLUG-7",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "A StartPlugin that was cancelled or ran out of time leaves no process, and its session turns failed.",
  },
  {
    id: "PLUG-8",
    level: "MUST",
    area: "plugin",
    when: ["hosts-plugins"],
    text: "An empty host_binary means nothing, and one that is set may be ignored.",
  },
];
