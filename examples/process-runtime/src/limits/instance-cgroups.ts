import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { memoryKills, refusedProcesses, writeLimits } from "./cgroup-files.js";
import type { Hierarchy } from "./hierarchies.js";
import type { Controller, PluginLimits } from "./plugin-limits.js";
import { removeCgroup } from "./remove-cgroup.js";

const fileName = "cgroups";
const removeWithinMs = 1_000;
const closeWithinMs = 200;
const prefix = "gestalt-";

/** One hierarchy's cgroup of this instance, below which its sessions have theirs. */
interface Place {
  readonly hierarchy: Hierarchy;
  readonly path: string;
}

/** The cgroups of one instance of the provider: one in each hierarchy, and below it one for each session. */
export class InstanceCgroups {
  private constructor(
    private readonly places: readonly Place[],
    /** Why a controller that was wanted can't be had. */
    readonly missing: ReadonlyMap<Controller, string>,
  ) {}

  /**
   * Makes this instance's cgroups for the wanted controllers, as far as that can be done here.
   *
   * @param instancePath the instance's own directory; what is made is noted there first, so that it is found and
   *   removed should this process be killed (REC-2)
   */
  static async open(
    instancePath: string,
    hierarchies: readonly Hierarchy[],
    wanted: readonly Controller[],
  ): Promise<InstanceCgroups> {
    const missing = new Map(wanted.map((name) => [name, `no cgroup hierarchy has the controller ${name}`]));
    const name = `${prefix}${basename(instancePath)}`;
    const useful = hierarchies.filter((hierarchy) => hierarchy.controllers.some((c) => wanted.includes(c)));
    const paths = useful.map(({ parent }) => join(parent, name));
    await writeFile(join(instancePath, fileName), JSON.stringify(paths), { mode: 0o600 });
    const places: Place[] = [];
    for (const hierarchy of useful) {
      const controllers = hierarchy.controllers.filter((c) => wanted.includes(c));
      const place = { hierarchy: { ...hierarchy, controllers }, path: join(hierarchy.parent, name) };
      const fault = await tryMake(place);
      if (fault === undefined) places.push(place);
      else await removeCgroup(place.path, removeWithinMs);
      for (const c of controllers)
        if (fault === undefined) missing.delete(c);
        else missing.set(c, fault);
    }
    return new InstanceCgroups(places, missing);
  }

  /** Makes a session's cgroups, with those of its limits that can be kept here. */
  async session(name: string, limits: PluginLimits): Promise<SessionCgroups> {
    const made: Place[] = [];
    try {
      for (const { hierarchy, path } of this.places) {
        const place = { hierarchy, path: join(path, name) };
        await mkdir(place.path);
        made.push(place);
        await writeLimits(place.path, hierarchy.version, hierarchy.controllers, limits);
      }
      return new SessionCgroups(made);
    } catch (error) {
      for (const { path } of made) await removeCgroup(path, removeWithinMs);
      throw error;
    }
  }

  /** Removes them, with whatever is left in them; a provider that ends has little time (PROC-6). */
  async close(): Promise<void> {
    await Promise.all(this.places.map(({ path }) => removeCgroup(path, closeWithinMs)));
  }
}

/** One session's cgroups. */
export class SessionCgroups {
  constructor(private readonly places: readonly Place[]) {}

  /** The files that a process writes itself into. */
  get doors(): string[] {
    return this.places.map(({ path }) => join(path, "cgroup.procs"));
  }

  /** How many of its processes the kernel has killed for want of memory. */
  async memoryKills(): Promise<number> {
    const place = this.#with("memory");
    return place === undefined ? 0 : memoryKills(place.path, place.hierarchy.version);
  }

  /** How often one of its processes could not start another for the limit of processes. */
  async refusedProcesses(): Promise<number> {
    const place = this.#with("pids");
    return place === undefined ? 0 : refusedProcesses(place.path);
  }

  /** Kills what is left in them and removes them; false where something would not end in time. */
  async close(): Promise<boolean> {
    const gone = await Promise.all(this.places.map(({ path }) => removeCgroup(path, removeWithinMs)));
    return gone.every(Boolean);
  }

  #with(controller: Controller): Place | undefined {
    return this.places.find(({ hierarchy }) => hierarchy.controllers.includes(controller));
  }
}

/** Removes what a dead instance left, with whatever still runs in it. The directory's lock has proven it dead (REC-2). */
export async function removeLeftoverCgroups(instancePath: string): Promise<void> {
  const text = await readFile(join(instancePath, fileName), "utf8").catch(() => "[]");
  const paths: unknown = JSON.parse(text === "" ? "[]" : text);
  for (const path of Array.isArray(paths) ? (paths as unknown[]) : [])
    // Only what has that instance's name: the file is not trusted with more.
    if (typeof path === "string" && basename(path) === `${prefix}${basename(instancePath)}`)
      await removeCgroup(path, removeWithinMs);
}

async function tryMake({ hierarchy, path }: Place): Promise<string | undefined> {
  const { version, parent, controllers } = hierarchy;
  try {
    if (version === 2) await enable(parent, controllers);
    await mkdir(path);
    if (version === 2) await enable(path, controllers);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EBUSY")
      return `${parent} has processes of its own, and cgroups of version 2 then give limits to none below; set cgroupParent to one without`;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS")
      return `this user may not make cgroups in ${parent} (${code}); set cgroupParent to one that it owns, such as a service with Delegate=yes has`;
    if (code === "ENOENT") return `there is no cgroup ${parent}; make it, or leave cgroupParent out`;
    return `a cgroup in ${parent} can't be made (${code ?? String(error)})`;
  }
}

/** Version 2 gives a cgroup's children only the controllers that are listed for them. */
async function enable(cgroup: string, wanted: readonly Controller[]): Promise<void> {
  const file = join(cgroup, "cgroup.subtree_control");
  const enabled = (await readFile(file, "utf8")).split(/\s+/);
  const missing = wanted.filter((name) => !enabled.includes(name));
  if (missing.length > 0) await writeFile(file, missing.map((name) => `+${name}`).join(" "));
}
