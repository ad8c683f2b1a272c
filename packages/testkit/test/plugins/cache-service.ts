import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { addUnaryService, Cache } from "@gestalt-runtime/sdk/protocol";
import { onTestFinished } from "vitest";

export interface CacheService {
  /** A bare Unix path, or host:port. */
  readonly address: string;
  readonly entries: Map<string, Uint8Array>;
  /** The relay tokens that came, one per call. */
  readonly tokens: unknown[];
  /** Lifetimes asked for, in milliseconds. */
  readonly lifetimes: (number | undefined)[];
}

/** A cache for one test, on a Unix socket or on a TCP port of the loopback. */
export async function startCache(
  on: "unix" | "tcp" = "unix",
  credentials = ServerCredentials.createInsecure(),
): Promise<CacheService> {
  const directory = await mkdtemp(join(tmpdir(), "cache-"));
  const entries = new Map<string, Uint8Array>();
  const tokens: unknown[] = [];
  const lifetimes: (number | undefined)[] = [];
  const server = new Server({ "grpc.max_concurrent_streams": 128, "grpc.enable_channelz": 0 });
  addUnaryService(server, Cache, {
    get: ({ key }, { metadata }) => {
      tokens.push(metadata.get("x-gestalt-host-service-relay-token")[0]);
      const value = entries.get(key);
      return value === undefined ? { found: false } : { found: true, value };
    },
    set: ({ key, value, ttl }) => {
      entries.set(key, value);
      lifetimes.push(ttl && Number(ttl.seconds) * 1_000 + ttl.nanos / 1e6);
      return {};
    },
    delete: ({ key }) => ({ deleted: entries.delete(key) }),
  });
  const path = join(directory, "cache.sock");
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(on === "unix" ? `unix:${path}` : "127.0.0.1:0", credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  onTestFinished(async () => {
    server.forceShutdown();
    await rm(directory, { recursive: true });
  });
  return { address: on === "unix" ? path : `127.0.0.1:${port}`, entries, tokens, lifetimes };
}
