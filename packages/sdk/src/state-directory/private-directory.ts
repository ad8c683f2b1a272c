import { lstat, mkdir } from "node:fs/promises";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/**
 * Makes a directory that only this user can enter, or checks that an existing one is such.
 *
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION where something else stands there
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const uid = process.getuid?.() ?? found.uid;
  const fault = !found.isDirectory()
    ? "is no directory"
    : found.uid !== uid
      ? `belongs to the user ${found.uid}, not to ${uid}`
      : (found.mode & 0o077) !== 0
        ? `can be entered by others (mode ${(found.mode & 0o777).toString(8)}); run chmod 700 on it`
        : undefined;
  if (fault !== undefined)
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `the state directory ${path} ${fault}, or configure another one`,
    );
}
