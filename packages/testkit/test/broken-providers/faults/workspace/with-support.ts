import { defineFault } from "../../fault.js";

const inside = "workspace/prepare-workspace/inside-the-guest";

export const relativeRoot = defineFault({
  name: "relative-root",
  program: "workspaces",
  breaks: [inside],
  apply: (reference) => {
    reference.around("prepareWorkspace", async (request, next) => {
      await next(request);
      return { workspace: { root: ".", cwd: "code" } };
    });
  },
});

export const cwdOutsideRoot = defineFault({
  name: "cwd-outside-root",
  program: "workspaces",
  breaks: [inside],
  apply: (reference) => {
    reference.around("prepareWorkspace", async (request, next) => {
      const { workspace } = await next(request);
      return { workspace: { root: `${workspace?.root ?? ""}/code/deeper`, cwd: workspace?.cwd ?? "" } };
    });
  },
});

export const pathsOfAnotherSide = defineFault({
  name: "paths-of-another-side",
  program: "workspaces",
  breaks: [inside],
  apply: (reference) => {
    reference.around("prepareWorkspace", async (request, next) => {
      await next(request);
      return { workspace: { root: "/workspace", cwd: "/workspace/code" } };
    });
  },
});

export const takesAnyPath = defineFault({
  name: "takes-any-path",
  program: "workspaces",
  breaks: ["workspace/prepare-workspace/refuses-paths-outside"],
  also: ["workspace/prepare-workspace/refuses-links-outside"],
  apply: ({ workspaces }) => {
    workspaces.checkPath = () => undefined;
    workspaces.checkLinks = () => undefined;
  },
});

export const followsLinks = defineFault({
  name: "follows-links",
  program: "workspaces",
  breaks: ["workspace/prepare-workspace/refuses-links-outside"],
  apply: ({ workspaces }) => {
    workspaces.checkLinks = () => undefined;
  },
});

export const cancelledCheckoutGoesOn = defineFault({
  name: "cancelled-checkout-goes-on",
  program: "workspaces",
  breaks: ["workspace/prepare-workspace/cancelled"],
  apply: ({ workspaces }) => {
    const prepare = workspaces.prepare.bind(workspaces);
    workspaces.prepare = (root, workspace) => prepare(root, workspace, new AbortController().signal);
  },
});

export const removesNoWorkspace = defineFault({
  name: "removes-no-workspace",
  program: "workspaces",
  breaks: ["workspace/remove-workspace/removes"],
  also: ["workspace/prepare-workspace/cancelled"],
  apply: ({ workspaces }) => {
    workspaces.remove = () => undefined;
  },
});
