import type { ErrorCode } from "@gestalt-runtime/sdk";

/** Why the host could not do something, as a class that tests compare; the message says it for people. */
export type HostFailure =
  // Before anything is started: the package, the operator's config, the machine (LIFE-3, PROC-10).
  | "install-refused"
  | "config-refused"
  | "sandbox-unavailable"
  // The provider's start (PROC-3).
  | "spawn-failed"
  | "attach-refused"
  | "exited-before-serving"
  | "never-listened"
  | "not-grpc"
  // The handshake (LIFE-1, LIFE-2, LIFE-7).
  | "handshake"
  | "wrong-kind"
  | "wrong-protocol"
  | "configure-refused"
  // The plan (SUP-1 to SUP-4).
  | "get-support"
  | "cannot-host"
  | "no-host-service-access"
  | "egress-not-preserved"
  // The session.
  | "start-session"
  | "get-session"
  | "session-state"
  | "bind-host-service"
  | "start-plugin"
  // The plugin.
  | "dial-scheme"
  | "dial-timeout"
  | "plugin-metadata"
  | "plugin-start"
  | "plugin-not-hosted"
  // The agent.
  | "agent-not-hosted"
  | "prepare-workspace"
  // The admin's view, and the host's own end.
  | "unknown-provider"
  | "provider-unavailable"
  | "stopped";

/** What the fake host throws, and the cause that it gives for a plugin that it skips. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** The gRPC status behind it, where a call failed. */
  readonly code: ErrorCode | undefined;

  constructor(
    /** What went wrong, for programs. */
    readonly failure: HostFailure,
    message: string,
    options: { readonly code?: ErrorCode; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code;
  }
}
