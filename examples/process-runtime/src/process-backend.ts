import { mkdir, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import {
  RuntimeProviderError,
  type BackendContext,
  type BackendTraits,
  type Guest,
  type GuestRequest,
  type InstanceDirectory,
  type LogForwarderOptions,
  type PluginRequest,
  type RunningPlugin,
  type SessionBackend,
  type SessionLimits,
} from "@gestalt-runtime/sdk";
import { SpawnError } from "@gestalt-runtime/sdk/processes";
import { Graces } from "./graces.js";
import type { Guests } from "./guests/guests.js";
import { mountedAt } from "./guests/overlay.js";
import { checkMountedProgram, checkRootProgram, environmentInRoot } from "./guests/root-program.js";
import type { Enclosure, GuestProcess, GuestRoot, Isolation } from "./isolation/isolation.js";
import type { Limiter, SessionLimiter } from "./limits/limiter.js";
import type { PluginListener, PluginListeners } from "./listeners/plugin-listeners.js";

/** A guest is a directory of the session's own, and the enclosure that runs beside it. */
export type Handle = { readonly directory: string };

export interface ProcessBackendOptions {
  readonly instance: InstanceDirectory;
  readonly isolation: Isolation;
  readonly guests: Guests;
  readonly limiter: Limiter;
  /** The host's ways to plugins over a network; without it, it takes their Unix sockets. */
  readonly listeners: PluginListeners | undefined;
  readonly logs: LogForwarderOptions;
  /** What the operator asked for and can't be had here. */
  readonly warnings: readonly string[];
  /** The working directory of plugins, where their root says none. Default: this process's, or the plugin's package. */
  readonly workingDirectory?: string;
  readonly stopGraceMs: number;
  readonly limits: SessionLimits;
}

/** What is made for a session, beside its directory. */
interface Room {
  readonly enclosure: Enclosure;
  readonly root: GuestRoot;
  readonly limiter: SessionLimiter;
  listener?: PluginListener;
  /** Set when its removal begins: what arrives later is closed at once. */
  isClosed?: boolean;
}

/** Runs plugins as processes of this machine, one directory and one enclosure per session. */
export class ProcessBackend implements SessionBackend<Handle> {
  readonly limits: SessionLimits;
  readonly logs: LogForwarderOptions;
  readonly traits: BackendTraits;
  readonly #rooms = new Map<string, Room>();
  readonly #graces: Graces;
  #count = 0;

  constructor(private readonly options: ProcessBackendOptions) {
    this.#graces = new Graces(options.stopGraceMs);
    this.limits = options.limits;
    this.logs = options.logs;
    this.traits = {
      kind: "process",
      needs: "nothing",
      accepts: ["image", "template"],
      warnings: options.warnings,
      // What is not enforced is not claimed (SUP-1, SUP-4).
      egress: options.isolation.closesNetworks ? "hostname" : "none",
      hostServices: options.isolation.hostServices,
    };
  }

  async create(request: GuestRequest, context: BackendContext): Promise<Guest<Handle>> {
    this.#count += 1;
    const name = this.#count.toString(36);
    const directory = join(this.options.instance.path, name);
    const { root, limits } = await this.options.guests.plan(request, context);
    await mkdir(directory, { mode: 0o700 });
    let limiter: SessionLimiter | undefined;
    try {
      limiter = await this.options.limiter.session(name, limits);
      const { launcher } = limiter;
      const enclosure = await this.options.isolation.open({ directory, root, limits: { launcher } });
      this.#rooms.set(directory, { enclosure, root, limiter });
      return {
        handle: { directory },
        shared: enclosure.shared,
        env: { ...root.env, ...enclosure.env },
      };
    } catch (error) {
      await limiter?.close();
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
    const { root, enclosure, limiter } = room;
    const cwd = root.cwd ?? this.options.workingDirectory;
    const command = resolve(cwd ?? process.cwd(), plugin.command);
    try {
      if (root.path !== undefined) await checkRootProgram(root.path, command, cwd ?? "/");
      const mounted = mountedAt(root.mounts, command);
      if (mounted !== undefined) await checkMountedProgram(mounted, command);
      const env = root.path === undefined ? plugin.env : await environmentInRoot(root.path, plugin.env);
      const child = await enclosure.spawn(
        { command, args: plugin.args, env, ...(cwd !== undefined && { cwd }) },
        { egress: plugin.egress, say: progress },
      );
      plugin.io.consume("stdout", child.stdout);
      plugin.io.consume("stderr", child.stderr);
      const ended = child.ended.then((end) => limiter.explain(end, progress));
      return { ended, ...(await this.#reach(room, child, plugin)) };
    } catch (error) {
      if (error instanceof SpawnError)
        throw new RuntimeProviderError("FAILED_PRECONDITION", error.message, { cause: error });
      throw error;
    }
  }

  /** The stop ladder within the time that the runtime gives: SIGTERM, the grace, SIGKILL for all that is left. */
  async destroy({ directory }: Handle, context: BackendContext): Promise<"gone"> {
    const room = this.#rooms.get(directory);
    if (room !== undefined) {
      room.isClosed = true;
      await this.#graces.stop(context.deadline, (options) => room.enclosure.stop(options));
    }
    await Promise.all([room?.listener?.close(), room?.limiter.close()]);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    this.#rooms.delete(directory);
    return "gone";
  }

  async close(): Promise<void> {
    await this.options.isolation.close();
    await this.options.limiter.close();
    await this.options.instance.close();
  }

  /** Over a network the host is led to the plugin's socket; a Unix socket it dials itself. */
  async #reach(
    room: Room,
    child: GuestProcess,
    plugin: PluginRequest,
  ): Promise<Pick<RunningPlugin, "reach">> {
    const { listener } = plugin;
    const { listeners } = this.options;
    if (listeners === undefined || listener.type !== "unix") return reachOf(child, plugin);
    const { onHost, inGuest } = room.enclosure.shared;
    const path = child.socketOnHost ?? ((inside: string) => join(onHost, relative(inGuest, inside)));
    room.listener = await listeners.listen(() => path(listener.path));
    const { target, close } = room.listener;
    if (room.isClosed === true) await close();
    return { reach: { via: "target", target, probe: `unix://${path(listener.path)}` } };
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
