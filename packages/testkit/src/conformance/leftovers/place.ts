import { randomBytes } from "node:crypto";
import { readdirSync, type Dirent } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Leftover } from "./leak.js";
import { descendantsOf, processesMarked, stillRuns, type SeenProcess } from "./processes.js";

/** In the environment of providers, by which their own helper processes are found. */
export const providerMark = "CONFORMANCE_PROVIDER_MARK";
/** In the environment of plugins, by which they and what they started are found. */
export const pluginMark = "CONFORMANCE_PLUGIN_MARK";
/** In the environment of providers alone: it must not get into a plugin's (PLUG-2). */
export const plantedSecret = "CONFORMANCE_PLANTED_SECRET";

/** How long processes may take to be gone once their provider has ended: a signal that was sent may still be at work. */
const endingMs = 3_000;

/**
 * Everything of one check: the directory that its providers have as TMPDIR, and the marks in the environment of all
 * that it starts. What is found by them after the check was left behind.
 */
export class Place {
  /** Told in no report: it differs in every run. */
  readonly mark = randomBytes(8).toString("hex");
  readonly #seen = new Map<string, SeenProcess>();
  readonly #since = new Map<string, string>();
  readonly #ofSuite = new Set<string>();

  private constructor(readonly directory: string) {}

  /** In `/tmp` whatever TMPDIR says, so that socket paths stay short (DIAL-2). */
  static async make(): Promise<Place> {
    return new Place(await mkdtemp("/tmp/gcf-"));
  }

  get providerEnv(): Readonly<Record<string, string>> {
    return { [providerMark]: this.mark, [plantedSecret]: `secret-${this.mark}` };
  }

  get pluginEnv(): Readonly<Record<string, string>> {
    return { [pluginMark]: this.mark };
  }

  /** Keeps an eye on all that runs below a process now, also when it is nobody's child later. */
  remember(pid: number): readonly SeenProcess[] {
    const found = descendantsOf(pid);
    for (const one of found) this.#seen.set(`${one.pid} ${one.startTicks}`, one);
    return found;
  }

  /** Plugins and what they started that still run. */
  pluginProcesses(): SeenProcess[] {
    return processesMarked(`${pluginMark}=${this.mark}`);
  }

  /** All that still runs of this place: providers, their helpers, plugins, and what was remembered. */
  processes(): SeenProcess[] {
    const marked = processesMarked(`_MARK=${this.mark}`);
    const known = new Set(marked.map(({ pid }) => pid));
    return [...marked, ...[...this.#seen.values()].filter((one) => !known.has(one.pid) && stillRuns(one))];
  }

  /** What lies in the directory, as relative paths in order; `except` are folders in it that are the host's own. */
  paths(except: readonly string[] = []): string[] {
    return entriesBelow(this.directory)
      .map(({ path }) => path)
      .filter((path) => !isWithin(path, except))
      .map((path) => path.slice(this.directory.length + 1))
      .sort();
  }

  /** Notes that a path in the directory, and what is below it, is the suite's own: no provider left it. @returns the path */
  ofSuite(path: string): string {
    this.#ofSuite.add(path);
    return path;
  }

  /** All that is left by now, processes first. */
  leftovers(): Leftover[] {
    return this.#found().map(({ key, ...left }) => {
      const since = this.#since.get(key);
      return { ...left, ...(since !== undefined && { since }) };
    });
  }

  /** Notes what is there now and was not before, so that it is known later since which check that is so. */
  note(check: string): void {
    for (const { key } of this.#found()) if (!this.#since.has(key)) this.#since.set(key, check);
  }

  /** Waits, within a limit, until no process is left. Call it once the provider has ended. */
  async ending(): Promise<void> {
    const deadline = performance.now() + endingMs;
    while (performance.now() < deadline && this.processes().length > 0) await delay(20);
  }

  /** Ends what still runs, removes what lies there, and tells what that was. */
  async clear(): Promise<Leftover[]> {
    const left = this.leftovers();
    for (const { pid } of this.processes()) endProcess(pid);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
    return left;
  }

  #found(): (Leftover & { readonly key: string })[] {
    const running = this.processes().map(({ pid, startTicks, name }) => ({
      key: `${pid} ${startTicks}`,
      kind: "process" as const,
      name,
    }));
    const ofSuite = [...this.#ofSuite];
    const others = entriesBelow(this.directory).filter(({ path }) => !isWithin(path, ofSuite));
    const lying = others.map(({ path, entry }) => ({
      key: path,
      kind: kindOf(entry),
      name: path.slice(this.directory.length + 1),
    }));
    const sorted = <T extends { name: string }>(ones: T[]): T[] =>
      ones.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return [...sorted(running), ...sorted(lying)];
  }
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((own) => path === own || path.startsWith(`${own}/`));
}

interface Entry {
  readonly path: string;
  readonly entry: Dirent;
}

function kindOf(entry: Dirent): Exclude<Leftover["kind"], "process"> {
  if (entry.isSocket()) return "socket";
  return entry.isDirectory() ? "directory" : "file";
}

/** What vanishes while it is looked at is not there. */
function entriesBelow(folder: string): Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [{ path, entry }, ...entriesBelow(path)] : [{ path, entry }];
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
