import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** How a log is fetched. Everything has a default. */
export interface LogPullOptions {
  /**
   * Abort it when the plugin has ended: the read under way is cut off, and one last read follows from where it got
   * to, so that the last lines arrive too. Default: only the log's own end ends the pull.
   */
  readonly signal?: AbortSignal;
  /**
   * The pause between two reads, whether the first of them resolved or failed: `firstMs` after one that brought
   * bytes, twice the pause before it after one that brought none, `maxMs` at most; up to a quarter shorter by chance.
   * Defaults 250 ms and 5,000 ms.
   */
  readonly retry?: { readonly firstMs?: number; readonly maxMs?: number };
  /**
   * A read that brings nothing for this long, or up to twice that, is cut off and begun again: its connection may
   * have died without a word. Default 300,000 ms.
   */
  readonly silenceMs?: number;
  /** How long the last read may take, all its attempts together. Default 2,000 ms. */
  readonly lastReadMs?: number;
}

export interface PullTimes {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly silenceMs: number;
  readonly lastReadMs: number;
}

/** Puts the defaults in. @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a value out of its range */
export function pullTimes({ retry = {}, silenceMs, lastReadMs }: LogPullOptions): PullTimes {
  const firstMs = inRange("retry.firstMs", retry.firstMs ?? Math.min(250, retry.maxMs ?? 250));
  return {
    firstMs,
    maxMs: inRange("retry.maxMs", retry.maxMs ?? Math.max(5000, firstMs), firstMs),
    silenceMs: inRange("silenceMs", silenceMs ?? 300_000),
    lastReadMs: inRange("lastReadMs", lastReadMs ?? 2000),
  };
}

const longestMs = 86_400_000;

function inRange(name: string, value: number, min = 1): number {
  if (Number.isInteger(value) && value >= min && value <= longestMs) return value;
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `pull: ${name} is ${String(value)}; write a whole number from ${min} to ${longestMs}, or leave it out`,
  );
}
