import { addUnaryService, PluginRuntimeLogHost } from "@gestalt-runtime/sdk/protocol";
import { Server, ServerCredentials } from "@grpc/grpc-js";

/** A log host that counts what it takes, and says so when it was asked to stop. */
let taken = 0;
const server = new Server({ "grpc.enable_channelz": 0 });
addUnaryService(server, PluginRuntimeLogHost, {
  appendLogs: ({ logs }) => {
    taken += logs.length;
    return { lastSeq: BigInt(taken) };
  },
});
server.bindAsync(`unix:${process.argv[2] ?? ""}`, ServerCredentials.createInsecure(), () =>
  process.stdout.write("listening\n"),
);
process.once("SIGTERM", () => {
  process.stdout.write(`${taken}\n`, () => process.exit());
});
