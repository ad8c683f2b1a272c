import { readFile, writeFile } from "node:fs/promises";
import type { Finding } from "./finding.js";
import { lintFiles, type LintOptions, type LintResult } from "./lint.js";
import { applyEdits } from "./text/edits.js";
import { SourceDocument } from "./text/source-document.js";

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
  let result = await lintFiles(paths, options);
  for (let round = 0; round < maxRounds; round++) {
    const mended = await fixRound(result.findings.filter((finding) => finding.fix !== undefined));
    if (mended.length === 0) break;
    fixed.push(...mended);
    result = await lintFiles(paths, options);
  }
  return { ...result, fixed };
}

async function fixRound(findings: readonly Finding[]): Promise<Finding[]> {
  const fixed: Finding[] = [];
  for (const file of new Set(findings.map((finding) => finding.file))) {
    const own = findings.filter((finding) => finding.file === file);
    fixed.push(...(await fixFile(file, own)));
  }
  return fixed;
}

/** @returns what was put right; nothing where the file would be left in pieces */
async function fixFile(file: string, findings: readonly Finding[]): Promise<readonly Finding[]> {
  const text = await readFile(file, "utf8");
  const edits = findings.map((finding) => finding.fix ?? []);
  const { text: mended, applied } = applyEdits(text, edits);
  if (new SourceDocument(file, mended, { variables: true }).faults.length > 0) return [];
  await writeFile(file, mended);
  return findings.filter((_, index) => applied.includes(index));
}
