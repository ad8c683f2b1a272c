import { closeSync, openSync, readSync, realpathSync } from "node:fs";
import { sep } from "node:path";
import type { SandboxRules } from "./rules.js";

/**
 * What an author has to do about a program that can't be executed in the sandbox, as it follows on the refusal;
 * empty where the file itself shows no cause (PROC-10).
 */
export function unexecutableHint(program: string, rules: SandboxRules): string {
  const interpreter = interpreterOf(program);
  if (interpreter === undefined || isReadable(interpreter, rules)) return "";
  return (
    `; it is a script for ${interpreter}, which the host's sandbox keeps out of reach (PROC-10). ` +
    `Package the provider as an executable: gestalt-runtime package --artifact executable`
  );
}

/** The program that a script's first line names; undefined for anything but a script. */
function interpreterOf(program: string): string | undefined {
  const head = Buffer.alloc(256);
  try {
    const file = openSync(program, "r");
    try {
      const length = readSync(file, head);
      return /^#!\s*(\S+)/.exec(head.toString("utf8", 0, length))?.[1];
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function isReadable(path: string, { paths }: SandboxRules): boolean {
  try {
    const real = realpathSync(path);
    return paths.some((rule) => real === rule.path || real.startsWith(realpathSync(rule.path) + sep));
  } catch {
    return false;
  }
}
