import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { ErrorCode } from "../errors/status.js";
import type { Json } from "./guest.js";

/** How the runtime should go on after a {@link BackendError}. */
export interface BackendErrorOptions {
  /** The call may be repeated: the runtime does so within the phase's time. Default false. */
  readonly retryable?: boolean;
  /** The backend asked to wait at least so long before the call is repeated. */
  readonly retryAfterMs?: number;
  /** Nothing was made, so nothing is searched for and removed. Default false: it may have happened. */
  readonly neverMade?: boolean;
  /** A guest that was made before it failed: it is removed by this handle, without a search. */
  readonly handle?: Json;
  /** One word for the session's `state_reason`. Default: the phase's name. */
  readonly reason?: string;
  /** What was caught. The host is not told. */
  readonly cause?: unknown;
}

/** An error of a backend that says how the runtime should go on. Anything else thrown counts as final. */
export class BackendError extends RuntimeProviderError {
  constructor(
    code: ErrorCode,
    message: string,
    /** Default: final, and it may have happened. */
    readonly options: BackendErrorOptions = {},
  ) {
    super(code, message, { cause: options.cause });
  }
}
