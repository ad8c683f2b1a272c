import { join } from "node:path";
import type { StringMap } from "@gestalt-runtime/sdk";
import { coveredProcFiles } from "./covered-proc.js";
import { layout, ownFileBytes } from "./guest-layout.js";
import type { RootEntry } from "./host-root.js";
import type { Mount } from "./isolation.js";

/** What a guest is made of. */
export interface GuestShape {
  readonly entries: readonly RootEntry[];
  readonly mounts: readonly Mount[];
  /** Folders that are seen as empty, though they lie in one that is seen. */
  readonly hidden: readonly string[];
  /** Sockets of the host by their names in the guest. */
  readonly sockets: ReadonlyMap<string, string>;
  readonly env: StringMap;
  readonly cwd: string;
  /** Small files by their paths, each with the descriptor that its text is read from. */
  readonly files: readonly { readonly path: string; readonly descriptor: number }[];
  readonly descriptors: { readonly status: number; readonly seccomp: number | undefined };
}

/**
 * The arguments of bubblewrap but the program: they go through a pipe (`--args`), so that no secret of the environment
 * is seen in a list of processes.
 */
export function bwrapArguments(shape: GuestShape): string[] {
  const { status, seccomp } = shape.descriptors;
  return [
    ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--uid", String(process.getuid?.() ?? 0), "--gid", String(process.getgid?.() ?? 0)],
    ...["--hostname", layout.hostname],
    ...["--disable-userns", "--cap-drop", "ALL", "--new-session", "--die-with-parent"],
    ...["--json-status-fd", String(status)],
    ...(seccomp === undefined ? [] : ["--seccomp", String(seccomp)]),
    ...shape.entries.flatMap(entryArguments),
    ...[
      "--proc",
      "/proc",
      ...coveredProcFiles(),
      "--dev",
      "/dev",
      ...tmpfs("/dev/shm", ownFileBytes.sharedMemory, "1777"),
    ],
    ...["--remount-ro", "/dev"],
    ...tmpfs(layout.temporary, ownFileBytes.temporary, "1777"),
    ...["--perms", "0700", "--dir", layout.home],
    ...tmpfs(layout.sockets, ownFileBytes.sockets, "0700"),
    ...shape.files.flatMap(({ path, descriptor }) => [
      "--perms",
      "0444",
      "--ro-bind-data",
      String(descriptor),
      path,
    ]),
    ...shape.mounts.flatMap(({ onHost, inGuest, writable }) => [
      writable ? "--bind" : "--ro-bind",
      onHost,
      inGuest,
    ]),
    ...shape.hidden.flatMap((folder) => ["--perms", "0555", "--size", "4096", "--tmpfs", folder]),
    ...[...shape.sockets].flatMap(([name, onHost]) => ["--ro-bind", onHost, join(layout.sockets, name)]),
    ...["--remount-ro", "/"],
    "--clearenv",
    ...Object.entries(shape.env).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--chdir", shape.cwd],
  ];
}

function entryArguments(entry: RootEntry): string[] {
  return entry.kind === "link"
    ? ["--symlink", entry.to, entry.inGuest]
    : ["--ro-bind", entry.onHost, entry.inGuest];
}

function tmpfs(path: string, bytes: number, permissions: string): string[] {
  return ["--perms", permissions, "--size", String(bytes), "--tmpfs", path];
}
