import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of a new package: where, and what is in it. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** What a template leaves open, by its mark: `NAME` stands in the files as `__NAME__`. */
export type TemplateValues = Readonly<Record<string, string>>;

/**
 * Reads the files of one level and fills them in.
 *
 * @throws Error for a mark that no value is given for: the template is at fault
 */
export async function readTemplate(level: 1 | 2, values: TemplateValues): Promise<readonly TemplateFile[]> {
  const root = templatesFolder();
  const files: TemplateFile[] = [];
  for (const folder of [join(root, "common"), join(root, `level-${level}`)])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const path = join(relative(folder, entry.parentPath), ownName(entry.name));
      files.push({ path, text: fillIn(await readFile(source, "utf8"), values, path) });
    }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** npm leaves a .gitignore out of packages, and takes a package.json for a package. */
function ownName(name: string): string {
  if (name === "_gitignore") return ".gitignore";
  return name === "_package.json" ? "package.json" : name;
}

function fillIn(text: string, values: TemplateValues, path: string): string {
  return text.replace(/__([A-Z]+(?:_[A-Z]+)*)__/g, (mark, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template of ${path} has ${mark}, which nothing stands for`);
    return value;
  });
}

function templatesFolder(): string {
  // Beside the built package, or from this package's sources.
  const places = ["../templates", "../../templates"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error(`the templates are not in this package: there is no ${places[0] ?? ""}`);
  return found;
}
