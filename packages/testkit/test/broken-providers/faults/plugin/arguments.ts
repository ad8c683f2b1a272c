import { join } from "node:path";
import { defineFault } from "../../fault.js";
import type { PluginStart } from "../../reference/plugin-process.js";
import type { Reference } from "../../reference/reference.js";

const unchanged = "plugin/start-plugin/arguments-unchanged";

function changeStart(reference: Reference, change: (start: PluginStart) => PluginStart): void {
  const { startPlugin } = reference;
  reference.startPlugin = (start) => startPlugin(change(start));
}

/** Only with arguments: a shell drops variables of odd names, too, and that is not what is broken here. */
function throughShellWith(reference: Reference, quote: (word: string) => string): void {
  changeStart(reference, (start) => {
    if (start.args.length === 0) return start;
    const line = [start.command, ...start.args].map(quote).join(" ");
    return { ...start, command: "/bin/sh", args: ["-c", `exec ${line}`] };
  });
}

export const throughShell = defineFault({
  name: "through-a-shell",
  breaks: [unchanged],
  apply: (reference) => {
    throughShellWith(reference, (word) => word);
  },
});

export const throughQuotingShell = defineFault({
  name: "through-a-shell-that-quotes",
  breaks: [unchanged],
  apply: (reference) => {
    throughShellWith(reference, (word) => `"${word}"`);
  },
});

export const dropsEmptyArguments = defineFault({
  name: "drops-empty-arguments",
  breaks: [unchanged],
  apply: (reference) => {
    changeStart(reference, (start) => ({ ...start, args: start.args.filter((arg) => arg !== "") }));
  },
});

export const trimsArguments = defineFault({
  name: "trims-arguments",
  breaks: [unchanged],
  apply: (reference) => {
    changeStart(reference, (start) => ({ ...start, args: start.args.map((arg) => arg.trim()) }));
  },
});

export const relativeToElsewhere = defineFault({
  name: "relative-to-elsewhere",
  breaks: ["plugin/start-plugin/relative-command"],
  apply: (reference) => {
    changeStart(reference, (start) => ({
      ...start,
      command: start.command.startsWith("/") ? start.command : join("/deep/below".repeat(20), start.command),
    }));
  },
});
