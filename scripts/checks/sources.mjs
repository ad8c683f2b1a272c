import { join } from "node:path";
import { quietly, tool } from "../lib/commands.mjs";
import { root } from "../lib/root.mjs";
import { foldersWithTypes } from "../lib/workspace.mjs";

/** @param {string} name @param {() => Promise<unknown>} run @returns {import("./run.mjs").Check} */
const check = (name, run) => ({ name, run });

/** What can be said of the sources as they lie there. @type {import("./run.mjs").Check[]} */
export const sourceChecks = [
  check("lint", () => quietly(tool("eslint"), ["--max-warnings=0", "."])),
  check("format", () => quietly(tool("prettier"), ["--check", "--log-level=warn", "."])),
  check("proto format", () => quietly(tool("buf"), ["format", "--diff", "--exit-code"])),
  check("proto lint", () => quietly(tool("buf"), ["lint"])),
  check("types", async () => {
    /** @type {string[]} */
    const faults = [];
    for (const folder of [root, ...foldersWithTypes()])
      await quietly(tool("tsc"), ["--project", join(folder, "tsconfig.json")]).catch((error) =>
        faults.push(error.message),
      );
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }),
];
