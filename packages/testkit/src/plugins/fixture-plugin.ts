/**
 * The fixture plugin's program, bundled into one executable file (dist/plugins/fixture-plugin.mjs). It serves
 * IntegrationProvider on GESTALT_PLUGIN_SOCKET, ends by SIGTERM and SIGINT, and with its parent where
 * GESTALT_PLUGIN_PARENT_PID is set, as plugins built with the official SDKs do (PLUG-3).
 */
import { Server } from "@grpc/grpc-js";
import { behavioursAtStart, boot } from "./at-start.js";
import { createEndSwitch } from "./endings.js";
import { grandchildFlag, runGrandchild } from "./grandchild.js";
import { reachFlag, runReach } from "./reach.js";
import type { PluginState } from "./handlers.js";
import { addIntegrationService } from "./integration-service.js";
import { listenAt, pluginSocketPath } from "./listen.js";

const parentPollMs = 500;
const drainMs = 500;

async function main(): Promise<void> {
  const end = createEndSwitch();
  const server = new Server({
    "grpc.max_concurrent_streams": 128,
    "grpc.enable_channelz": 0,
    // Environments are large: the host's own limit applies to answers, none here to requests.
    "grpc.max_receive_message_length": -1,
  });
  const drain = (): void => {
    server.tryShutdown(() => process.exit(0));
    setTimeout(() => process.exit(0), drainMs);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (signal === "SIGINT" || !end.ignoreSigterm) drain();
    });
  // Output that nobody reads any more is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  watchParent(drain);

  const { listening, found } = await boot(behavioursAtStart(process.argv.slice(2), process.env), end);
  if (listening === "none") {
    setInterval(() => undefined, 2 ** 30);
    return;
  }
  const path = pluginSocketPath(process.env.GESTALT_PLUGIN_SOCKET);
  const state: PluginState = { boot: found, end, config: { started: false } };
  addIntegrationService(server, state);
  await listenAt(path, listening, server);
}

function watchParent(onGone: () => void): void {
  const text = process.env.GESTALT_PLUGIN_PARENT_PID;
  if (text === undefined || text === "") return;
  const parent = Number(text);
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, parentPollMs);
  timer.unref();
}

const [first, second] = process.argv.slice(2);
if (first === grandchildFlag && second !== undefined) runGrandchild(second);
else if (first === reachFlag && second !== undefined) void runReach(second);
else
  main().catch((error: unknown) => {
    process.stderr.write(`fixture plugin: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
