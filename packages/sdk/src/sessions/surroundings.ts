import type { Http2Answer, WaitForHttp2Options } from "../dial-target/http2-probe.js";
import type { DialTarget } from "../dial-target/dial-target.js";
import type { GuestBridge, GuestExec } from "../guests/index.js";
import type { LogForwarder } from "../logs/index.js";
import type { Logger } from "../provider/logger.js";
import type { SessionBackend } from "./backend.js";
import type { BackendCalls } from "./backend-calls.js";
import type { Json } from "./guest.js";
import type { HostDirectory } from "./host-directory.js";
import type { ResolvedLimits } from "./limits.js";
import type { PortBook } from "./listeners.js";
import type { SessionSecrets } from "./session-secrets.js";
import type { OpenSessionStore } from "./session-store.js";
import type { Clock } from "./waiting.js";

/** What all sessions of a runtime share, once it is configured. */
export interface Surroundings<H extends Json> {
  readonly backend: SessionBackend<H>;
  readonly calls: BackendCalls;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Aborts when the provider has ended: nothing is repeated or watched after that. */
  readonly over: AbortSignal;
  readonly logger: Logger;
  readonly logs: LogForwarder;
  readonly store: OpenSessionStore;
  /** The name that the operator gave the provider. */
  readonly providerName: string;
  readonly hostDirectory: HostDirectory;
  readonly ports: PortBook;
  readonly secrets: SessionSecrets;
  readonly untilHttp2: UntilHttp2;
  readonly guestBridge?: OpenGuestBridge;
}

/**
 * What reaches plugins in guests that can only run programs: `guestBridge` of `@gestalt-runtime/sdk/guests`. It is handed
 * in by those who need it, since it weighs more than what others load.
 */
export type OpenGuestBridge = (options: { readonly exec: GuestExec }) => Pick<GuestBridge, "dialTo">;

/** Waits until something at a dial target answers HTTP/2 (PLUG-4). */
export type UntilHttp2 = (target: DialTarget, options: WaitForHttp2Options) => Promise<unknown>;
export type { Http2Answer };
