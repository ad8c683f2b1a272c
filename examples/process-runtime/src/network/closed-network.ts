import { endInner, startInner } from "./inner-process.js";
import { insideFolder, listenerEnclosure, type NetworkMaker } from "./guest-network.js";
import { socat, untilListening } from "./listener.js";
import type { NetworkTools } from "./network-tools.js";

/** Where every closed network has its proxy: an address that neither relays nor plugins choose for themselves. */
export const proxyLocation = { host: "127.52.0.1", port: 3128 } as const;

/** A network without a way out, but for listeners. The first is there already, for the proxy: it leads to the socket `proxy`. */
export function closedNetwork(tools: NetworkTools): NetworkMaker {
  const { host, port } = proxyLocation;
  return {
    helper: "socat",
    start: async (tree, folder) => {
      // Its root may listen on every port and name addresses there, and is nobody outside.
      const user = process.getuid?.() === 0 ? [] : ["--unshare-user", "--uid", "0", "--gid", "0"];
      const started = await startInner(tree, [
        ...[tools.bwrap, ...user, "--unshare-net", ...listenerEnclosure(folder), "--"],
        ...socat(tools, host, port, insideFolder("proxy")),
      ]);
      try {
        await untilListening(started.first, host, port, started);
        return { process: started, holder: started.first };
      } catch (error) {
        endInner(started);
        await started.child.ended;
        throw error;
      }
    },
  };
}
