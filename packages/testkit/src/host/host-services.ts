import { join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { Cache } from "@gestalt-runtime/sdk/protocol";
import { CacheStore, addCacheService } from "./cache-store.js";
import { makeSocketDirectory, removeSocketDirectory } from "./socket-directory.js";
import { serveOnSocket, type SocketServer } from "./socket-server.js";
import type { HostLimits, HostTimes } from "./times.js";
import type { HostTrace } from "./trace.js";

/** One host service of one hosted plugin: a gRPC server on a Unix socket, known by its env var. */
export interface HostService {
  readonly envVar: string;
  readonly path: string;
  /** Its name in a relay token. */
  readonly service: string;
  /** What its methods' paths begin with. */
  readonly methodPrefix: string;
}

/** The host services of one hosted plugin, in a directory of their own (0700). */
export interface HostServices {
  /** In the order in which the host binds them (BIND). */
  readonly services: readonly HostService[];
  readonly caches: ReadonlyMap<string, CacheStore>;
  close(): Promise<void>;
}

export interface HostServicesOptions {
  readonly plugin: string;
  readonly kind: "plugin" | "agent";
  /** The names of the plugin's caches, as its config has them. */
  readonly caches: readonly string[];
  /** Of an agent: a plugin always gets one. */
  readonly indexedDb: boolean;
  readonly tmpDir: string | undefined;
  readonly trace: HostTrace;
  readonly times: HostTimes;
  readonly limits: HostLimits;
}

/** Starts what every plugin gets (all UNIMPLEMENTED), and a real cache for each that its config names. */
export async function startHostServices(options: HostServicesOptions): Promise<HostServices> {
  const { plugin, trace, times, limits } = options;
  const caches = new Map(options.caches.map((name) => [name, new CacheStore(limits)]));
  const directory = await makeSocketDirectory(options.tmpDir);
  const servers: SocketServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    await removeSocketDirectory(directory);
  };
  try {
    const services: HostService[] = [];
    for (const [index, { envVar, service, cache }] of servicesOf(options, caches).entries()) {
      const path = join(directory, `host-${index}.sock`);
      const noted = (method: string, thrown?: unknown): void =>
        trace.note(plugin, 0, {
          type: "host-service",
          envVar,
          method,
          code: thrown === undefined ? "OK" : RuntimeProviderError.from(thrown, method).code,
        });
      servers.push(
        await serveOnSocket(
          path,
          (grpc) => cache !== undefined && addCacheService(grpc, cache, noted),
          times,
          limits,
        ),
      );
      services.push({ envVar, path, service: service.name, methodPrefix: `/${service.typeName}/` });
    }
    return { services, caches, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The names of a host service: in a relay token, and as gRPC has it. */
interface ServiceNames {
  readonly name: string;
  readonly typeName: string;
}

const known = {
  indexedDb: { name: "indexeddb", typeName: "gestalt.provider.v1.IndexedDB" },
  cache: { name: "cache", typeName: Cache.typeName },
  workflowManager: { name: "workflow_manager", typeName: "gestalt.provider.v1.WorkflowManagerHost" },
  agentManager: { name: "agent_manager", typeName: "gestalt.provider.v1.AgentManagerHost" },
  agentHost: { name: "agent_host", typeName: "gestalt.provider.v1.AgentHost" },
} satisfies Record<string, ServiceNames>;

interface Wanted {
  readonly envVar: string;
  readonly service: ServiceNames;
  readonly cache?: CacheStore;
}

/**
 * In the host's order. A plugin: IndexedDB, caches (a single one also under the plain name), workflow and agent
 * manager. An agent: the agent host, then IndexedDB where it has one.
 */
function servicesOf(
  { kind, indexedDb }: Pick<HostServicesOptions, "kind" | "indexedDb">,
  caches: ReadonlyMap<string, CacheStore>,
): readonly Wanted[] {
  const database = { envVar: "GESTALT_INDEXEDDB_SOCKET", service: known.indexedDb };
  if (kind === "agent")
    return [
      { envVar: "GESTALT_AGENT_HOST_SOCKET", service: known.agentHost },
      ...(indexedDb ? [database] : []),
    ];
  const named = [...caches].map(([name, cache]) => ({
    envVar: `GESTALT_CACHE_SOCKET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`,
    service: known.cache,
    cache,
  }));
  const only = caches.size === 1 ? [...caches.values()] : [];
  return [
    database,
    ...named,
    ...only.map((cache) => ({ envVar: "GESTALT_CACHE_SOCKET", service: known.cache, cache })),
    { envVar: "GESTALT_WORKFLOW_MANAGER_SOCKET", service: known.workflowManager },
    { envVar: "GESTALT_AGENT_MANAGER_SOCKET", service: known.agentManager },
  ];
}
