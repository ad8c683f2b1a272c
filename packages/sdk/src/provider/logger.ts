/**
 * Where a provider's own messages go: `fields` are facts for machines, `text` is for people. The order of
 * the arguments is pino's, so a pino logger fits as it is.
 */
export interface Logger {
  /** For whoever looks for a fault of the provider itself. */
  debug(fields: object, text: string): void;
  /** What happened, as expected. */
  info(fields: object, text: string): void;
  /** What went wrong and is being mended, or should be looked at. */
  warn(fields: object, text: string): void;
  /** What went wrong for good. */
  error(fields: object, text: string): void;
}
