import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

const mends: Readonly<Record<string, string>> = {
  ENOSPC: "free space on that disk",
  EDQUOT: "free space, or raise the quota",
  EROFS: "make it writable, or configure another directory",
  EACCES: "let this user write there, or configure another directory",
};

/** Says what could not be done to a path, why, and what helps. */
export function storeError(thrown: unknown, act: string, path: string): RuntimeProviderError {
  const { code = "", message } = thrown as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new RuntimeProviderError(
    full ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE",
    `can't ${act} ${path}: ${message}; ${mends[code] ?? "check that directory"}`,
    { cause: thrown },
  );
}

/** The system's code of what was thrown, such as `"ENOENT"`. */
export function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
