import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { maxUnixPathBytes } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { SessionStore, SessionStoreContext } from "../sessions/session-store.js";
import { bootMark } from "../state-directory/boot.js";
import { claimInstance } from "../state-directory/claim.js";
import type { Lock } from "../state-directory/lock.js";
import { syncFolder } from "./durable-file.js";
import { folderName, instanceDigits, isUnfinished, lockName } from "./names.js";
import { OpenFileStore } from "./open-file-store.js";
import { StoreFolder } from "./store-folder.js";
import { codeOf, storeError } from "./store-error.js";

/** How a `fileSessionStore` treats its directory. */
export interface FileSessionStoreOptions {
  /** Remove the directory too when an instance closes and nothing else is in it. Default false. */
  readonly removeDirectory?: boolean;
}

/**
 * Keeps sessions in files, so that they are found again after a crash, a restart of the provider (REC-1) or a loss
 * of power. Several instances, also of several providers, may use one directory at the same time: each has a
 * folder and a lock of its own there, and takes over only from those whose lock proves them dead (REC-2, PROC-9).
 *
 * Files have mode 0600, folders 0700. What is written is what a `SessionRecord` has and the provider's name;
 * secrets are there only where a backend puts them into its handles. A record is at most 1 MiB.
 *
 * @param directory absolute, and short enough for a Unix socket in it: at most 71 bytes on Linux, 67 on macOS.
 * It is made where it is missing.
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a directory that can't be used
 */
export function fileSessionStore(directory: string, options: FileSessionStoreOptions = {}): SessionStore {
  const fault = faultOf(directory);
  if (fault !== undefined)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `the session store's directory ${JSON.stringify(directory)} ${fault}`,
    );
  return { open: (context) => openInstance(directory, options, context) };
}

function faultOf(directory: string): string | undefined {
  if (!isAbsolute(directory)) return "is not absolute; write it from / on";
  if (directory.includes("\0")) return "has a NUL byte in it; take it out";
  const longest = Buffer.byteLength(join(directory, lockName("0".repeat(instanceDigits))));
  if (longest <= maxUnixPathBytes) return undefined;
  return `is too long: a socket in it would have a path of ${longest} bytes, more than ${maxUnixPathBytes}; use a shorter one`;
}

async function openInstance(
  directory: string,
  { removeDirectory = false }: FileSessionStoreOptions,
  context: SessionStoreContext,
): Promise<OpenFileStore> {
  const { id, lock } = await claim(directory);
  const path = join(directory, folderName(id));
  const letGo = async (): Promise<void> => {
    if (await removeFolder(path)) await lock.release();
    else await lock.abandon();
    // Refused where another instance is in it.
    if (removeDirectory) await rmdir(directory).catch(() => undefined);
  };
  try {
    await mkdir(path, { mode: 0o700 });
    // Lock and folder are there before the first session.
    await syncFolder(directory);
    const store = await StoreFolder.at(directory);
    return new OpenFileStore({ store, instance: id, context, letGo });
  } catch (error) {
    await letGo();
    throw storeError(error, "open the session store in", directory);
  }
}

async function claim(directory: string): Promise<{ id: string; lock: Lock }> {
  const mark = await bootMark();
  const newId = (): string => mark + randomBytes((instanceDigits - mark.length) / 2).toString("hex");
  try {
    return await claimInstance(directory, newId, lockName);
  } catch (error) {
    if (error instanceof RuntimeProviderError) throw error;
    throw storeError(error, "open the session store in", directory);
  }
}

/** False where something is left in it. */
async function removeFolder(path: string): Promise<boolean> {
  try {
    const names = await readdir(path);
    for (const name of names.filter(isUnfinished)) await rm(join(path, name), { force: true });
    await rmdir(path);
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
  return true;
}
