import { lstatSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { protocol } from "./protocol.js";
import { handlers } from "./refusal.js";
import { complain } from "./stderr.js";

// The host kills what is still there 2 s after SIGTERM (PROC-6): both times together stay well below.
const drainMs = 600;
const orphanDrainMs = 100;
const lastStopGraceMs = 400;
const parentPollMs = 250;

/**
 * A provider's life.
 *
 * @param {object} provider
 * @param {Record<string, Function>} provider.lifecycle methods of ProviderLifecycle
 * @param {Record<string, Function>} provider.runtime methods of PluginRuntimeProvider
 * @param {() => void} provider.refuseMore called before calls in flight are awaited
 * @param {(graceMs: number) => Promise<void>} provider.close called after them: stops plugins, and frees what is held
 * @returns {Promise<number>} the exit code
 */
export async function serve({ lifecycle, runtime, refuseMore, close }) {
  const path = process.env.GESTALT_PLUGIN_SOCKET ?? "";
  if (path === "") {
    complain("GESTALT_PLUGIN_SOCKET is not set: gestaltd sets it to the path of the Unix socket to serve on");
    return 2;
  }
  const ending = new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve(drainMs));
    watchParent(() => resolve(orphanDrainMs));
  });
  const report = (error) => complain(error?.stack ?? String(error));
  const server = new Server();
  server.addService(protocol.ProviderLifecycle.service, handlers(lifecycle, report));
  server.addService(protocol.PluginRuntimeProvider.service, handlers(runtime, report));
  let socket;
  try {
    socket = await listen(server, path);
  } catch (error) {
    complain(`GESTALT_PLUGIN_SOCKET: ${error.message}`);
    return 1;
  }
  const drain = await ending;
  refuseMore();
  // Calls in flight may end; a connection that stays must not hold this up.
  await Promise.race([new Promise((resolve) => server.tryShutdown(resolve)), delay(drain)]);
  await close(lastStopGraceMs);
  server.forceShutdown();
  socket.remove();
  return 0;
}

/** Makes the path appear only when it accepts, and replaces a stale socket there (PROC-2, PROC-3). */
async function listen(server, path) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw new Error(`${path} exists and is no socket; remove it`);
  const temporary = join(dirname(path), `.${process.pid.toString(36)}`);
  rmSync(temporary, { force: true });
  await new Promise((resolve, reject) => {
    server.bindAsync(`unix:${temporary}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  const { ino } = lstatSync(temporary);
  renameSync(temporary, path);
  return {
    /** Takes the socket away unless somebody else's has taken its place. */
    remove: () => {
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
    },
  };
}

/** Tells when the process that the host named is no longer the parent (PROC-7). */
function watchParent(onGone) {
  const parent = process.env.GESTALT_PLUGIN_PARENT_PID ?? "";
  if (!/^\d+$/.test(parent)) return;
  const timer = setInterval(() => {
    if (process.ppid === Number(parent)) return;
    clearInterval(timer);
    onGone();
  }, parentPollMs);
}
