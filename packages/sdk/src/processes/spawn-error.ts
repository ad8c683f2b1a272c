/**
 * Why a program could not be started.
 *
 * - `missing`: nothing is at the path
 * - `directory`, `not-a-file`: something else is there
 * - `not-executable`: no run bit, or a file system or a rule that forbids running it
 * - `bad-format`: neither a binary for this machine nor a script that begins with `#!`
 * - `missing-interpreter`: the `#!` interpreter or the binary's loader is not there
 * - `too-big`: arguments and environment exceed what the kernel takes
 * - `cwd-missing`: the working directory is not there, or is no directory
 * - `invalid`: a command, argument or environment that no program can be given (NUL bytes, bad keys)
 * - `stopped`: the tree is being stopped or has ended
 * - `failed`: anything else; the cause says what
 */
export type SpawnErrorReason =
  | "missing"
  | "directory"
  | "not-a-file"
  | "not-executable"
  | "bad-format"
  | "missing-interpreter"
  | "too-big"
  | "cwd-missing"
  | "invalid"
  | "stopped"
  | "failed";

/** A program did not start (PLUG-6). The message names the path, the fault and the mend; no process is left. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";

  constructor(
    /** For programs, as `message` is for people. */
    readonly reason: SpawnErrorReason,
    /** The file or folder at fault: the program, its interpreter, or the working directory. */
    readonly path: string,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The code of a system error (`ENOENT`, ...), if it is one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
