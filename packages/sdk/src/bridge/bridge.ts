import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { createStderrLogger } from "../serve/stderr-logger.js";
import type { Client } from "./accepted.js";
import { join } from "./join.js";
import { checkListen } from "./listen-address.js";
import { openListener } from "./listener.js";
import type { Bridge, BridgeOptions } from "./options.js";
import { RepeatedWarnings } from "./repeated-warnings.js";
import { dialWithin, upstreamDial } from "./upstream.js";

/**
 * Listens where the host can dial, and leads each of its connections to a guest's listener that it can't: the
 * plugin behind a guest-local socket becomes a `unix://`, `tcp://` or `tls://` target (DIAL-5).
 *
 * A connection whose upstream can't be reached is reset, and says nothing about the next one. Either side may end
 * its half and go on receiving; a side that breaks off takes the other with it. What goes wrong is logged.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT, naming the option; FAILED_PRECONDITION where the address is
 *   taken, or a certificate is not one for the dialled host
 */
export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const maxConnections = positive("maxConnections", options.maxConnections ?? 1_024);
  const connectTimeoutMs = positive("connectTimeoutMs", options.connectTimeoutMs ?? 10_000);
  const certificateCheckMs = positive("certificateCheckMs", options.certificateCheckMs ?? 60_000);
  checkListen(options.listen);
  const dial = upstreamDial(options.upstream);
  const logger = options.logger ?? createStderrLogger();
  const warnings = new RepeatedWarnings(logger);
  const open = new Map<AbortController, Promise<void>>();

  const listener = await openListener(options.listen, {
    maxConnections,
    handshakeTimeoutMs: connectTimeoutMs,
    certificateCheckMs,
    warnings,
    logger,
    onClient: (client) => {
      const leaving = new AbortController();
      const carried = carry(client, leaving).finally(() => open.delete(leaving));
      open.set(leaving, carried);
    },
  });

  async function carry(client: Client, leaving: AbortController): Promise<void> {
    const left = (): void => leaving.abort(new Error("the client has left"));
    client.stream.once("close", left);
    try {
      const upstream = await dialWithin(dial, connectTimeoutMs, leaving.signal);
      client.stream.off("close", left);
      const end = await join(client, upstream);
      if (end.how === "broken" && end.side === "upstream")
        warnings.warn("broken", { target, reason: end.error.message }, "the bridge's upstream broke off");
    } catch (error) {
      if (!leaving.signal.aborted) {
        const reason = RuntimeProviderError.from(error, "dial").message;
        warnings.warn("dial", { target, reason }, "a connection was reset: the upstream was not reached");
      }
      client.cutOff();
    }
  }

  const { target } = listener;
  let closed: Promise<void> | undefined;
  async function close(graceMs: number): Promise<void> {
    listener.stop();
    if (graceMs > 0) await ended(graceMs);
    for (const leaving of open.keys()) leaving.abort(new Error(`the bridge at ${target} was closed`));
    listener.cutOffConnections();
    await ended(1_000);
  }
  async function ended(withinMs: number): Promise<void> {
    const enough = new AbortController();
    const all = Promise.all(open.values()).then(() => enough.abort());
    await Promise.race([all, delay(withinMs, undefined, { signal: enough.signal }).catch(() => undefined)]);
  }

  return {
    target,
    get connections() {
      return open.size;
    },
    close: ({ graceMs = 0 } = {}) => (closed ??= close(graceMs)),
    [Symbol.asyncDispose]: () => (closed ??= close(0)),
  };
}

function positive(field: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new RuntimeProviderError("INVALID_ARGUMENT", `${field} ${value} is no bound; give a number above 0`);
}
