import { SourceMap, type SourceMapPayload } from "node:module";

/** Where something in a bundle was written. */
export interface SourcePlace {
  /** As the source map calls it. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
}

/** Finds where what stands at an offset of a bundle was written. */
export class SourcePlaces {
  readonly #map: SourceMap;
  readonly #lineStarts: readonly number[];

  constructor(code: string, map: string) {
    this.#map = new SourceMap(JSON.parse(map) as SourceMapPayload);
    const starts = [0];
    for (let at = code.indexOf("\n"); at !== -1; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  at(offset: number): SourcePlace {
    let [low, high] = [0, this.#lineStarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const entry = this.#map.findEntry(low, offset - (this.#lineStarts[low] ?? 0));
    return "originalSource" in entry
      ? { source: entry.originalSource, line: entry.originalLine + 1 }
      : { source: "the bundle", line: low + 1 };
  }
}
