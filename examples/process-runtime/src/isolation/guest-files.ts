import { readFile } from "node:fs/promises";
import { layout } from "./guest-layout.js";

/** A small file of the guest's own. */
export interface GuestFile {
  readonly path: string;
  readonly text: string;
}

/** The guest's `/etc/hosts`, and the one user and group that it knows. */
export async function guestFiles(hosts?: string): Promise<GuestFile[]> {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return [
    { path: "/etc/hosts", text: hosts ?? (await readFile("/etc/hosts", "utf8").catch(() => "")) },
    { path: "/etc/passwd", text: `plugin:x:${user}:${group}::${layout.home}:/bin/sh\n` },
    { path: "/etc/group", text: `plugin:x:${group}:\n` },
  ];
}
