import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Whether a program needs nothing of this machine but its own folder: it is no script that something else has to run, no
 * link to somewhere else, and no argument is a file elsewhere.
 */
export function isSelfContained(command: string, args: readonly string[]): boolean {
  // One that is not there has a fault of its own.
  if (!existsSync(command)) return false;
  const folder = `${dirname(command)}/`;
  const files = args.map((arg) => resolve(arg)).filter((path) => existsSync(path));
  return (
    !beginsAsScript(command) &&
    realpathSync(command).startsWith(`${realpathSync(folder)}/`) &&
    files.every((path) => path.startsWith(folder))
  );
}

function beginsAsScript(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(2);
    readSync(file, start);
    return start.toString("latin1") === "#!";
  } finally {
    closeSync(file);
  }
}
