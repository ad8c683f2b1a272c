import { Server, ServerCredentials } from "@grpc/grpc-js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** Bounds what half-open streams can cost, and keeps Node.js clients that flood from locking up. */
const maxConcurrentStreams = 1024;

/** The grpc-js server with the settings that a provider wants. */
export function createServer(): Server {
  return new Server({
    "grpc.max_concurrent_streams": maxConcurrentStreams,
    "grpc.enable_channelz": 0,
  });
}

/** Listens on a Unix socket; resolves when connections are accepted. */
export function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else
        reject(
          new RuntimeProviderError(
            "UNAVAILABLE",
            `can't listen on ${path}: ${error.message}; does its directory exist and may this user write there?`,
            {
              cause: error,
            },
          ),
        );
    });
  });
}

/** Takes no more connections and no more calls; resolves when the last answer has left and all peers are gone. */
export function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.tryShutdown(() => resolve());
  });
}
