import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { HostCase } from "./random-hosts.js";

/** What `oracle.py` says of each case: `allow`, `deny` or `invalid`. Needs python3, 3.8 or newer. */
export function oracleVerdicts(cases: readonly HostCase[]): string[] {
  const input = cases.map((each) => `${JSON.stringify(each)}\n`).join("");
  const output = execFileSync("python3", [fileURLToPath(new URL("oracle.py", import.meta.url))], {
    input,
    env: { PATH: process.env.PATH, PYTHONIOENCODING: "utf-8" },
    maxBuffer: 64 * 1024 * 1024,
  });
  return output.toString().trim().split("\n");
}
