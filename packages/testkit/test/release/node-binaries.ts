import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * A Node.js of a major version as npm has it, kept in npm's own cache.
 *
 * @param processor by Node.js's name
 * @returns its path, or why it can't be had
 */
export async function nodeFromNpm(
  major: string,
  processor: NodeJS.Architecture,
): Promise<{ readonly path: string } | { readonly reason: string }> {
  const name = `node-${process.platform}-${processor}@${major}`;
  try {
    const args = ["--yes", "--prefer-offline", `--package=${name}`, "--call", "command -v node"];
    const { stdout } = await promisify(execFile)("npx", args, {
      timeout: 120_000,
      // npm says on every start what it does not know in the user's settings, and skips packages for others' machines.
      env: { ...process.env, npm_config_loglevel: "error", npm_config_force: "true" },
    });
    return { path: await realpath(stdout.trim()) };
  } catch (error) {
    return {
      reason: `npx has no ${name}: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`,
    };
  }
}
