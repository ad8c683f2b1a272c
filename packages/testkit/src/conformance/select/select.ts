import { readFile } from "node:fs/promises";
import picomatch from "picomatch";
import { areaOf, type Check } from "../check/check.js";
import { areas, isRequirement } from "../requirements/index.js";

/** Which checks to run; nothing given: all. What is given more than once is joined, different kinds narrow. */
export interface Selection {
  /** Globs over check ids such as `session/**`, exact ids, or `@file` with one of those a line. */
  readonly checks?: readonly string[];
  readonly areas?: readonly string[];
  readonly requirements?: readonly string[];
}

/** A filter that can't be meant as it stands; the message says what there is. */
export class SelectionError extends Error {
  override readonly name = "SelectionError";
}

/** @throws {@link SelectionError} for a filter that is unknown or matches nothing, or a selection of no check */
export async function selectChecks(all: readonly Check[], selection: Selection): Promise<Check[]> {
  const { areas: wantedAreas = [], requirements: wantedRequirements = [] } = selection;
  const patterns = (await Promise.all((selection.checks ?? []).map(expand))).flat();
  for (const area of wantedAreas)
    if (!(areas as readonly string[]).includes(area))
      throw new SelectionError(`--area ${area}: there is no such area; there are ${areas.join(", ")}`);
  for (const id of wantedRequirements)
    if (!isRequirement(id))
      throw new SelectionError(
        `--requirement ${id}: the contract has no such requirement; write one such as SESS-8`,
      );
  const matchers = patterns.map((pattern) => ({ pattern, matches: picomatch(pattern) }));
  for (const { pattern, matches } of matchers)
    if (!all.some(({ id }) => matches(id)))
      throw new SelectionError(`--check ${pattern}: no check has such an id; --list shows them all`);
  const selected = all.filter(
    (check) =>
      (patterns.length === 0 || matchers.some(({ matches }) => matches(check.id))) &&
      (wantedAreas.length === 0 || wantedAreas.includes(areaOf(check))) &&
      (wantedRequirements.length === 0 || check.requirements.some((id) => wantedRequirements.includes(id))),
  );
  if (selected.length === 0)
    throw new SelectionError(
      "no check is left: the filters narrow each other down to nothing; leave one of them out, or look at --list",
    );
  return selected;
}

/** The lines of `@file`, without comments; anything else is itself. */
async function expand(pattern: string): Promise<string[]> {
  if (!pattern.startsWith("@")) return [pattern];
  const path = pattern.slice(1);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new SelectionError(
      `--check ${pattern}: the file can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });
  const lines = linesOf(text);
  if (lines.length === 0) throw new SelectionError(`--check ${pattern}: the file names no check`);
  return lines;
}

/** What stands in a list file: one entry a line, `#` begins a comment. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}
