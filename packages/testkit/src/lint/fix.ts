import { readFile, writeFile } from "node:fs/promises";
import type { Finding } from "./finding.js";
import { lintFiles, type LintOptions, type LintResult } from "./lint.js";
import { applyEdits } from "./text/edits.js";

export interface FixResult extends LintResult {
  /** What was put right. */
  readonly fixed: readonly Finding[];
}

/** One mend may show the next fault; no chain of them is longer. */
const maxRounds = 10;

/**
 * Puts right what has one answer, in the files themselves, and checks them again. Comments and layout stay.
 *
 * @returns what is left, and what was put right
 * @throws RuntimeProviderError, as {@link lintFiles}
 */
export async function fixFiles(paths: readonly string[], options: LintOptions = {}): Promise<FixResult> {
  const fixed: Finding[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const result = await lintFiles(paths, options);
    const mendable = result.findings.filter((finding) => finding.fix !== undefined);
    if (mendable.length === 0) return { ...result, fixed };
    for (const file of new Set(mendable.map((finding) => finding.file)))
      fixed.push(
        ...(await fixFile(
          file,
          mendable.filter((finding) => finding.file === file),
        )),
      );
  }
  return { ...(await lintFiles(paths, options)), fixed };
}

async function fixFile(file: string, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const text = await readFile(file, "utf8");
  const { text: mended, applied } = applyEdits(
    text,
    findings.map((finding) => finding.fix ?? []),
  );
  await writeFile(file, mended);
  return findings.filter((_, index) => applied.includes(index));
}
