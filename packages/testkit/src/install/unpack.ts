import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { entryPath } from "../lint/archive/archive.js";
import { InstallRefusedError } from "./refusal.js";

/**
 * Unpacks a package's archive as the host does: `./x`, `/x` and `a/../x` land at `x`, plain files and folders keep
 * their modes, and anything else is refused. What has been unpacked until then stays for the caller to remove.
 *
 * @throws {@link InstallRefusedError} that names the entry and the reason
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  const taken = new Set<string>();
  const broken = new AbortController();
  let refusal: Error | undefined;
  let work = Promise.resolve();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      // One after the other: an entry that is not read yet holds the parser up by itself.
      work = work.then(async () => {
        try {
          if (refusal === undefined) await place(entry, folder, taken, broken.signal);
        } catch (error) {
          refusal ??= error as Error;
        } finally {
          entry.resume();
        }
      });
    },
  });
  try {
    await pipeline(createReadStream(archive), createGunzip(), parser as unknown as NodeJS.WritableStream);
  } catch (cause) {
    const earlier = refusal;
    // The entry that is being written waits for bytes that never come.
    broken.abort();
    await work;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw earlier ?? new InstallRefusedError("package", `${archive} can't be unpacked: ${reason}`, { cause });
  }
  await work;
  if (refusal !== undefined) throw refusal;
}

async function place(
  entry: ReadEntry,
  folder: string,
  taken: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const at = entryPath(entry.path);
  if ("refused" in at) throw refused(entry, refusals[at.refused]);
  if (taken.has(at.path)) throw refused(entry, `${at.path} comes twice`);
  taken.add(at.path);
  const target = join(folder, at.path);
  const mode = (entry.mode ?? 0) & 0o777;
  try {
    switch (entry.type) {
      case "Directory":
        await mkdir(target, { recursive: true, mode: mode | 0o700 });
        return;
      case "File":
      case "OldFile":
        await mkdir(dirname(target), { recursive: true });
        await pipeline(
          entry as unknown as NodeJS.ReadableStream,
          createWriteStream(target, { mode, flags: "wx" }),
          { signal },
        );
        return;
      default:
        throw refused(entry, `it is a ${entry.type}, and the host takes plain files and folders only`);
    }
  } catch (error) {
    if (error instanceof InstallRefusedError) throw error;
    throw refused(entry, error instanceof Error ? error.message : String(error));
  }
}

const refusals = {
  root: "it is the package's root itself",
  escape: "it leads outside the package",
  backslash: "its name has a backslash",
} as const;

function refused({ path }: ReadEntry, reason: string): InstallRefusedError {
  return new InstallRefusedError(
    "package",
    `the archive's entry ${JSON.stringify(path)} is refused: ${reason}`,
  );
}
