import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command's file. */
export const command = fileURLToPath(new URL("../../bin/gestalt-runtime.mjs", import.meta.url));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gestalt-runtime` as it is built. */
export function runCommand(
  args: readonly string[],
  { file = command, cwd = "/", nodeArgs = [] as readonly string[] } = {},
): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...nodeArgs, file, ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}
