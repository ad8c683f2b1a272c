import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { descendantsOf, processesMarked, stillRuns, type SeenProcess } from "./processes.js";

/** In the environment of providers, by which their own helper processes are found. */
export const providerMark = "CONFORMANCE_PROVIDER_MARK";
/** In the environment of plugins, by which they and what they started are found. */
export const pluginMark = "CONFORMANCE_PLUGIN_MARK";
/** In the environment of providers alone: it must not get into a plugin's (PLUG-2). */
export const plantedSecret = "CONFORMANCE_PLANTED_SECRET";

/**
 * Everything of one check: the directory that its providers have as TMPDIR, and the marks in the environment of all
 * that it starts. What is found by them after the check was left behind.
 */
export class Place {
  /** Told in no report: it differs in every run. */
  readonly mark = randomBytes(8).toString("hex");
  readonly #seen = new Map<string, SeenProcess>();

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
    return pathsBelow(this.directory)
      .filter((path) => !except.some((own) => path === own || path.startsWith(`${own}/`)))
      .map((path) => path.slice(this.directory.length + 1))
      .sort();
  }

  /** Ends what still runs, removes what lies there, and tells what that was. */
  async clear(): Promise<string[]> {
    const left: string[] = [];
    for (const { pid, name } of this.processes()) {
      left.push(`process ${name}`);
      endProcess(pid);
    }
    left.push(...this.paths().map((path) => `file ${path}`));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
    return left.sort();
  }
}

/** What vanishes while it is looked at is not there. */
function pathsBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...pathsBelow(path)] : [path];
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
