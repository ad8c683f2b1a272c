import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Finding, LintOptions } from "../../src/lint/index.js";

/** A wrong input, and everything that is found in it. */
export interface LintCase {
  readonly name: string;
  /** By path; programs and scripts below `bin/` get the run bit unless `mode` says otherwise. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly mode?: Readonly<Record<string, number>>;
  /** What is checked. Default: the first of the files. */
  readonly paths?: readonly string[];
  readonly options?: LintOptions;
  /** As {@link line} writes them. */
  readonly findings: readonly string[];
  /** What is left after a fix. Default: what had none. */
  readonly left?: readonly string[];
  /** Files as a fix leaves them. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** Lays the files of a case in a folder of its own. */
export async function layOut({ files, mode = {} }: Pick<LintCase, "files" | "mode">): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gst-lint-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const isProgram = path.includes("bin/");
    await writeFile(join(folder, path), content, { mode: mode[path] ?? (isProgram ? 0o755 : 0o644) });
  }
  return folder;
}

/**
 * `file:line:column severity rule-id message | suggestion`, the file relative to the case's folder. Hashes are left
 * out: compressed bytes are another Node.js's own.
 */
export function line(folder: string, finding: Finding): string {
  const { file, line: row, column, severity, ruleId, message, suggestion } = finding;
  return `${file}:${row}:${column} ${severity} ${ruleId} ${message} | ${suggestion}`.replaceAll(
    `${folder}/`,
    "",
  );
}

/** A good text with one thing wrong. */
export function change(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`${JSON.stringify(from)} is not in the text`);
  return text.replace(from, () => to);
}
