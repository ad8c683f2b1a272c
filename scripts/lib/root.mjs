import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Where test and check results are written. */
export const reports = join(root, ".reports");

/** @returns {{ packageManager: string, engines: { node: string } }} */
export function readRootPackage() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}
