import type { PluginOutcome } from "../../src/host/index.js";

/** Why a plugin is not hosted, as far as the two hosts must agree: the class, the status, the quoted log. */
export interface Cause {
  readonly outcome: string;
  /** The gRPC status of a failed StartPlugin. */
  readonly code?: string;
  /** The log records in the text, each with its stream. */
  readonly log?: readonly string[];
}

/** The real host's sentences, by class. */
const sentences: readonly (readonly [pattern: RegExp, outcome: string])[] = [
  [/cannot host executable providers/, "cannot-host"],
  [/cannot provide host service access/, "no-host-service-access"],
  [/cannot preserve hostname-based egress/, "egress-not-preserved"],
  [/session entered/, "session-state"],
  [/start hosted plugin: rpc error/, "start-plugin"],
];

/** What the real host made of a plugin, read from its warnings. */
export function recordedCause(warnings: readonly string[], plugin: string): Cause {
  const warning = warnings.find((text) => text.includes(`provider=${plugin} `));
  if (warning === undefined) return { outcome: "hosted" };
  const outcome = sentences.find(([pattern]) => pattern.test(warning))?.[1];
  if (outcome === undefined) throw new Error(`no class for the warning ${warning}`);
  const code = /code = (\w+)/.exec(warning)?.[1];
  if (code === undefined) return { outcome };
  return { outcome, code: screaming(code), log: quotedLog(warning.split("\\n")) };
}

export function replayedCause(outcome: PluginOutcome | undefined): Cause {
  if (outcome === undefined) return { outcome: "missing" };
  if (outcome.status === "hosted") return { outcome: "hosted" };
  if (outcome.failure !== "start-plugin") return { outcome: outcome.failure };
  const code = /failed with (\w+)/.exec(outcome.message)?.[1] ?? "none";
  return { outcome: outcome.failure, code, log: quotedLog(outcome.message.split("\n")) };
}

function quotedLog(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.trim()).filter((line) => /^\[(stdout|stderr|runtime)\] /.test(line));
}

function screaming(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
