import type { Requirement } from "./requirement.js";

export const workspaceRequirements: readonly Requirement[] = [
  {
    id: "WORK-1",
    level: "MUST",
    area: "workspace",
    when: ["without-workspaces"],
    text: "Without workspaces PrepareWorkspace is UNIMPLEMENTED, and RemoveWorkspace answers OK all the same.",
  },
  {
    id: "WORK-2",
    level: "MUST",
    area: "workspace",
    when: ["hosts-plugins", "workspaces"],
    text: "PrepareWorkspace makes the checkouts where the guest sees them, answers absolute paths with cwd inside root, and leaves nothing when it is cancelled.",
  },
  {
    id: "WORK-3",
    level: "MUST",
    area: "workspace",
    text: "RemoveWorkspace can be repeated, also for a workspace or session that never was.",
  },
];
