import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { HostLimits, HostTimes } from "./times.js";

/** A gRPC server of the host on a Unix socket. */
export interface SocketServer {
  readonly path: string;
  /** Ends it: calls in flight may finish for `hostServiceStopMs`, then they are cut. The socket is gone at once. */
  close(): Promise<void>;
}

/** Serves what `register` adds; a method that nobody added answers UNIMPLEMENTED. */
export async function serveOnSocket(
  path: string,
  register: (server: Server) => void,
  times: Pick<HostTimes, "hostServiceStopMs">,
  limits: Pick<HostLimits, "concurrentStreams">,
): Promise<SocketServer> {
  const server = new Server({
    "grpc.max_concurrent_streams": limits.concurrentStreams,
    "grpc.enable_channelz": 0,
  });
  register(server);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  let closed: Promise<void> | undefined;
  return {
    path,
    close: () =>
      (closed ??= new Promise<void>((resolve) => {
        const force = setTimeout(() => server.forceShutdown(), times.hostServiceStopMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      })),
  };
}
