import type { Logger } from "./logger.js";

/** What every call of the host brings along besides its request. */
export interface CallContext {
  /** The RPC's name, for example `"StartPlugin"`. */
  readonly method: string;
  /**
   * Aborts when the host cancelled the call or its deadline passed *before* the answer was sent, and when the
   * provider is forced to end; never after the answer. Its reason is a `RuntimeProviderError` with CANCELLED
   * or DEADLINE_EXCEEDED.
   */
  readonly signal: AbortSignal;
  /** When the host stops waiting. Mostly there is none: a runtime sets limits of its own. */
  readonly deadline: Date | undefined;
  /** The provider's own log. */
  readonly logger: Logger;
}

/** What `configure` is told besides the configuration itself. */
export interface ConfigureContext extends CallContext {
  /** The name that the operator gave this provider. */
  readonly name: string;
}

/** What `start` is given. */
export interface BackgroundContext {
  /** The name that the operator gave this provider. */
  readonly name: string;
  /** Aborts when the provider begins to end. */
  readonly signal: AbortSignal;
  /** The provider's own log. */
  readonly logger: Logger;
}
