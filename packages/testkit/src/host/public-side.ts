import { randomUUID } from "node:crypto";
import { HostTokens, PublicListener, type PublicListenerOptions } from "../relay/index.js";
import { makeSocketDirectory, removeSocketDirectory } from "./socket-directory.js";
import { hostLimits, hostTimes, type HostLimits, type HostTimes } from "./times.js";
import type { HostTrace } from "./trace.js";

/** What {@link openPublicListener} may be told. */
export interface PublicSideOptions extends PublicListenerOptions {
  /** `server.baseUrl`. Default: the listener's own address under the name `localhost`. */
  readonly baseUrl?: string;
  /** Of later hosts: where relays and the egress proxy are reached, http or https. Default: at `baseUrl`. */
  readonly relayBaseUrl?: string;
  /** `server.encryptionKey`, which tokens are signed with. Default: a fresh one. Secret. */
  readonly encryptionKey?: string;
  /** Where the directory for its sockets is made. Default: the system's. */
  readonly tmpDir?: string;
  /** Where relayed calls and requests to the proxy are noted. Default: nowhere. */
  readonly trace?: HostTrace;
  /** Default: {@link hostTimes}. */
  readonly times?: Partial<HostTimes>;
  /** Default: {@link hostLimits}. */
  readonly limits?: Partial<HostLimits>;
}

/** Opens the host's public side: the relay of host services and the egress proxy. Close it when done. */
export async function openPublicListener(options: PublicSideOptions = {}): Promise<PublicListener> {
  const { trace, tmpDir, encryptionKey = randomUUID() } = options;
  const times = { ...hostTimes, ...options.times };
  const limits = { ...hostLimits, ...options.limits };
  const directory = await makeSocketDirectory(tmpDir);
  try {
    return await PublicListener.open({
      ...options,
      tokens: new HostTokens(encryptionKey, times.tokenLifetimeMs),
      directory,
      afterClose: () => removeSocketDirectory(directory),
      egressTunnelMs: times.egressTunnelMs,
      concurrentStreams: limits.concurrentStreams,
      onCall: ({ plugin, ...call }) => trace?.note(ownerOf(plugin), 0, { type: "relayed-call", ...call }),
      onEgress: ({ plugin, ...request }) =>
        trace?.note(ownerOf(plugin), 0, { type: "egress-request", ...request }),
    });
  } catch (error) {
    await removeSocketDirectory(directory);
    throw error;
  }
}

function ownerOf(plugin: string): string {
  return plugin === "" ? "public" : plugin;
}
