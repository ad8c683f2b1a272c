import type { RetryLimits } from "./limits.js";

/** The pause after the given number of failures: doubling, with a quarter of it left to chance. */
export function backoffMs(limits: Required<RetryLimits>, failures: number, random: () => number): number {
  const wholeMs = Math.min(limits.firstMs * 2 ** Math.min(failures - 1, 30), limits.maxMs);
  return wholeMs * (0.75 + random() / 4);
}
