import { median, ratio } from "./statistics.js";

/** A figure, mostly as a ratio to the floor that was measured beside it, and the limit that it has to keep. */
export interface Row {
  readonly figure: string;
  readonly floor: string;
  readonly measured: string;
  /** What the limit is about: a ratio, or where there is no floor the figure itself. */
  readonly value: number;
  readonly limit: number;
  readonly atLeast: boolean;
}

/** For a figure that is shown to compare it with others. */
export const noLimit = Infinity;

export interface RowOptions {
  readonly figure: string;
  readonly unit: string;
  /** Each measured beside the other, round by round. */
  readonly own: readonly number[];
  readonly floor: readonly number[];
  readonly limit: number;
  /** True where more is better. Default false. */
  readonly atLeast?: boolean;
}

/** A figure as the median of its ratios to a floor. */
export function rowOf({ figure, unit, own, floor, limit, atLeast = false }: RowOptions): Row {
  const digits = unit.endsWith("/s") ? 0 : 1;
  return {
    figure,
    floor: `${median(floor).toFixed(digits)} ${unit}`,
    measured: `${median(own).toFixed(digits)} ${unit}`,
    value: ratio(own, floor),
    limit,
    atLeast,
  };
}

/** A figure that has a limit of its own, whatever the machine. */
export function absoluteRow(
  figure: string,
  value: number,
  unit: string,
  limit: number,
  atLeast = false,
): Row {
  const measured = `${value.toFixed(unit.endsWith("/s") ? 0 : 1)} ${unit}`;
  return { figure, floor: "", measured, value, limit, atLeast };
}

export function keepsLimit({ value, limit, atLeast }: Row): boolean {
  return atLeast ? value >= limit : value <= limit;
}

/** How much a run measures. A quick one only shows that the bench works. */
export interface Effort {
  readonly isQuick: boolean;
  readonly startUpRounds: number;
  readonly loadRounds: number;
  readonly calls: number;
}
