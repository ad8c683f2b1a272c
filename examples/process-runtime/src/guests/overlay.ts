import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { Mount } from "../isolation/isolation.js";

/** Folders of this machine that guests see as a whole: what is in them can be covered, and nothing added. */
const whole = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];
/** Folders that are put together from single files: what is in an overlay's is put among them. */
const mixed = ["/", "/etc", "/etc/ssl", "/nix", "/run", "/tmp"];
/** The guest's own. */
const reserved = ["/dev", "/proc", "/sys", "/run/gestalt"];

/**
 * What lays a directory over the file system of this machine, as a guest sees it: its files in place of those that are
 * there, its directories where there are none.
 *
 * @param field the config field that names the directory
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION for what can't be laid there, with its path
 */
export async function overlayMounts(overlay: string, field: string, below = "/"): Promise<Mount[]> {
  const entries = await readdir(join(overlay, below));
  const mounts = entries.map(async (name): Promise<Mount[]> => {
    const inGuest = join(below, name);
    const onHost = join(overlay, inGuest);
    const refuse = (what: string): RuntimeProviderError =>
      new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `${field} (${overlay}) has ${inGuest}, ${what}: put it elsewhere, such as below /opt`,
      );
    if (reserved.includes(inGuest)) throw refuse("which is the guest's own");
    const isFolder = (await stat(onHost)).isDirectory();
    if (mixed.includes(inGuest) && isFolder) return overlayMounts(overlay, field, inGuest);
    if (!whole.some((folder) => `${inGuest}/`.startsWith(`${folder}/`))) return [{ onHost, inGuest }];
    const there = await stat(inGuest).catch(() => undefined);
    if (there === undefined) throw refuse("and nothing can be added to this machine's own folders");
    if (there.isDirectory() !== isFolder)
      throw refuse(
        `which is a ${isFolder ? "directory there and a file" : "file there and a directory"} here`,
      );
    return isFolder ? overlayMounts(overlay, field, inGuest) : [{ onHost, inGuest }];
  });
  return (await Promise.all(mounts)).flat();
}

/** Where a guest's path lies on this machine when one of the mounts brings it; undefined where none does. */
export function mountedAt(mounts: readonly Mount[], path: string): string | undefined {
  const mount = mounts.findLast(({ inGuest }) => path === inGuest || path.startsWith(`${inGuest}/`));
  return mount && join(mount.onHost, path.slice(mount.inGuest.length));
}
