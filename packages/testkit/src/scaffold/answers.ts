import { basename } from "node:path";
import { sourceFault } from "../lint/identity.js";

/** What a new package is made of. */
export interface ProviderAnswers {
  /** The package's name and its program's. */
  readonly name: string;
  /** `github.com/<org>/<repo>/<path...>`; its last part names the archives. */
  readonly source: string;
  /** Which of the two ways to write a provider. */
  readonly level: 1 | 2;
}

/** Long enough for a name, short enough for a socket's path with it in. */
const longestName = 40;

/** What is wrong with a package's name, with the mend; undefined when nothing is. */
export function nameFault(name: string): string | undefined {
  const right = suggestName(name);
  if (name === right) return undefined;
  if (name.length > longestName && suggestName(name.slice(0, longestName)) !== undefined)
    return `it has ${name.length} characters; take at most ${longestName}`;
  const rule = "lower-case letters and digits, with dashes between";
  return right === undefined
    ? `it is no name; write ${rule}, such as my-runtime`
    : `it must be ${rule}; write ${right}`;
}

/** The name that is meant by a text, if there is one. */
export function suggestName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "")
    .slice(0, longestName)
    .replace(/-+$/, "");
  return name === "" ? undefined : name;
}

/** The name that a folder suggests. */
export function nameOfFolder(folder: string): string {
  return suggestName(basename(folder)) ?? "my-runtime";
}

/** What stands in the place of a source until there is a repository. */
export function sourceOfName(name: string): string {
  return `github.com/your-org/your-repo/${name}`;
}

/** What is wrong with a source, with the mend; undefined when nothing is. */
export function givenSourceFault(source: string): string | undefined {
  const found = sourceFault(source);
  return found === undefined ? undefined : `it ${found.fault}; ${found.mend}`;
}

/** The name as people read it: `my-runtime` is `My runtime`. */
export function displayNameOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
}
