import { checksPage, sharedAnchors } from "./checks-page.js";
import { requirementsPage } from "./requirements-page.js";

/**
 * The pages of the docs that are written from the suite's data, by their file.
 *
 * @throws Error where two checks would have the same anchor
 */
export function generatedPages(): Readonly<Record<string, string>> {
  const shared = sharedAnchors();
  if (shared.length > 0)
    throw new Error(`docs/checks.md: anchors are not of one check: ${shared.join(", ")}`);
  return { "docs/requirements.md": requirementsPage(), "docs/checks.md": checksPage() };
}
