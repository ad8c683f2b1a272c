import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { killMarked } from "@gestalt-runtime/sdk/processes";

const fileName = "marker";

/** Notes, before a plugin is started, by what this instance's processes are found again should it be killed. */
export async function keepMarker(instancePath: string, marker: string): Promise<void> {
  // The part before the dot is the same for all trees of this process.
  const [run = marker] = marker.split(".");
  const file = join(instancePath, fileName);
  // At one go: this process may be killed at any moment, and half of a marker would find others' processes, or none.
  await writeFile(`${file}.new`, run, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Ends the processes that a dead instance left (REC-2). Those in a PID namespace have ended with it. */
export async function endLeftoverProcesses(instancePath: string): Promise<void> {
  const marker = await readFile(join(instancePath, fileName), "utf8").catch(() => undefined);
  if (marker !== undefined) await killMarked(marker);
}
