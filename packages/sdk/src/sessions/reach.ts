import { join } from "node:path";
import type { Duplex } from "node:stream";
import { openBridge, type BridgeDial } from "../bridge/index.js";
import { formatDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { backoffMs } from "./backoff.js";
import type { GuestExec } from "../guests/index.js";
import type { Guest, GuestListener, Json, Reach, RunningPlugin } from "./guest.js";
import { sharedSocketName } from "./listeners.js";
import type { OpenGuestBridge, Surroundings } from "./surroundings.js";
import { pause } from "./waiting.js";

/** The host's way to a plugin. */
export interface Way {
  /** A dial target that stays the same while the session lives. */
  readonly dialTarget: string;
  /** Where the listener itself is seen from this machine; left out where that is `dialTarget`. */
  readonly probe?: string;
  close(): Promise<void>;
}

/** What a way leads to. */
export interface WayOptions<H extends Json> {
  readonly sessionId: string;
  readonly guest: Guest<H>;
  readonly plugin: RunningPlugin;
  /** Where the plugin listens inside the guest. */
  readonly listener: GuestListener;
  /** Aborts when the session is over. */
  readonly signal: AbortSignal;
}

/** Opens the host's way to a plugin's listener; with a way that can be lost, or a `dial`, the runtime pipes. */
export async function openWay<H extends Json>(around: Surroundings<H>, options: WayOptions<H>): Promise<Way> {
  const { guest, plugin, signal } = options;
  const { reach } = plugin;
  if (reach?.via === "dial") return pipe(around, (abort) => reach.dial(abort));
  if (reach?.via === "target") {
    if (reach.closed === undefined && reach.reopen === undefined) return fixed(reach.target, reach.probe);
    const line = new ReopenedLine(around, reach, signal);
    return pipe(around, () => line.target());
  }
  if (guest.shared !== undefined)
    return fixed(formatDialTarget({ type: "unix", path: join(guest.shared.onHost, sharedSocketName) }));
  if (around.backend.exec !== undefined && around.guestBridge !== undefined)
    return pipe(around, dialByExec(around, options, around.guestBridge));
  throw new RuntimeProviderError(
    "INTERNAL",
    "the backend does not say how the plugin is reached; give RunningPlugin.reach or Guest.shared, or exec and the runtime's option guestBridge",
  );
}

/** Reaches the listener by programs that are run in the guest, one for each connection. */
function dialByExec<H extends Json>(
  { backend, calls }: Surroundings<H>,
  { sessionId, guest, listener, signal: over }: WayOptions<H>,
  guestBridge: OpenGuestBridge,
): (signal: AbortSignal) => Promise<Duplex> {
  const exec: GuestExec = (argv, { signal, ...options }) => {
    const both = signal === undefined ? over : AbortSignal.any([signal, over]);
    const context = calls.lasting({ what: "running a program in the guest", sessionId }, both);
    if (backend.exec !== undefined) return backend.exec(guest.handle, argv, options, context);
    throw new RuntimeProviderError("INTERNAL", "the backend has no exec");
  };
  return guestBridge({ exec }).dialTo(listener);
}

function fixed(dialTarget: string, probe?: string): Way {
  return { dialTarget, ...(probe !== undefined && { probe }), close: () => Promise.resolve() };
}

async function pipe<H extends Json>(
  { hostDirectory, logger }: Surroundings<H>,
  upstream: BridgeDial,
): Promise<Way> {
  const bridge = await openBridge({
    listen: { type: "unix", path: await hostDirectory.socketPath() },
    upstream,
    logger,
  });
  return { dialTarget: bridge.target, close: () => bridge.close() };
}

/** A target that may be lost and opened anew: connections wait for the new one. */
class ReopenedLine<H extends Json> {
  #target: Promise<string>;

  constructor(
    private readonly around: Surroundings<H>,
    private readonly reach: Extract<Reach, { via: "target" }>,
    private readonly signal: AbortSignal,
  ) {
    this.#target = Promise.resolve(reach.target);
    const lost = (): void => {
      if (this.signal.aborted) return;
      this.#target = this.#reopen();
      this.#target.catch(() => undefined);
    };
    reach.closed?.then(lost, lost);
  }

  /** Where the plugin is now; waits while the way is being opened anew. */
  target(): Promise<string> {
    return this.#target;
  }

  async #reopen(): Promise<string> {
    const { clock, limits, random, logger } = this.around;
    if (this.reach.reopen === undefined)
      throw new RuntimeProviderError(
        "UNAVAILABLE",
        "the way to the plugin is lost, and can't be opened anew",
      );
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.reach.reopen(this.signal);
      } catch (error) {
        logger.warn({ failures, error }, "the way to a plugin is lost; opening it anew failed");
        await pause(clock, backoffMs(limits.retry, failures, random), this.signal);
      }
    }
  }
}
