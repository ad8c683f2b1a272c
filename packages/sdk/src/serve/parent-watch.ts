import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** How often the parent's id is looked at, so that all is gone within 2 s of the host's death (PROC-7). */
const intervalMs = 250;

/**
 * Watches that the process whose id is given stays this process's parent (PROC-7), and tells once when it is
 * not: with a sentence that says why.
 *
 * @param parentPid the value of `GESTALT_PLUGIN_PARENT_PID`; without one there is nothing to watch
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT where it is no process id
 */
export function watchParent(parentPid: string | undefined, onGone: (reason: string) => void): void {
  if (parentPid === undefined || parentPid === "") return;
  const expected = Number(parentPid);
  if (!Number.isSafeInteger(expected) || expected < 1)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `GESTALT_PLUGIN_PARENT_PID ${JSON.stringify(parentPid)} is no process id; let the host set it, or leave it out and the parent is not watched`,
    );
  const wrapped = process.ppid !== expected && isAlive(expected);
  const look = (): void => {
    if (process.ppid === expected) return;
    clearInterval(timer);
    onGone(
      wrapped
        ? `GESTALT_PLUGIN_PARENT_PID is ${parentPid}, but this process's parent is ${process.ppid}: a wrapper such as npx, npm exec, tsx or node --watch stands between the host and the provider; let the host start the provider itself`
        : `the host (process ${parentPid}) is gone`,
    );
  };
  const timer = setInterval(look, intervalMs);
  timer.unref();
  look();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
