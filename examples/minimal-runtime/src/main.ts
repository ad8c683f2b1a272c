import { mkdtemp, rm } from "node:fs/promises";
import {
  createSessionRuntime,
  defaultStateDirectory,
  hostSandbox,
  openInstanceDirectory,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { openProcessTree, type ProcessTree } from "@gestalt-runtime/sdk/processes";

const trees = new Map<string, ProcessTree>();

const provider = createSessionRuntime(async (_config, { name }) => {
  // Where gestaltd sandboxes the provider itself, no program can be started.
  const cannotHost = hostSandbox()?.cannotHost;
  // What an instance that was killed has left is removed here; what a living one has is not.
  const own = await openInstanceDirectory({ root: defaultStateDirectory("minimal", name), removeRoot: true });
  return {
    traits: {
      kind: "minimal",
      needs: "nothing",
      accepts: [],
      egress: "none",
      hostServices: "direct",
      ...(cannotHost !== undefined && { cannotHost }),
    },
    async create() {
      const directory = await mkdtemp(`${own.path}/`);
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
    close: () => own.close(),
  };
});

await servePluginRuntimeProvider(provider);
