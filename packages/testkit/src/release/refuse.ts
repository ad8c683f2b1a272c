import { RuntimeProviderError } from "@gestalt-runtime/sdk";

/** What was asked for is wrong: the author changes a flag, the manifest or the program. */
export function invalid(message: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", message, cause === undefined ? undefined : { cause });
}

/** It can't be done here: the author changes the machine, or leaves something out. */
export function impossible(message: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError(
    "FAILED_PRECONDITION",
    message,
    cause === undefined ? undefined : { cause },
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
