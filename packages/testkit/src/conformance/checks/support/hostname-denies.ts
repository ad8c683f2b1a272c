import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";

export const hostnameDenies = defineCheck({
  id: "support/egress-mode/hostname-denies",
  title: "a provider that says HOSTNAME lets a plugin reach nothing when all is denied",
  requirements: ["SUP-4"],
  needs: ["hosts-plugins", "hostname-egress"],
  instance: "shared",
  cause: "HOSTNAME is claimed because proxy variables are set; a plugin that does not look at them gets out.",
  mend:
    "Take the network away from the plugin and leave it one way out that asks the policy; say egress_mode NONE where " +
    "that can't be had.",
  run: async (t) => {
    const targets = await listeners(t);
    const session = await t.session(await t.provider());
    const plugin = await t.plugin(session, { allowedHosts: [], defaultAction: "deny" });
    for (const { what, host, server } of targets) {
      const { port } = server.address() as AddressInfo;
      const url = `http://${host}:${port}/`;
      const connections = counted(server);
      const answer = await plugin.execute("fetch", { url, timeoutMs: 3_000 });
      t.expect(
        connections.count === 0 && !answer.ok,
        `egress_mode is HOSTNAME, and with defaultAction deny a plugin that ignores its proxy reaches ${what}`,
      );
    }
  },
});

interface Target {
  readonly what: string;
  readonly host: string;
  readonly server: Server;
}

/** Listeners of this machine, of which a plugin must not reach one. */
async function listeners(t: CheckContext): Promise<Target[]> {
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address;
  const wanted: readonly (readonly [string, string | undefined])[] = [
    ["a loopback address of the host's", "127.0.0.1"],
    ["an address of the host's network", outer],
  ];
  return Promise.all(
    wanted.flatMap(([what, host]) =>
      host === undefined ? [] : [listen(t, host).then((server) => ({ what, host, server }))],
    ),
  );
}

async function listen(t: CheckContext, host: string): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: 0 }, resolve);
  });
  t.cleanUp("close a listener", () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return server;
}

function counted(server: Server): { count: number } {
  const seen = { count: 0 };
  server.on("connection", () => (seen.count += 1));
  return seen;
}
