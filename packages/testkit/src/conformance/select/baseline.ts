import { readFile, writeFile } from "node:fs/promises";
import type { CheckResult } from "../runner/result.js";
import { linesOf, SelectionError } from "./select.js";

/** The checks that are known not to pass. */
export type Baseline = ReadonlySet<string>;

/** @throws {@link SelectionError} for a file that can't be read, or an id that no check has */
export async function readBaseline(path: string, known: ReadonlySet<string>): Promise<Baseline> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new SelectionError(
      `--baseline ${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}; ` +
        "--update-baseline writes it",
      { cause },
    );
  });
  const ids = linesOf(text);
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0)
    throw new SelectionError(
      `--baseline ${path} names checks that do not exist: ${unknown.join(", ")}; remove them, or --update-baseline`,
    );
  return new Set(ids);
}

/** What does not pass: a baseline is made of these. */
export function isRed({ verdict }: Pick<CheckResult, "verdict">): boolean {
  return verdict === "failed" || verdict === "blocked" || verdict === "error";
}

/** Writes what is red now; entries of checks that did not run stay. */
export async function updateBaseline(
  path: string,
  before: Baseline,
  results: readonly CheckResult[],
): Promise<void> {
  const ran = new Set(results.map(({ id }) => id));
  const red = results.filter(isRed).map(({ id }) => id);
  const ids = [...new Set([...[...before].filter((id) => !ran.has(id)), ...red])].sort();
  const head =
    "# Checks that are known not to pass (gestalt-runtime conformance --baseline). Each has to fail:\n" +
    "# one that passes has to go from here.\n";
  await writeFile(path, head + ids.map((id) => `${id}\n`).join(""));
}
