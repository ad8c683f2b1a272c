import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maxUnixPathBytes } from "@gestalt-runtime/sdk";

/** The longest name that the host gives a socket. */
const longestName = "host-99.sock";

/** A fresh directory for sockets that only this user can reach (0700), short enough for `sockaddr_un` (DIAL-2). */
export async function makeSocketDirectory(tmpDir: string = tmpdir()): Promise<string> {
  // mkdtemp makes it 0700 whatever the umask.
  const directory = await mkdtemp(join(tmpDir, "gst-"));
  const bytes = Buffer.byteLength(join(directory, longestName));
  if (bytes <= maxUnixPathBytes) return directory;
  await rm(directory, { recursive: true, force: true });
  throw new Error(
    `tmpDir ${JSON.stringify(tmpDir)} makes socket paths of ${bytes} bytes, more than the ${maxUnixPathBytes} ` +
      `that a Unix socket's address holds; set tmpDir to a shorter directory`,
  );
}

export async function removeSocketDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
