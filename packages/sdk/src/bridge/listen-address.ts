import { formatDialTarget, parseDialTarget, parseHostDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { BridgeListen, BridgeTcpListen, BridgeTlsListen } from "./options.js";

/** Where to bind, and the host part of the target that names it. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly advertisedHost: string;
}

/**
 * Checks where a bridge is to listen, before anything is opened.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT, naming the field (DIAL-1, DIAL-2, DIAL-5)
 */
export function checkListen(listen: BridgeListen): void {
  if (listen.type === "unix") parseDialTarget(`unix://${listen.path}`, "listen.path");
  else tcpAddress(listen);
}

/** The address with its defaults. */
export function tcpAddress(listen: BridgeTcpListen | BridgeTlsListen): TcpAddress {
  const { type, host = "127.0.0.1", port = 0 } = listen;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw fault(`listen.port ${port} is no port; give 0 for any free one, or 1 to 65535`);
  parseDialTarget(targetOf(type, host, 1), "listen.host");
  const advertisedHost = listen.advertisedHost ?? host;
  const field = listen.advertisedHost === undefined ? "listen.host" : "listen.advertisedHost";
  try {
    parseHostDialTarget(targetOf(type, advertisedHost, port === 0 ? 1 : port), field);
  } catch (cause) {
    if (listen.advertisedHost !== undefined) throw cause;
    throw fault(
      `listen.host ${JSON.stringify(host)} can be listened on but not dialled (DIAL-5); give the name or address on which the host reaches this machine as listen.advertisedHost`,
    );
  }
  return { host, port, advertisedHost };
}

export function targetOf(type: "tcp" | "tls", host: string, port: number): string {
  return formatDialTarget({ type, host, port });
}

function fault(text: string): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", text);
}
