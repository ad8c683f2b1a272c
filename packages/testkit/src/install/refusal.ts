/** The host does not install what it was given, or does not start it with the operator's config; nothing was started. */
export class InstallRefusedError extends Error {
  override readonly name = "InstallRefusedError";

  constructor(
    /** `package`: what was to be installed. `config`: the operator's config for it (LIFE-3). */
    readonly part: "package" | "config",
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** Runs a check whose errors mean a refusal, with all that they say. */
export async function refusing<T>(part: InstallRefusedError["part"], check: Promise<T>): Promise<T> {
  try {
    return await check;
  } catch (cause) {
    throw new InstallRefusedError(part, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
