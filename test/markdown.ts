/** A link of a page, and where it stands. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** The page's lines, those of code blocks left empty. */
function proseOf(markdown: string): string[] {
  let fence: string | undefined;
  return markdown.split("\n").map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence === undefined) return line;
    else if (mark?.startsWith(fence) === true) fence = undefined;
    return "";
  });
}

/** Every link and image of a page: inline ones, and the targets of those by reference. */
export function linksOf(markdown: string): Link[] {
  const links: Link[] = [];
  proseOf(markdown).forEach((text, index) => {
    const line = text.replace(/(`+).*?\1/g, (code) => code.replace(/[[\]()]/g, " "));
    for (const [, target = ""] of line.matchAll(/\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?[^)]*\)/g))
      links.push({ line: index + 1, target });
    const definition = /^\s*\[[^\]]+\]:\s*<?([^\s<>]+)/.exec(line)?.[1];
    if (definition !== undefined) links.push({ line: index + 1, target: definition });
  });
  return links;
}

/** The anchors that the repository's site gives to the headings of a page. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(markdown)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    let anchor = slug;
    for (let repeated = 1; anchors.has(anchor); repeated += 1) anchor = `${slug}-${repeated}`;
    anchors.add(anchor);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, "")
    .replaceAll(" ", "-");
}
