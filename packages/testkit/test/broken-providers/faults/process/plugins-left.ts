import { rmSync } from "node:fs";
import { defineFault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";
import { looseTree } from "../../reference/loose-tree.js";
import { PluginProcess } from "../../reference/plugin-process.js";

/** Plugins that only end when they are ended. */
function holdLoosely(reference: Reference): void {
  reference.startPlugin = (start) => PluginProcess.start({ ...start, openTree: looseTree });
}

export const killLeavesPlugins = defineFault({
  name: "kill-leaves-plugins",
  breaks: ["process/sigkill/leaves-no-plugin"],
  apply: holdLoosely,
});

export const sigtermLeavesPlugins = defineFault({
  name: "sigterm-leaves-plugins",
  breaks: ["process/sigterm/leaves-no-plugin"],
  also: ["process/sigkill/leaves-no-plugin", "process/parent/leaves-no-plugin"],
  apply: (reference) => {
    holdLoosely(reference);
    const { end } = reference;
    reference.end = () => {
      reference.sessions.clear();
      return end();
    };
  },
});

export const parentsDeathLeavesPlugins = defineFault({
  name: "parents-death-leaves-plugins",
  breaks: ["process/parent/leaves-no-plugin"],
  also: ["process/sigkill/leaves-no-plugin"],
  apply: (reference) => {
    holdLoosely(reference);
    reference.parentIsGone = () => {
      if (reference.served !== undefined) rmSync(reference.served.path, { force: true });
      process.exit(0);
    };
  },
});

export const outlivesParent = defineFault({
  name: "outlives-parent",
  breaks: ["process/parent/ends-with-it"],
  also: ["process/parent/leaves-no-plugin"],
  apply: (reference) => {
    reference.parentIsGone = () => undefined;
  },
});

export const parentsDeathLeavesSocket = defineFault({
  name: "parents-death-leaves-socket",
  breaks: ["process/parent/ends-with-it"],
  apply: (reference) => {
    reference.parentIsGone = () => process.exit(0);
  },
});
