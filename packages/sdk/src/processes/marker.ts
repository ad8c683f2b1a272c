import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { allProcessIds, signalIfThere } from "./process-info.js";
import { sharedScan } from "./shared-scan.js";

/** The environment variable by which the processes of a `process-group` tree are found again (Linux). */
export const markerVariable = "GESTALT_RUNTIME_TREE";

const assignment = Buffer.from(`${markerVariable}=`);
const form = /^[0-9a-f]{32}(\.[0-9]+)?$/;
const roundMs = 10;

/** What all trees of this process have in common: `<run>` of `<run>.<n>`. */
export const markerOfThisRun = randomBytes(16).toString("hex");
let made = 0;

export function newMarker(): string {
  return `${markerOfThisRun}.${++made}`;
}

/** How long {@link killMarked} tries. */
export interface KillMarkedOptions {
  /** Milliseconds until it gives up. Default 1,000. */
  readonly timeoutMs?: number;
}

/**
 * Kills every process that carries a tree's marker in its environment, until none is found twice in a row
 * (Linux; elsewhere it finds nothing).
 *
 * For what a dead provider left behind (REC-2): keep `ProcessTree.marker` where the next start finds it.
 * A process that cleared its environment is not found.
 *
 * @param marker a tree's marker, or its part before the dot for all trees of that run
 * @returns the ids of marked processes that are still there after the timeout; empty when all is gone
 * @throws TypeError when `marker` is not one that a tree had
 */
export async function killMarked(
  marker: string,
  options: KillMarkedOptions = {},
): Promise<readonly number[]> {
  if (!form.test(marker))
    throw new TypeError(
      `marker ${JSON.stringify(marker)} is not a tree's: pass what ProcessTree.marker gave`,
    );
  const deadline = performance.now() + (options.timeoutMs ?? 1_000);
  for (let clean = 0; ;) {
    const found = await findMarked(marker);
    if (found.length === 0 && ++clean === 2) return [];
    if (found.length === 0) continue;
    clean = 0;
    for (const pid of found) signalIfThere(pid, "SIGKILL");
    if (performance.now() > deadline) return found;
    await delay(roundMs);
  }
}

/** The ids of the living processes that carry the marker. */
export async function findMarked(marker: string): Promise<number[]> {
  const found: number[] = [];
  for (const [pid, value] of await allMarked()) {
    if (value === marker || value.startsWith(`${marker}.`)) found.push(pid);
  }
  return found;
}

const allMarked = sharedScan(() => {
  const found = new Map<number, string>();
  for (const pid of allProcessIds()) {
    const value = pid === process.pid ? undefined : markerOf(pid);
    if (value !== undefined) found.set(pid, value);
  }
  return found;
});

function markerOf(pid: number): string | undefined {
  let environment: Buffer;
  try {
    environment = readFileSync(`/proc/${pid}/environ`);
  } catch {
    // Ended meanwhile, or another user's.
    return undefined;
  }
  for (let at = environment.indexOf(assignment); at >= 0; at = environment.indexOf(assignment, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString("latin1", at + assignment.length, end < 0 ? undefined : end);
  }
  return undefined;
}
