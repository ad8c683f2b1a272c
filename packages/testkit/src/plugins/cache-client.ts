import { readFileSync } from "node:fs";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { credentials, type ChannelCredentials } from "@grpc/grpc-js";
import { parseDialTarget } from "@gestalt-runtime/sdk";
import {
  Cache,
  openChannel,
  type ProtocolChannel,
  type UnaryCallOptions,
} from "@gestalt-runtime/sdk/protocol";
import type { FixtureOperations } from "./operations.js";
import { Refusal } from "./params.js";

const tokenHeader = "x-gestalt-host-service-relay-token";

/** Does one thing with the Cache host service, on a connection of its own, as plugins reach it (BIND-2, BIND-3). */
export async function useCache(
  params: FixtureOperations["cache"]["params"],
): Promise<FixtureOperations["cache"]["result"]> {
  const { key, value = "", action = "round-trip", ttlMs, timeoutMs = 5_000 } = params;
  const envVar = params.envVar ?? "GESTALT_CACHE_SOCKET";
  const address = process.env[envVar];
  if (address === undefined) throw new Refusal(424, `cache: ${envVar} is not set`);
  const token = process.env[`${envVar}_TOKEN`];
  const options: UnaryCallOptions = {
    timeoutMs,
    waitForReady: true,
    ...(token === undefined ? {} : { metadata: { [tokenHeader]: token } }),
  };
  const channel = openHostService(address, envVar);
  try {
    const cache = channel.client(Cache);
    if (action === "delete") {
      const { deleted } = await cache.delete({ key }, options);
      return { found: false, value: "", deleted };
    }
    if (action !== "get") {
      const ttl = ttlMs === undefined ? {} : { ttl: durationFromMs(ttlMs) };
      await cache.set({ key, value: Buffer.from(value), ...ttl }, options);
    }
    if (action === "set") return { found: true, value };
    const answer = await cache.get({ key }, options);
    return { found: answer.found, value: Buffer.from(answer.value).toString() };
  } finally {
    channel.close();
  }
}

function openHostService(address: string, envVar: string): ProtocolChannel {
  const target = parseDialTarget(address.startsWith("/") ? `unix://${address}` : address, envVar);
  if (target.type === "unix") return openChannel(`unix:${target.path}`, credentials.createInsecure());
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return openChannel(
    `dns:${host}:${target.port}`,
    target.type === "tls" ? tls() : credentials.createInsecure(),
  );
}

/** Node.js does not look at SSL_CERT_FILE by itself; plugins in other languages do. */
function tls(): ChannelCredentials {
  const file = process.env.SSL_CERT_FILE;
  return credentials.createSsl(file === undefined || file === "" ? null : readFileSync(file));
}
