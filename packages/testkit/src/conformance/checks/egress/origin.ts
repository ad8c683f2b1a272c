import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { CheckContext } from "../../check/context.js";

/** Something that the suite serves for guests to reach, or not to. */
export interface Served {
  readonly host: string;
  readonly port: number;
  /** As a URL has it: an IPv6 address in brackets. */
  readonly authority: string;
  /** How often something reached it. */
  readonly reached: () => number;
}

/** What the suite's origin answers. */
export const originText = "the origin of the conformance suite";

/** Name or address under which guests and their proxy find this machine. */
export function originHost(t: CheckContext): string {
  const { originHost: given } = t.subject.options.egress ?? {};
  if (given !== undefined) return given;
  if (t.profile.declares.remote)
    t.missing(
      "the config declares that plugins run elsewhere, and does not say under which name or address they reach this " +
        "machine: set egress.originHost",
    );
  return localAddresses()[0] ?? "127.0.0.1";
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
}

/** Where to listen so that the host is found: at that address where it is one of this machine's, else everywhere. */
function bindAddress(host: string): string {
  return host.startsWith("127.") || localAddresses().includes(host) ? host : "0.0.0.0";
}

/** An HTTP server of the suite's. */
export async function serveOrigin(
  t: CheckContext,
  host = originHost(t),
  answer: RequestListener = (_request, response) => response.end(originText),
): Promise<Served & { readonly server: HttpServer }> {
  const server = createServer(answer);
  let reached = 0;
  server.on("connection", (socket: Socket) => {
    reached += 1;
    socket.on("error", () => undefined);
  });
  server.listen(0, bindAddress(host));
  await once(server, "listening");
  t.cleanUp("close the suite's origin", () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { server, host, port, authority: authorityOf(host, port), reached: () => reached };
}

/** A UDP server of the suite's, which answers every datagram; a DNS query with "no such name". */
export async function serveDatagrams(t: CheckContext, host = originHost(t)): Promise<Served> {
  const socket = createSocket("udp4");
  let reached = 0;
  socket.on("message", (message, { address, port }) => {
    reached += 1;
    // For a DNS query it is an answer, with the code for a name that does not exist.
    const answer = Buffer.from(message);
    if (answer.length >= 12) answer.writeUInt16BE(0x81_83, 2);
    socket.send(answer, port, address, () => undefined);
  });
  socket.on("error", () => undefined);
  socket.bind(0, bindAddress(host));
  await once(socket, "listening");
  t.cleanUp("close the suite's UDP server", () => socket.close());
  const { port } = socket.address();
  return { host, port, authority: authorityOf(host, port), reached: () => reached };
}

export function authorityOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
