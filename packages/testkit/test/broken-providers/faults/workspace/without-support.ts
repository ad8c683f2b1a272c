import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const preparesWithoutSupport = defineFault({
  name: "prepares-without-support",
  breaks: ["workspace/prepare-workspace/unimplemented"],
  apply: (reference) => {
    reference.around("prepareWorkspace", () => ({ workspace: { root: "/tmp", cwd: "/tmp" } }));
  },
});

export const removeWorkspaceMissing = defineFault({
  name: "remove-workspace-missing",
  breaks: ["workspace/remove-workspace/never-was"],
  apply: (reference) => {
    reference.around("removeWorkspace", () => {
      throw new RuntimeProviderError("UNIMPLEMENTED", "the method is not implemented");
    });
  },
});

export const removeWorkspaceNotFound = defineFault({
  name: "remove-workspace-not-found",
  breaks: ["workspace/remove-workspace/never-was"],
  apply: (reference) => {
    reference.around("removeWorkspace", (request, next) => {
      reference.found(request.sessionId);
      return next(request);
    });
  },
});
