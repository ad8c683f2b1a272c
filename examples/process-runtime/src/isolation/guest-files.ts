import { readFile } from "node:fs/promises";
import { layout } from "./guest-layout.js";

/** A small file of the guest's own. */
export interface GuestFile {
  readonly path: string;
  readonly text: string;
}

export const guestFileCount = 4;
export const hostsPath = "/etc/hosts";
export const resolverPath = "/etc/resolv.conf";

/** This machine's `/etc/hosts` and `/etc/resolv.conf`, and the one user and group that a guest knows. */
export async function guestFiles(): Promise<GuestFile[]> {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const ofHost = [hostsPath, resolverPath].map(async (path) => {
    return { path, text: await readFile(path, "utf8").catch(() => "") };
  });
  return [
    ...(await Promise.all(ofHost)),
    { path: "/etc/passwd", text: `plugin:x:${user}:${group}::${layout.home}:/bin/sh\n` },
    { path: "/etc/group", text: `plugin:x:${group}:\n` },
  ];
}
