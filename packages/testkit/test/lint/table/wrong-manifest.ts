import { change, type LintCase } from "../case.js";
import { goodManifest, goodPackage } from "./good.js";

/** The good package with one thing wrong in its manifest. */
export function wrongManifest(
  name: string,
  from: string,
  to: string,
  more: Partial<LintCase> = {},
): Omit<LintCase, "findings"> {
  return {
    name,
    ...more,
    files: { ...goodPackage, "manifest.yaml": change(goodManifest, from, to), ...more.files },
  };
}
