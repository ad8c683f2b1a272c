/** What is wrong with a text, and the text that is meant, where one is. */
export interface TextFault {
  readonly fault: string;
  readonly mend: string;
  readonly right?: string;
}

/** The kinds of package that the host knows. */
export const kinds = [
  "plugin",
  "authentication",
  "authorization",
  "agent",
  "cache",
  "external_credentials",
  "indexeddb",
  "runtime",
  "s3",
  "secrets",
  "ui",
  "workflow",
] as const;

export type Kind = (typeof kinds)[number];

/** The kind that a text names, by its present or its old name. */
export function kindOf(text: string): Kind | undefined {
  return text === "auth" ? "authentication" : kinds.find((kind) => kind === text);
}

const segment = /^[a-z0-9][a-z0-9._-]*$/;
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/;

/** Checks `github.com/<org>/<repo>/<path...>`. */
export function sourceFault(source: string): TextFault | undefined {
  if (isSource(source)) return undefined;
  const bare = source
    .trim()
    .toLowerCase()
    .replace(/^(https?:\/\/|git\+https:\/\/)?(www\.)?/, "")
    .replace(/\/+$/, "");
  const mend =
    "write github.com/<org>/<repo>/<path...> in lower-case letters, digits, dots, dashes and underscores";
  const fault = "is not the name of a package";
  if (isSource(bare)) return { fault, mend: `write ${bare}`, right: bare };
  const [host, ...segments] = bare.split("/");
  if (host !== "github.com") return { fault: `${fault}: it begins with github.com and nothing else`, mend };
  if (segments.length < 3)
    return { fault: `${fault}: it lacks a path after the repository`, mend: `write ${bare}/<name>` };
  const wrong = segments.find((part) => !segment.test(part)) ?? "";
  return { fault: `${fault}: ${JSON.stringify(wrong)} is no segment of one`, mend };
}

function isSource(source: string): boolean {
  const [host, ...segments] = source.split("/");
  return host === "github.com" && segments.length >= 3 && segments.every((part) => segment.test(part));
}

/** Checks a version: semver 2, without a leading v. */
export function versionFault(version: string): TextFault | undefined {
  if (semver.test(version)) return undefined;
  const fault = "is no semantic version";
  const bare = version.trim().replace(/^[vV=]\s*/, "");
  if (semver.test(bare)) return { fault, mend: `write ${bare}`, right: bare };
  return { fault, mend: "write three numbers, such as 0.1.0, and after them perhaps -beta.1" };
}

/** Checks a SHA-256 as the host compares it: 64 lower-case hex digits. */
export function sha256Fault(hash: string): TextFault | undefined {
  if (/^[0-9a-f]{64}$/.test(hash)) return undefined;
  const fault = "is not 64 lower-case hex digits, and the host compares it literally";
  const lower = hash
    .trim()
    .toLowerCase()
    .replace(/^sha256[:-]/, "");
  if (/^[0-9a-f]{64}$/.test(lower)) return { fault, mend: `write ${lower}`, right: lower };
  return { fault, mend: "write what sha256sum prints for the file" };
}

/** What follows the last slash of a source: the package's name, which its archives carry. */
export function packageName(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1);
}
