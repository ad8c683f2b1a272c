import { basename, isAbsolute } from "node:path";
import { manifestNames } from "../lint/archive/package-rules.js";

/**
 * @param field as the error names it
 * @returns whether the source is a release, and no source manifest
 * @throws TypeError
 */
export function checkSource(field: string, source: string): boolean {
  if (!isAbsolute(source))
    throw new TypeError(`${field} ${JSON.stringify(source)} is not an absolute path; resolve it first`);
  const name = basename(source);
  if (name === "provider-release.yaml") return true;
  if ((manifestNames as readonly string[]).includes(name)) return false;
  throw new TypeError(
    `${field} ${JSON.stringify(source)} names no package; give the path of its provider-release.yaml, or of a ` +
      `source manifest (${manifestNames.join(", ")})`,
  );
}
