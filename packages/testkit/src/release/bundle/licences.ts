import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BundledPackage } from "./bundle.js";

/** Whose terms a package is passed on under. */
export interface Licences {
  /** All texts in one. */
  readonly text: string;
  /** What has no text of its own, by name and version. */
  readonly missing: readonly string[];
}

/** The text of one more component that travels along. */
export interface LicenceText {
  readonly title: string;
  readonly text: string | undefined;
}

const textFile = /^(licen[cs]e|copying|copyright|notice|unlicense)([.-].*)?$/i;
const ruler = "=".repeat(78);

/** Collects the licence texts of what a package carries: its licences ask for that. */
export async function collectLicences(
  packages: readonly BundledPackage[],
  others: readonly LicenceText[],
): Promise<Licences> {
  const own = await Promise.all(
    packages.map(async (one): Promise<LicenceText> => {
      const terms = one.licence === undefined ? "" : ` (${one.licence.replace(/^\(([^()]*)\)$/, "$1")})`;
      return { title: `${one.name} ${one.version}${terms}`, text: await textOf(one) };
    }),
  );
  const all = [...own, ...others];
  const parts = all.map(
    ({ title, text }) =>
      `${ruler}\n${title}\n${ruler}\n\n${text ?? "It comes without a text of its licence."}\n`,
  );
  return {
    text: `This package holds the following software of others.\n\n${parts.join("\n")}`,
    missing: all.filter(({ text }) => text === undefined).map(({ title }) => title),
  };
}

async function textOf({ folder, files }: BundledPackage): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && textFile.test(entry.name))
    .map(({ name }) => join(folder, name))
    .sort();
  const texts = (await readAll(names)).map((text) => text.trim());
  // Some packages say it at the head of each file, and nowhere else.
  const found = texts.length > 0 ? texts : (await readAll(files)).map(noticeIn);
  const unique = [...new Set(found)].filter((text) => text !== "");
  return unique.length === 0 ? undefined : unique.join("\n\n");
}

async function readAll(paths: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return texts.map((text) => text.replaceAll("\r\n", "\n"));
}

/** The comment that a file begins with, where it speaks of rights. */
function noticeIn(text: string): string {
  const [comment = ""] = /^(?:#!.*\n)?\s*((?:\/\/.*\n)+|\/\*[^]*?\*\/)/.exec(text)?.slice(1) ?? [];
  const bare = comment
    .split("\n")
    .map((line) => line.replace(/^\s*(\/\/|\/\*+!?|\*\/|\*)? ?/, "").replace(/\s*\*\/$/, ""))
    .join("\n")
    .trim();
  return /copyright|licen[cs]ed? /i.test(bare) ? bare : "";
}
