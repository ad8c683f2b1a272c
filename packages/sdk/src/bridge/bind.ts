import type { AddressInfo, Server } from "node:net";
import { parseHostDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { tcpAddress, targetOf } from "./listen-address.js";
import type { BridgeTcpListen, BridgeTlsListen } from "./options.js";

/** A TCP peer that vanished without a word is noticed after about this time and the system's own retries. */
const keepAliveInitialDelay = 30_000;

/** What every accepted socket is given. */
export const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay };

/** @returns the target that the host dials */
export async function bindTcp(server: Server, listen: BridgeTcpListen | BridgeTlsListen): Promise<string> {
  const { host, port, advertisedHost } = tcpAddress(listen);
  await bind(server, { host, port }, targetOf(listen.type, host, port));
  const target = targetOf(listen.type, advertisedHost, (server.address() as AddressInfo).port);
  parseHostDialTarget(target, "bridge.target");
  return target;
}

/**
 * Makes a server listen.
 *
 * @param place the address in the error's text
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION
 */
export function bind(
  server: Server,
  address: { path: string } | { host: string; port: number },
  place: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const code = cause.code ?? cause.message;
      const text = `can't listen on ${place} (${code}): ${"path" in address ? unixMend : tcpMend(code)}`;
      reject(new RuntimeProviderError("FAILED_PRECONDITION", text, { cause }));
    };
    server.once("error", failed);
    server.listen(address, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

/** The system's code does not tell a missing folder from a forbidden one. */
const unixMend = "give a folder that exists, and that this user may write to";

function tcpMend(code: string): string {
  if (code === "EADDRINUSE") return "it is taken; give another port, or 0 for any free one";
  if (code === "EACCES")
    return "this user may not listen there; give a port above 1023, or 0 for any free one";
  return "give an address of this machine";
}
