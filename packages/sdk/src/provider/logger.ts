/**
 * Where a provider's own messages go: `fields` are facts for machines, `text` is for people. The order of
 * the arguments is pino's, so a pino logger fits as it is.
 */
export interface Logger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
