import type { Cursor } from "./text/cursor.js";

/** Whether two names are one but for case, dashes and underscores. */
export function sameLetters(a: string, b: string): boolean {
  return letters(a) === letters(b);
}

/** Whether a map holds a name in another spelling, and not in the right one. */
export function isMisspelt(map: Cursor, name: string): boolean {
  return map.field(name).value === undefined && map.fields.some((field) => sameLetters(field.name, name));
}

/** The known name that a name is at most two slips away from. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, slips: distance(letters(name), letters(candidate)) }))
    .sort((a, b) => a.slips - b.slips)[0];
  const allowed = name.length <= 4 ? 1 : 2;
  return ranked !== undefined && ranked.slips <= allowed ? ranked.candidate : undefined;
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, "");
}

/** Letters to add, drop or change. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries())
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
