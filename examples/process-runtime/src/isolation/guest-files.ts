import { readFile } from "node:fs/promises";
import { layout } from "./guest-layout.js";

/** A small file of the guest's own. */
export interface GuestFile {
  readonly path: string;
  readonly text: string;
}

export const guestFileCount = 3;
export const hostsPath = "/etc/hosts";

/** This machine's `/etc/hosts`, and the one user and group that a guest knows. */
export async function guestFiles(): Promise<GuestFile[]> {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return [
    { path: hostsPath, text: await readFile(hostsPath, "utf8").catch(() => "") },
    { path: "/etc/passwd", text: `plugin:x:${user}:${group}::${layout.home}:/bin/sh\n` },
    { path: "/etc/group", text: `plugin:x:${group}:\n` },
  ];
}
