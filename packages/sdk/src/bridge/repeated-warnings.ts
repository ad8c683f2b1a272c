import type { Logger } from "../provider/logger.js";

const quietMs = 10_000;

/**
 * Warnings that whoever connects can cause: the first of a kind is logged at once, further ones at most every ten
 * seconds, with their number, so that a flood of connections is no flood of lines.
 */
export class RepeatedWarnings {
  readonly #kinds = new Map<string, { saidAtMs: number; unsaid: number }>();

  constructor(
    private readonly logger: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  warn(kind: string, fields: object, text: string): void {
    const nowMs = this.nowMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs - known.saidAtMs < quietMs) {
      known.unsaid += 1;
      return;
    }
    const since = known === undefined || known.unsaid === 0 ? {} : { alsoBefore: known.unsaid };
    this.#kinds.set(kind, { saidAtMs: nowMs, unsaid: 0 });
    this.logger.warn({ ...fields, ...since }, text);
  }
}
