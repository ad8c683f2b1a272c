/** Thrown to end a check whose answer is known: what was found is in its differences. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}

/**
 * Thrown when something that the check only relies on went wrong. Whether that is right is the question of
 * another check, so this one is neither passed nor failed.
 */
export class CheckBlocked extends Error {
  override readonly name = "CheckBlocked";

  constructor(
    /** The check whose question it is. */
    readonly by: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The machine lacks what the check needs: a failure with its reason, never a silent skip. */
export class MissingPrerequisite extends Error {
  override readonly name = "MissingPrerequisite";
}
