import { existsSync } from "node:fs";
import { findTool } from "@gestalt-runtime/sdk/processes";
import { describe } from "vitest";

const missing = ["bwrap", "nsenter", "socat"].filter((name) => findTool(name) === undefined);

export const canIsolate = missing.length === 0;

/** Runs the tests where the tools of isolation are installed; elsewhere the report says what is missing. */
export function describeIsolated(name: string, tests: () => void): void {
  describe.runIf(canIsolate)(canIsolate ? name : `${name} (missing: ${missing.join(", ")})`, tests);
}

const missingOfOwn = [...missing, ...["pasta", "ip"].filter((name) => findTool(name) === undefined)];

export const canHaveOwnNetwork = canIsolate && missingOfOwn.length === 0;

/** Runs the tests where guests without a policy can have a network of their own. */
export function describeOwnNetwork(name: string, tests: () => void): void {
  const shown = canHaveOwnNetwork ? name : `${name} (missing: ${missingOfOwn.join(", ")})`;
  describe.runIf(canHaveOwnNetwork)(shown, tests);
}

export const isolated = { isolation: "required" } as const;

/** Whether a process of the host is there, by the number that the host gives it. */
export function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
