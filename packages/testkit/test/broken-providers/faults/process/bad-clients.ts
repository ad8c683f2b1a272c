import { createRequire } from "node:module";
import type * as Http2 from "node:http2";
import { Server } from "@grpc/grpc-js";
import { defineFault } from "../../fault.js";

/** The module itself, whose functions grpc-js looks up each time. */
const http2 = createRequire(import.meta.url)("node:http2") as { createServer: typeof Http2.createServer };

export const noiseEndsIt = defineFault({
  name: "noise-ends-it",
  breaks: ["process/connection/outlives-noise"],
  apply: () => {
    const { createServer } = http2;
    http2.createServer = ((...args: Parameters<typeof createServer>) => {
      const server = createServer(...args);
      server.on("session", (session) =>
        session.on("error", (error: Error) => {
          process.stderr.write(`${error.message}\n`);
          process.exit(70);
        }),
      );
      return server;
    }) as typeof createServer;
  },
});

export const badMessageEndsIt = defineFault({
  name: "bad-message-ends-it",
  breaks: ["process/call/outlives-bad-messages"],
  apply: () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its server below
    const { addService } = Server.prototype;
    Server.prototype.addService = function (this: Server, service, implementation) {
      const read =
        ({ requestDeserialize }: (typeof service)[string]) =>
        (bytes: Buffer): unknown => {
          try {
            return requestDeserialize(bytes) as unknown;
          } catch {
            process.exit(71);
          }
        };
      const methods = Object.entries(service).map(([name, method]) => [
        name,
        { ...method, requestDeserialize: read(method) },
      ]);
      addService.call(this, Object.fromEntries(methods) as typeof service, implementation);
    };
  },
});
