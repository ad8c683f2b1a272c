import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Controller } from "./plugin-limits.js";

/** A tree of cgroups, and the place in it where this process may make its own. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** The controllers that limit something here; with version 2, those that the place itself has. */
  readonly controllers: readonly Controller[];
  /** Where children are made: this process's own cgroup, or the operator's. */
  readonly parent: string;
}

const known: readonly Controller[] = ["memory", "cpu", "pids"];

/**
 * The cgroup hierarchies that limit memory, processors or processes on this machine: one of version 2, several of
 * version 1, or both. None where there are none, as on macOS and in some containers.
 *
 * @param place a cgroup below the top of each hierarchy, such as `/gestalt`. Default: this process's own
 */
export async function findHierarchies(place?: string): Promise<Hierarchy[]> {
  const [mounts, own] = await Promise.all(["/proc/self/mountinfo", "/proc/self/cgroup"].map(read));
  return hierarchiesOf(mounts ?? "", own ?? "", place, read);
}

/** The same from what the kernel tells; apart, so that other machines' layouts can be tried. */
export async function hierarchiesOf(
  mountInfo: string,
  ownCgroups: string,
  place: string | undefined,
  readFrom: (path: string) => Promise<string>,
): Promise<Hierarchy[]> {
  const found: Hierarchy[] = [];
  for (const { root, at, type, options } of mountsOf(mountInfo)) {
    const version = type === "cgroup2" ? 2 : 1;
    const own = ownPath(ownCgroups, version, options);
    if (own === undefined) continue;
    const below = place ?? relative(root, own);
    // In a container the mount may begin below the cgroup that this process is in.
    if (below.startsWith("..")) continue;
    const parent = join(at, below);
    const names = version === 1 ? options : (await readFrom(join(parent, "cgroup.controllers"))).split(/\s+/);
    const controllers = known.filter((name) => names.includes(name));
    // The first mount of a hierarchy is as good as any other of it.
    const fresh = controllers.filter((name) => !found.some((earlier) => earlier.controllers.includes(name)));
    if (fresh.length > 0) found.push({ version, controllers: fresh, parent });
  }
  return found;
}

interface Mount {
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

function mountsOf(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [type = "", , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const [, , , root = "", at = ""] = before.split(" ");
    return [{ root: unescape(root), at: unescape(at), type, options: options.split(",") }];
  });
}

/** The kernel writes blanks and the like in octal. */
function unescape(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** This process's cgroup in one hierarchy: lines such as `4:memory:/user/1` and `0::/user/1`. */
function ownPath(text: string, version: 1 | 2, options: readonly string[]): string | undefined {
  for (const line of text.split("\n")) {
    const [number = "", names = "", ...path] = line.split(":");
    const isOne =
      version === 2
        ? number === "0" && names === ""
        : names.split(",").some((n) => n !== "" && options.includes(n));
    if (isOne) return path.join(":");
  }
  return undefined;
}

async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
