import { createHash, randomBytes } from "node:crypto";
import { readFile, statfs } from "node:fs/promises";

/*
 * A refused connect proves a death only on the machine where the lock's owner ran: on a file system that machines
 * share, the owner's kernel knows the listener and this one does not.
 */

let mark: Promise<string> | undefined;

/**
 * Eight hexadecimal digits that are the same in all processes of this machine until it starts again, in its
 * containers too. Where the kernel does not tell, they are this process's own, and prove nothing to others.
 */
export function bootMark(): Promise<string> {
  mark ??= readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (id) => createHash("sha256").update(id).digest("hex").slice(0, 8),
    () => randomBytes(4).toString("hex"),
  );
  return mark;
}

/** `statfs` types of file systems that several machines may have mounted at once. */
const sharedTypes: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB 1
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and 3
  0x65735546, // FUSE and virtiofs
  0x01021997, // 9P
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x6b414653, // kAFS
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x01161970, // GFS2
  0x7461636f, // OCFS2
  0x19830326, // BeeGFS
]);

/** Whether other machines may have the file system at `path` mounted too. */
export async function isOnSharedFileSystem(path: string): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const { type } = await statfs(path);
  // Some types are read as negative numbers.
  return sharedTypes.has(type >>> 0);
}
