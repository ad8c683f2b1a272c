import { posix } from "node:path";

/** What is wrong with a path inside a package, and the path that is meant, where one is. */
export interface PathFault {
  readonly fault: string;
  readonly right: string | undefined;
}

/**
 * Checks a path as the host does: relative, normalised, forward slashes, inside the package.
 *
 * @returns undefined for a good one
 */
export function packagePathFault(path: string): PathFault | undefined {
  const slashed = path.replaceAll("\\", "/");
  const cleaned = cleanPath(slashed);
  if (/^[A-Za-z]:/.test(path) || slashed.startsWith("/"))
    return {
      fault: "is absolute: the host takes only paths relative to the package's root",
      right: undefined,
    };
  if (cleaned === ".." || cleaned.startsWith("../"))
    return { fault: "leads outside the package", right: undefined };
  if (cleaned === ".") return { fault: "is the package's root itself", right: undefined };
  if (path.includes("\\"))
    return { fault: "has backslashes: the host wants forward slashes", right: cleaned };
  if (cleaned !== path) return { fault: "is not normalised: the host refuses it", right: cleaned };
  return undefined;
}

/** A path without `.`, `..`, doubled and trailing slashes, as far as that goes. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
