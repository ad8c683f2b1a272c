import { setTimeout as delay } from "node:timers/promises";
import type { TreeProcess } from "@gestalt-runtime/sdk/processes";
import { firstChildOf, hasEnded, isStopped } from "./bwrap-status.js";
import { signal } from "./guest-program.js";

const lookMs = 2;
/** How long the kernel may take to stop or to end a process that it has been told to. */
const waitMs = 1_000;

/**
 * Ends bubblewrap, or what is to become it, and the guest that it may have begun to make. The guest asks the kernel to end with
 * bubblewrap only after it has set itself up: until then it would live on, and the plugin with it (SESS-11). A stopped
 * bubblewrap makes no guest any more, so that the one that it has is found.
 */
export async function endBubblewrap(child: TreeProcess): Promise<void> {
  const first = child.pid === undefined ? undefined : await killGuestOf(child.pid);
  await endAlone(child);
  if (first !== undefined) await until(() => hasEnded(first));
}

/** Ends bubblewrap once its guest has been killed. */
export async function endAlone({ pid, ended }: TreeProcess): Promise<void> {
  if (pid !== undefined) signal(pid, "SIGKILL");
  await ended;
}

/** @returns the guest's first process; undefined where there is no guest, and will be none */
async function killGuestOf(bubblewrap: number): Promise<number | undefined> {
  signal(bubblewrap, "SIGSTOP");
  await until(() => isStopped(bubblewrap));
  const first = firstChildOf(bubblewrap);
  if (first !== undefined) signal(first, "SIGKILL");
  return first;
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!isSo() && performance.now() < deadline) await delay(lookMs);
}
