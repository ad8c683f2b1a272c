import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  RuntimeProviderError,
  type BackendContext,
  type BackendTraits,
  type Guest,
  type InstanceDirectory,
  type PluginRequest,
  type RunningPlugin,
  type SessionBackend,
  type SessionLimits,
} from "@gestalt-runtime/sdk";
import {
  openProcessTree,
  SpawnError,
  type ContainmentKind,
  type ProcessTree,
} from "@gestalt-runtime/sdk/processes";
import { keepMarker } from "./leftovers.js";

/** A guest is a directory of the session's own, and the process tree that runs beside it. */
export type Handle = { readonly directory: string };

/** What is left of a deadline for killing and removing, after the grace. */
const killReserveMs = 400;

export interface ProcessBackendOptions {
  readonly instance: InstanceDirectory;
  readonly containment: ContainmentKind;
  readonly workingDirectory: string;
  readonly stopGraceMs: number;
  readonly limits: SessionLimits;
}

/** Runs plugins as processes of this machine, one directory and one process tree per session. */
export class ProcessBackend implements SessionBackend<Handle> {
  readonly limits: SessionLimits;
  readonly traits: BackendTraits = {
    kind: "process",
    needs: "nothing",
    accepts: [],
    // Nothing is enforced yet, so nothing is claimed (SUP-1, SUP-4).
    egress: "none",
    hostServices: "direct",
  };
  readonly #trees = new Map<string, ProcessTree>();
  #count = 0;

  constructor(private readonly options: ProcessBackendOptions) {
    this.limits = options.limits;
  }

  async create(): Promise<Guest<Handle>> {
    this.#count += 1;
    const directory = join(this.options.instance.path, this.#count.toString(36));
    const [home, temporary] = [join(directory, "home"), join(directory, "tmp")];
    await mkdir(directory, { mode: 0o700 });
    try {
      await Promise.all([home, temporary].map((path) => mkdir(path, { mode: 0o700 })));
      this.#trees.set(directory, await this.#openTree());
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
    return {
      handle: { directory },
      shared: { onHost: directory, inGuest: directory },
      env: { HOME: home, TMPDIR: temporary },
    };
  }

  async launch({ directory }: Handle, plugin: PluginRequest): Promise<RunningPlugin> {
    const tree = this.#trees.get(directory);
    if (tree === undefined)
      throw new RuntimeProviderError("FAILED_PRECONDITION", "the session has been stopped");
    const cwd = this.options.workingDirectory;
    try {
      const child = await tree.spawn({
        command: resolve(cwd, plugin.command),
        args: plugin.args,
        env: plugin.env,
        cwd,
      });
      plugin.io.consume("stdout", child.stdout);
      plugin.io.consume("stderr", child.stderr);
      return { ended: child.ended };
    } catch (error) {
      if (error instanceof SpawnError)
        throw new RuntimeProviderError("FAILED_PRECONDITION", error.message, { cause: error });
      throw error;
    }
  }

  /** The stop ladder within the time that the runtime gives: SIGTERM, the grace, SIGKILL for all that is left. */
  async destroy({ directory }: Handle, context: BackendContext): Promise<"gone"> {
    const leftMs = context.deadline.getTime() - Date.now();
    const graceMs = Math.max(0, Math.min(this.options.stopGraceMs, leftMs - killReserveMs));
    await this.#trees.get(directory)?.stop({ graceMs });
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    this.#trees.delete(directory);
    return "gone";
  }

  async #openTree(): Promise<ProcessTree> {
    const tree = await openProcessTree({ kind: this.options.containment });
    if (tree.marker !== undefined) await keepMarker(this.options.instance.path, tree.marker);
    return tree;
  }

  async close(): Promise<void> {
    await this.options.instance.close();
  }
}
