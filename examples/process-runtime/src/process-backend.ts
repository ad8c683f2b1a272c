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
import { SpawnError } from "@gestalt-runtime/sdk/processes";
import type { Enclosure, GuestProcess, GuestRoot, Isolation, Limits } from "./isolation/isolation.js";

/** A guest is a directory of the session's own, and the enclosure that runs beside it. */
export type Handle = { readonly directory: string };

/** What is left of a deadline for killing and removing, after the grace. */
const killReserveMs = 400;

export interface ProcessBackendOptions {
  readonly instance: InstanceDirectory;
  readonly isolation: Isolation;
  /** The working directory of plugins, where their root says none. Default: this process's, or the plugin's package. */
  readonly workingDirectory?: string;
  readonly stopGraceMs: number;
  readonly limits: SessionLimits;
}

/** What is made for a session, beside its directory. */
interface Room {
  readonly enclosure: Enclosure;
  readonly root: GuestRoot;
}

/** Runs plugins as processes of this machine, one directory and one enclosure per session. */
export class ProcessBackend implements SessionBackend<Handle> {
  readonly limits: SessionLimits;
  readonly traits: BackendTraits;
  readonly #rooms = new Map<string, Room>();
  #count = 0;

  constructor(private readonly options: ProcessBackendOptions) {
    this.limits = options.limits;
    this.traits = {
      kind: "process",
      needs: "nothing",
      accepts: [],
      // What is not enforced is not claimed (SUP-1, SUP-4).
      egress: options.isolation.closesNetworks ? "hostname" : "none",
      hostServices: options.isolation.hostServices,
    };
  }

  async create(): Promise<Guest<Handle>> {
    this.#count += 1;
    const directory = join(this.options.instance.path, this.#count.toString(36));
    const root: GuestRoot = { mounts: [], env: {} };
    const limits: Limits = { launcher: [] };
    await mkdir(directory, { mode: 0o700 });
    try {
      const enclosure = await this.options.isolation.open({ directory, root, limits });
      this.#rooms.set(directory, { enclosure, root });
      return {
        handle: { directory },
        shared: enclosure.shared,
        env: { ...enclosure.env, ...root.env },
      };
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async launch(
    { directory }: Handle,
    plugin: PluginRequest,
    { progress }: BackendContext,
  ): Promise<RunningPlugin> {
    const room = this.#rooms.get(directory);
    if (room === undefined)
      throw new RuntimeProviderError("FAILED_PRECONDITION", "the session has been stopped");
    const cwd = room.root.cwd ?? this.options.workingDirectory;
    try {
      const child = await room.enclosure.spawn(
        {
          command: resolve(cwd ?? process.cwd(), plugin.command),
          args: plugin.args,
          env: plugin.env,
          ...(cwd !== undefined && { cwd }),
        },
        { egress: plugin.egress, say: progress },
      );
      plugin.io.consume("stdout", child.stdout);
      plugin.io.consume("stderr", child.stderr);
      return { ended: child.ended, ...reachOf(child, plugin) };
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
    await this.#rooms.get(directory)?.enclosure.stop({ graceMs });
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    this.#rooms.delete(directory);
    return "gone";
  }

  async close(): Promise<void> {
    await this.options.isolation.close();
    await this.options.instance.close();
  }
}

/**
 * The socket of a plugin whose files are its own is found through its process: the host is the provider's parent and of its
 * user, and dials it there without anybody between them.
 */
function reachOf({ socketOnHost }: GuestProcess, { listener }: PluginRequest): Pick<RunningPlugin, "reach"> {
  if (socketOnHost === undefined || listener.type !== "unix") return {};
  return { reach: { via: "target", target: `unix://${socketOnHost(listener.path)}` } };
}
