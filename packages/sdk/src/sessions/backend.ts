import type { Readable } from "node:stream";
import type { Logger } from "../provider/logger.js";
import type { StringMap } from "../provider/types.js";

/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What the author of a level-2 provider writes: how a guest is made, how a program is started in it, how both
 * are removed. States, ids, bindings, environment, logs, readiness, cancellation and clean-up are the runtime's.
 *
 * `H` is the author's own handle on a guest, plain JSON. Methods of one session never overlap, except
 * `destroy`, which may overtake all. A method may ignore `context.signal`: the runtime walks away by itself and
 * destroys what arrives late. Throw a `RuntimeProviderError` to choose what the host is told.
 */
export interface SessionBackend<H extends Json = Json> {
  readonly traits: BackendTraits;
  /** Bounds that the operator configured; they override those of `createSessionRuntime`. */
  readonly limits?: SessionLimits;
  /** Proves that the backend works; drives HealthCheck. */
  check?(context: BackendContext): Promise<void>;
  /** Makes the guest; resolves when a program can be started in it. The session is `pending` meanwhile. */
  create(request: GuestRequest, context: BackendContext): Promise<Guest<H>>;
  /** Starts the program and returns at once: waiting for readiness is the runtime's. */
  launch(handle: H, plugin: PluginRequest, context: BackendContext): Promise<RunningPlugin>;
  /**
   * Removes the guest, its programs and everything that was made for them. Called again until it says "gone";
   * a guest that is not there is "gone".
   */
  destroy(handle: H, context: BackendContext): Promise<"gone" | "going">;
  /** Called once, after all guests were destroyed. */
  close?(): Promise<void>;
}

/** Facts about a backend, known once it is configured. */
export interface BackendTraits {
  /** A word such as `"process"`; it stands in error texts. */
  readonly kind: string;
  /** A sentence for the operator, where plugins can't be hosted here at all (SUP-2, PROC-10). Default: they can. */
  readonly cannotHost?: string;
  /** What StartSession must bring (SESS-3). */
  readonly needs: "nothing" | "image" | "template" | "image or template";
  /** What StartSession may bring; anything else is refused, since the operator asked for it in vain. Default both. */
  readonly accepts?: readonly ("image" | "template")[];
  readonly egress: "none" | "cidr" | "hostname";
  /** `direct`: the host's sockets are visible in the guest under their own paths (BIND-2). */
  readonly hostServices: "direct" | "relay";
}

/** Bounds and waits of a session. */
export interface SessionLimits {
  /** Live sessions at most; StartSession past it answers RESOURCE_EXHAUSTED. Default 1,000. */
  readonly maxSessions?: number;
  /** How long a session may live, then it is `stopped` with the reason `expired`. Default: no end. */
  readonly lifetimeMs?: number;
  /** How long before its expiry a session recommends to be drained. Default 30,000, at most half of the lifetime. */
  readonly drainLeadMs?: number;
  /** How long `create` may take. Default 300,000. */
  readonly createTimeoutMs?: number;
  /** How long StartSession waits for `create` before it answers `pending`. Default 100. */
  readonly startSessionWaitMs?: number;
  /** How long `launch` may take. Default 60,000. */
  readonly launchTimeoutMs?: number;
  /** How long the plugin has, once launched, until it accepts gRPC connections (PLUG-4). Default 60,000. */
  readonly readyTimeoutMs?: number;
  /** When StopSession answers at the latest; clean-up then goes on by itself (SESS-8). Default 2,500. */
  readonly stopTimeoutMs?: number;
  /** How long the sessions together have to end when the provider ends (PROC-6). Default 900. */
  readonly shutdownTimeoutMs?: number;
  /**
   * A session that no call has named this long after StartSession is stopped: its StartSession was cancelled
   * on the host's side while the answer was under way (SESS-13). Default 60,000; 0 for never.
   */
  readonly unclaimedTimeoutMs?: number;
}

/** What StartSession asked for, as a backend needs it. */
export interface GuestRequest {
  readonly sessionId: string;
  readonly pluginName: string;
  readonly template?: string;
  readonly image?: string;
  /** Secret: docker's `config.json` for pulling `image`. Never log or store it. */
  readonly dockerConfigJson?: string;
  readonly metadata: StringMap;
  readonly expiresAt?: Date;
}

/** A guest that a program can be started in. */
export interface Guest<H extends Json> {
  readonly handle: H;
  /** A directory that host and guest both see; the plugin's listener is put there. Short: DIAL-2 bounds the path. */
  readonly shared: { readonly onHost: string; readonly inGuest: string };
  /** Variables of the guest for the plugin's safe base, such as HOME and TMPDIR (PLUG-2). */
  readonly env?: StringMap;
  /** Settles when the guest is gone by itself. */
  readonly ended?: Promise<Ended>;
}

/** What is to be started. */
export interface PluginRequest {
  readonly pluginName: string;
  /** As the host gave it (PLUG-1). */
  readonly command: string;
  readonly args: readonly string[];
  /** Complete and final (PLUG-2). Secret: never put it into a command line, a log or an error. */
  readonly env: StringMap;
  readonly egress: { readonly allowedHosts: readonly string[]; readonly defaultAction: string };
  /** Takes the program's output. */
  readonly io: PluginIo;
  readonly hostBinary: string;
}

/** Where a program's output goes. Raw bytes in any pieces; lines, order and limits are the runtime's. */
export interface PluginIo {
  /** Reads a stream to its end; a slow log host slows the reading down as configured. */
  consume(stream: "stdout" | "stderr", output: Readable): void;
  write(stream: "stdout" | "stderr", bytes: Uint8Array): void;
}

/** A program that was started. */
export interface RunningPlugin {
  /** Settles when the program has ended, at once (SESS-10). */
  readonly ended: Promise<Ended>;
  /** Where the host reaches it, if not at its socket in `Guest.shared`. */
  readonly dialTarget?: string;
}

/** How a program or a guest ended. */
export type Ended =
  | { readonly how: "exit"; readonly code: number }
  | { readonly how: "signal"; readonly signal: string }
  | { readonly how: "limit"; readonly limit: string; readonly detail: string }
  | { readonly how: "vanished"; readonly detail: string };

/** What every call of a backend brings along. */
export interface BackendContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** When the runtime stops waiting for this call. */
  readonly deadline: Date;
  /** Empty for calls that belong to no session. */
  readonly sessionId: string;
  /** Writes a line of the runtime into the session's log. */
  progress(text: string): void;
  readonly logger: Logger;
}
