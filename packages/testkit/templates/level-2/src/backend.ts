import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  defaultStateDirectory,
  openInstanceDirectory,
  RuntimeProviderError,
  type BackendTraits,
  type SessionBackend,
} from "@gestalt-runtime/sdk";
import { openProcessTree, SpawnError, type ProcessTree } from "@gestalt-runtime/sdk/processes";
import type { Config } from "./config.js";

/** What this runtime is and can do. Claim no more than you keep: the host trusts it. */
const traits = {
  kind: "__NAME__",
  needs: "nothing",
  accepts: [],
  egress: "none",
  hostServices: "direct",
} as const satisfies BackendTraits;

/** What is left of a deadline for killing and removing, after the grace. */
const killReserveMs = 400;

/**
 * Makes guests and runs plugins in them; the session runtime does the rest. Here a guest is a directory, and the
 * plugin a process of this machine: put your own machines, containers or sandboxes in their place.
 *
 * @param name the operator's name for this provider
 */
export async function makeBackend(config: Config, name: string): Promise<SessionBackend<string>> {
  // Of this instance alone, and removed by the next one if this one is killed.
  const instance = await openInstanceDirectory({
    root: defaultStateDirectory("__NAME__", name),
    removeRoot: true,
  });
  const trees = new Map<string, ProcessTree>();
  const cwd = config.workingDirectory ?? process.cwd();
  let count = 0;
  return {
    traits,

    /** Resolves when a program can be started in the guest. */
    async create() {
      count += 1;
      // Short: the plugin's socket is put there, and a socket's path has room for 107 bytes.
      const directory = join(instance.path, String(count));
      const [home, temporary] = [join(directory, "home"), join(directory, "tmp")];
      for (const path of [directory, home, temporary]) await mkdir(path, { mode: 0o700 });
      trees.set(directory, await openProcessTree());
      return {
        handle: directory,
        shared: { onHost: directory, inGuest: directory },
        env: { HOME: home, TMPDIR: temporary },
      };
    },

    /** Starts the program as it is given, and returns at once: the runtime waits until it serves. */
    async launch(directory, { command, args, env, io }) {
      const tree = trees.get(directory);
      if (tree === undefined)
        throw new RuntimeProviderError("FAILED_PRECONDITION", "the session has been stopped");
      try {
        const child = await tree.spawn({ command: resolve(cwd, command), args, env, cwd });
        io.consume("stdout", child.stdout);
        io.consume("stderr", child.stderr);
        return { ended: child.ended };
      } catch (error) {
        if (!(error instanceof SpawnError)) throw error;
        throw new RuntimeProviderError("FAILED_PRECONDITION", error.message, { cause: error });
      }
    },

    /** Removes everything. It may be called again, and for a guest that is gone already. */
    async destroy(directory, { deadline }) {
      const leftMs = deadline.getTime() - Date.now() - killReserveMs;
      await trees.get(directory)?.stop({ graceMs: Math.max(0, Math.min(config.stopGraceMs, leftMs)) });
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      trees.delete(directory);
      return "gone";
    },

    /** Called once, when all sessions have ended. */
    close: () => instance.close(),
  };
}

/** Stands in where plugins can't be run: it makes nothing and touches nothing. */
export function makeUnableBackend(cannotHost: string): SessionBackend<string> {
  const refuse = () => Promise.reject(new RuntimeProviderError("FAILED_PRECONDITION", cannotHost));
  return {
    traits: { ...traits, cannotHost },
    create: refuse,
    launch: refuse,
    destroy: () => Promise.resolve("gone"),
  };
}
