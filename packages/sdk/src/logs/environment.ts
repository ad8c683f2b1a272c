import { readFileSync } from "node:fs";
import { parseDialTarget, type DialTarget } from "../dial-target/dial-target.js";
import { createLogForwarder, type LogForwarder } from "./log-forwarder.js";
import type { LogForwarderOptions } from "./options.js";

const socketVariable = "GESTALT_RUNTIME_LOG_SOCKET";
const tokenVariable = "GESTALT_RUNTIME_LOG_SOCKET_TOKEN";

/**
 * A forwarder to the log host that the host has named in the provider's environment: a bare path, `unix://`,
 * `tcp://` or `tls://` in `GESTALT_RUNTIME_LOG_SOCKET`, and the token of a relayed one in
 * `GESTALT_RUNTIME_LOG_SOCKET_TOKEN`. Without the first, logs go to stderr (LOGS-5).
 *
 * A `tls://` host is checked against `SSL_CERT_FILE`, where that is set.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT naming the variable, when it can't be read
 */
export function logForwarderFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: Omit<LogForwarderOptions, "target" | "token"> = {},
): LogForwarder {
  const address = env[socketVariable] ?? "";
  if (address === "") return createLogForwarder(options);
  const text = address.startsWith("/") ? `unix://${address}` : address;
  const token = env[tokenVariable] ?? "";
  return createLogForwarder({
    ...rootsFor(parseDialTarget(text, socketVariable), env),
    ...options,
    target: text,
    ...(token === "" ? {} : { token }),
  });
}

function rootsFor(
  target: DialTarget,
  env: Readonly<Record<string, string | undefined>>,
): { rootsPem?: string } {
  const file = env.SSL_CERT_FILE ?? "";
  if (target.type !== "tls" || file === "") return {};
  try {
    return { rootsPem: readFileSync(file, "utf8") };
  } catch {
    // The logs are not worth a provider: the connection says what it misses.
    return {};
  }
}
