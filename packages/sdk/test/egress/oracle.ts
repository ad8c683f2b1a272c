import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { HostCase } from "./random-hosts.js";

/** What `oracle.py` says of a case. */
export interface Opinion {
  readonly verdict: "allow" | "deny" | "invalid";
  /** The host's one spelling; empty for what is none. */
  readonly host: string;
  /** Whether it is an address that stays closed unless the policy lists it. */
  readonly closed: boolean;
}

/** The opinion on each case. Needs python3, 3.8 or newer. */
export function oracleOpinions(cases: readonly HostCase[]): Opinion[] {
  const output = execFileSync("python3", [fileURLToPath(new URL("oracle.py", import.meta.url))], {
    input: cases.map((each) => `${JSON.stringify(each)}\n`).join(""),
    env: { PATH: process.env.PATH, PYTHONIOENCODING: "utf-8" },
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = output.toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Opinion);
}
