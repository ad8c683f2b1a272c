import { IntegrationProvider, addUnaryService, type UnaryHandlers } from "@gestalt-runtime/sdk/protocol";
import { Server, ServerCredentials } from "@grpc/grpc-js";

/** A plugin inside the test's own process, for tests that are about its host alone. */
export class PluginServer implements AsyncDisposable {
  private constructor(
    readonly server: Server,
    /** The port, for one that listens on TCP. */
    readonly port: number,
    /** The `:authority` of every call, in order. */
    readonly authorities: readonly string[],
  ) {}

  static async listen(
    address: string,
    handlers: UnaryHandlers<typeof IntegrationProvider> = {},
    credentials = ServerCredentials.createInsecure(),
  ): Promise<PluginServer> {
    const authorities: string[] = [];
    const server = new Server({ "grpc.max_concurrent_streams": 128, "grpc.enable_channelz": 0 });
    addUnaryService(server, IntegrationProvider, {
      getMetadata: (_request, call) => {
        authorities.push(call.getHost());
        return { name: "example" };
      },
      startProvider: () => ({ protocolVersion: 3 }),
      execute: ({ operation }) => ({ status: 200, body: operation }),
      ...handlers,
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return new PluginServer(server, port, authorities);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.forceShutdown();
    return Promise.resolve();
  }
}
