import { lstat, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { SessionRecord } from "../sessions/session-store.js";
import { syncFolder } from "./durable-file.js";
import { isRecordFile, isUnfinished, recordFileName } from "./names.js";
import { readRecordFile } from "./record-file.js";
import { exists, type StoreFolder } from "./store-folder.js";
import { codeOf, storeError } from "./store-error.js";

/** The instance that takes over. */
export interface Taker {
  readonly providerName: string;
  readonly folder: string;
  /** Whether it has the session already. */
  has(sessionId: string): boolean;
  /** Told about each session at the moment when it is the taker's. */
  took(record: SessionRecord): void;
  warn(path: string, fault: string): void;
}

/**
 * Takes the sessions of a dead instance over, file by file: renaming is what decides between several takers, and
 * at every moment a session is in a folder whose owner is alive, or can be proven dead by the next one. What can't
 * be read stays where it is, with its folder and lock.
 */
export async function takeOver(store: StoreFolder, instance: string, taker: Taker): Promise<void> {
  const folder = store.folderOf(instance);
  const names = await namesIn(folder, taker);
  if (names === undefined) return;
  let took = 0;
  for (const name of names) if (await takeFile(folder, name, taker)) took += 1;
  if (took > 0) {
    // In this order: a loss of power in between shows a session twice rather than never.
    await syncFolder(taker.folder);
    await syncFolder(folder).catch(ignoreMissing);
  }
  await removeEmpty(store, instance);
}

/** The names in the folder; none where it was never made; undefined where it is not to be touched. */
async function namesIn(folder: string, taker: Taker): Promise<string[] | undefined> {
  try {
    const found = await lstat(folder);
    const uid = process.getuid?.() ?? found.uid;
    const fault = !found.isDirectory()
      ? "is no directory"
      : found.uid !== uid
        ? `belongs to the user ${found.uid}, not to ${uid}`
        : undefined;
    if (fault === undefined) return (await readdir(folder)).sort();
    taker.warn(folder, fault);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    taker.warn(folder, `can't be read: ${(error as Error).message}`);
  }
  return undefined;
}

async function takeFile(folder: string, name: string, taker: Taker): Promise<boolean> {
  const path = join(folder, name);
  if (isUnfinished(name)) {
    await rm(path, { force: true }).catch((error: unknown) => taker.warn(path, String(error)));
    return false;
  }
  if (!isRecordFile(name)) {
    taker.warn(path, "is no session record");
    return false;
  }
  const found = await readRecordFile(path);
  if (found === undefined) return false;
  if ("fault" in found) {
    taker.warn(path, found.fault);
    return false;
  }
  const { record, providerName } = found;
  if (providerName !== taker.providerName) return false;
  const fault =
    recordFileName(record.id) !== name
      ? `holds the session ${JSON.stringify(record.id)}, whose file has another name`
      : taker.has(record.id)
        ? `holds the session ${JSON.stringify(record.id)}, which this instance has already`
        : undefined;
  if (fault !== undefined) {
    taker.warn(path, fault);
    return false;
  }
  if (!(await move(path, join(taker.folder, name), taker))) return false;
  taker.took(record);
  return true;
}

/** False where another instance was faster. */
async function move(from: string, to: string, taker: Taker): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (await exists(from)) taker.warn(from, storeError(error, "take it over to", to).message);
    return false;
  }
}

async function removeEmpty(store: StoreFolder, instance: string): Promise<void> {
  try {
    await rmdir(store.folderOf(instance)).catch(ignoreMissing);
  } catch {
    // Something is left in it, and keeps its lock.
    return;
  }
  // The lock goes last, as it came first.
  await rm(store.lockOf(instance), { force: true });
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}
