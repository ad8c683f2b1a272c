import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** What an AppendLogs call came to, as far as the next step depends on it. */
export type AppendOutcome =
  | { readonly type: "delivered" }
  /** Nobody answers at the log host's address: a matter of all sessions. */
  | { readonly type: "unreachable" }
  /** The same batch may pass later. */
  | { readonly type: "later" }
  /** The host does not know the session: not yet, or no longer (LOGS-2). */
  | { readonly type: "unknown-session" }
  /** The host does not take such a batch, now or later. */
  | { readonly type: "refused"; readonly reason: string };

const later = new Set([
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "CANCELLED",
  // These are about the caller or the host, not about a record: no smaller batch would pass.
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "UNIMPLEMENTED",
]);

/** Reads the host's answer to a failed AppendLogs. */
export function outcomeOfFailure(thrown: unknown): AppendOutcome {
  const { code, message } = RuntimeProviderError.from(thrown, "AppendLogs");
  if (code === "UNAVAILABLE") return { type: "unreachable" };
  if (code === "NOT_FOUND") return { type: "unknown-session" };
  if (code === "INTERNAL" && /runtime session not found\s*$/.test(message))
    return { type: "unknown-session" };
  // A stream that was reset says nothing about what was in it.
  if (later.has(code) || (code === "INTERNAL" && message.includes("RST_STREAM"))) return { type: "later" };
  return { type: "refused", reason: `${code}: ${message}` };
}
