/** What of JavaScript's regular expressions Go's know nothing of, and the host so refuses with the whole schema. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^\(\?[=!]/, "looks ahead, which Go's regular expressions can't"],
  [/^\(\?<[=!]/, "looks behind, which Go's regular expressions can't"],
  [/^\\[1-9]/, "refers back to a group, which Go's regular expressions can't"],
  [/^\\k</, "refers back to a group, which Go's regular expressions can't"],
  [/^\\u/, "has \\u, which Go's regular expressions write \\x{...}"],
  [/^\\c[A-Za-z]/, "has \\c, which Go's regular expressions do not know"],
];

/** Why Go or JavaScript can't compile a pattern; undefined for one that both can. */
export function goPatternFault(pattern: string): string | undefined {
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at, at + 4);
    const found = foreign.find(([form]) => form.test(rest));
    if (found !== undefined) return found[1];
    // What is escaped is no beginning of anything.
    if (pattern[at] === "\\") at++;
  }
  try {
    // As the SDK's own check compiles it.
    new RegExp(pattern, "u");
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(": ").at(-1) : undefined;
    return `is no regular expression (${(reason ?? "").toLowerCase()})`;
  }
}
