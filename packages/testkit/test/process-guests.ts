import { mkdtemp, rm } from "node:fs/promises";
import type { SessionBackend } from "@gestalt-runtime/sdk";
import { openProcessTree, type ProcessTree } from "@gestalt-runtime/sdk/processes";

type Guests = Pick<SessionBackend<string>, "create" | "launch" | "destroy">;

/** What the backends of tests have in common: a guest is a process tree and a directory, whose path begins with `prefix`. */
export function processGuests(prefix: string): Guests {
  const trees = new Map<string, ProcessTree>();
  return {
    async create() {
      const directory = await mkdtemp(prefix);
      trees.set(directory, await openProcessTree());
      return { handle: directory, shared: { onHost: directory, inGuest: directory } };
    },
    async launch(directory, { command, args, env, io }) {
      const tree = trees.get(directory);
      if (tree === undefined) throw new Error("the session was stopped");
      const child = await tree.spawn({ command, args, env });
      io.consume("stdout", child.stdout);
      io.consume("stderr", child.stderr);
      return { ended: child.ended };
    },
    async destroy(directory) {
      await trees.get(directory)?.stop({ graceMs: 500 });
      await rm(directory, { recursive: true, force: true });
      return "gone";
    },
  };
}
