import type { status } from "@grpc/grpc-js";
import { errorCodeOf, statusNumbers, type ErrorCode } from "./status.js";

/**
 * The one error that leaves a provider as it is: the host receives `code` and `message`; the stack and
 * the cause stay inside.
 *
 * Throw it from any method of a provider to choose the gRPC status. Anything else that is thrown leaves as
 * UNKNOWN with the operation's name in front (see {@link RuntimeProviderError.from}).
 */
export class RuntimeProviderError extends Error {
  override readonly name = "RuntimeProviderError";

  constructor(
    /** The gRPC status by name, for example `"NOT_FOUND"`. */
    readonly code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }

  /**
   * Turns whatever was thrown into a `RuntimeProviderError`; the original is kept as `cause`.
   *
   * An abort becomes CANCELLED, a timeout DEADLINE_EXCEEDED; an error that already carries a gRPC status
   * number (one from a gRPC client) keeps it; all else becomes UNKNOWN.
   *
   * @param operation what was being done, for example `"StartSession"`; it begins the message
   */
  static from(thrown: unknown, operation: string): RuntimeProviderError {
    if (thrown instanceof RuntimeProviderError) return thrown;
    const text = messageOf(thrown);
    return new RuntimeProviderError(codeOf(thrown), `${operation}: ${text}`, { cause: thrown });
  }

  /** The gRPC status number of `code`. */
  get status(): status {
    return statusNumbers[this.code];
  }
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    // A gRPC client's error repeats its status in the message; the details alone are the text.
    if ("details" in thrown && typeof thrown.details === "string" && thrown.details !== "")
      return thrown.details;
    if (thrown.message !== "") return thrown.message;
    // What Node.js throws when no address of a name accepts says nothing itself.
    if (thrown instanceof AggregateError && thrown.errors.length > 0)
      return thrown.errors.map(messageOf).join("; ");
    return thrown.name;
  }
  if (typeof thrown === "string" && thrown !== "") return thrown;
  return `something other than an Error was thrown (${thrown === null ? "null" : typeof thrown})`;
}

function codeOf(thrown: unknown): ErrorCode {
  if (!(thrown instanceof Error)) return "UNKNOWN";
  if (thrown.name === "AbortError") return "CANCELLED";
  if (thrown.name === "TimeoutError") return "DEADLINE_EXCEEDED";
  const code: unknown = "code" in thrown ? thrown.code : undefined;
  const hasDetails = "details" in thrown;
  return typeof code === "number" && hasDetails ? errorCodeOf(code) : "UNKNOWN";
}
