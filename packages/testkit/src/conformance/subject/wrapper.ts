import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { descendantsOf } from "../leftovers/processes.js";

const wrappers = new Set([
  "npx",
  "npm",
  "pnpm",
  "pnpx",
  "yarn",
  "bunx",
  "tsx",
  "ts-node",
  "nodemon",
  "sh",
  "bash",
]);

const why =
  "The host signals and watches the process that it starts, and that one is not your provider: SIGTERM and the " +
  "parent's death reach the wrapper alone. Give the provider's own executable";

/** What is said of a command that starts the provider through something else; `undefined`: nothing to say. */
export function wrapperByName(command: string, args: readonly string[]): string | undefined {
  const name = basename(command).replace(/\.(?:[cm]?js|cmd|exe)$/, "");
  const isWatching =
    name === "node" && args.some((arg) => arg === "--watch" || arg.startsWith("--watch-path"));
  if (!wrappers.has(name) && !isWatching) return undefined;
  return `the provider is started through ${isWatching ? "node --watch" : name}. ${why}, for example a built file with a #! line.`;
}

/** The same by looking: a child of the process that was started holds the provider's socket (Linux). */
export function wrapperByLooking(pid: number, socketFolder: string): string | undefined {
  const inodes = listeningInodes(socketFolder);
  if (inodes.size === 0 || holds(pid, inodes)) return undefined;
  const child = descendantsOf(pid).find((one) => holds(one.pid, inodes));
  if (child === undefined) return undefined;
  return `the provider's socket is held by a child (${child.name}) of the process that the host starts. ${why}.`;
}

/** Sockets are listed under the name that they were bound to, which may have been renamed since. */
function listeningInodes(folder: string): Set<string> {
  const inodes = new Set<string>();
  for (const line of read("/proc/net/unix").split("\n")) {
    const [, , , flags = "", , , inode = "", path = ""] = line.trim().split(/\s+/);
    const isListening = (Number.parseInt(flags, 16) & 0x10000) !== 0;
    // The host's own sockets lie in the same folder.
    if (isListening && path.startsWith(`${folder}/plugin`)) inodes.add(`socket:[${inode}]`);
  }
  return inodes;
}

function holds(pid: number, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(link(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
