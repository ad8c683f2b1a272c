import { join } from "node:path";
import { CacheStore, addCacheService } from "../../../host/cache-store.js";
import { makeSocketDirectory } from "../../../host/socket-directory.js";
import { serveOnSocket } from "../../../host/socket-server.js";
import { hostLimits, hostTimes } from "../../../host/times.js";
import type { CheckContext } from "../../check/context.js";

/** A host service, as the host serves it; by default on a socket in a directory of its own. */
export async function serveCache(
  t: CheckContext,
  at?: string,
): Promise<{ readonly path: string; readonly store: CacheStore }> {
  const path = at ?? join(t.place.ofSuite(await makeSocketDirectory(t.place.directory)), "host.sock");
  t.place.ofSuite(path);
  const store = new CacheStore();
  const server = await serveOnSocket(
    path,
    (grpc) => {
      addCacheService(grpc, store, () => undefined);
    },
    hostTimes,
    hostLimits,
  );
  t.cleanUp("close the host service", () => server.close());
  return { path, store };
}
