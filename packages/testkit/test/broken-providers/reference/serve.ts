import { lstat, rename, rm } from "node:fs/promises";
import {
  PluginRuntimeProvider,
  ProviderLifecycle,
  addUnaryService,
  type UnaryHandlers,
} from "@gestalt-runtime/sdk/protocol";
import { Server, ServerCredentials } from "@grpc/grpc-js";

export interface Served {
  readonly path: string;
  /** Lets calls in flight end, and cuts what is left after a while. */
  readonly drain: () => Promise<void>;
}

/** Serves both services on a path that appears when it accepts (PROC-2, PROC-3). */
export async function serveSocket(
  path: string,
  handlers: UnaryHandlers<typeof ProviderLifecycle> & UnaryHandlers<typeof PluginRuntimeProvider>,
): Promise<Served> {
  const server = new Server({ "grpc.max_concurrent_streams": 128, "grpc.enable_channelz": 0 });
  addUnaryService(server, ProviderLifecycle, handlers);
  addUnaryService(server, PluginRuntimeProvider, handlers);
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isSocket()) {
    process.stderr.write(`GESTALT_PLUGIN_SOCKET ${path} is there and is no socket; remove it\n`);
    process.exit(1);
  }
  const beside = `${path}.${process.pid}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${beside}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  await rename(beside, path);
  // Node.js unlinks the name that it has bound; it is to find nothing there.
  await rm(beside, { force: true });
  return {
    path,
    drain: () =>
      new Promise((resolve) => {
        const limit = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, 1_000);
        server.tryShutdown(() => {
          clearTimeout(limit);
          resolve();
        });
      }),
  };
}
