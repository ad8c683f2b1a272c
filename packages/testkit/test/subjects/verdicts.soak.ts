import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { allChecks } from "../../src/conformance/checks/index.js";
import type { CheckResult } from "../../src/conformance/runner/result.js";
import { runChecks } from "../../src/conformance/runner/run.js";
import { suiteTimes } from "../../src/conformance/subject/limits.js";
import { Subject } from "../../src/conformance/subject/subject.js";
import { commandOf, seedPage, subjects } from "./subjects.js";

/**
 * What `verdicts/<subject>.json` holds: every check that the subject does not pass, with what is said of it, and a
 * sentence of ours where it needs one. `UPDATE_VERDICTS=1 npm run soak -- verdicts` writes them anew and keeps our
 * sentences.
 */
interface Verdicts {
  /** All requirements that a difference names, in bytewise order. */
  readonly breaks: readonly string[];
  readonly checks: Readonly<Record<string, WrittenVerdict>>;
  /** What nobody can tell before something else is mended, by the check that is in the way. */
  readonly blocked: Readonly<Record<string, readonly string[]>>;
  /** What the profile does not claim, by the reason. */
  readonly skipped: Readonly<Record<string, readonly string[]>>;
}

interface WrittenVerdict {
  readonly verdict: string;
  readonly says: readonly string[];
  /** Why that is so, and fine or not. */
  readonly why?: string;
}

const isUpdate = process.env.UPDATE_VERDICTS === "1";

describe(
  "the suite's verdicts on whole providers are those that are written down",
  { timeout: 1_800_000 },
  () => {
    for (const subject of [...subjects, seedPage]) {
      const { name, args, missing } = subject;
      it.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, async () => {
        const opened = await Subject.open({ command: commandOf(subject), args, name }, suiteTimes);
        const { results } = await runChecks({ subject: opened, checks: allChecks, parallel: 4 });
        await opened.close();
        expect(results.map(({ id }) => id)).toEqual(allChecks.map(({ id }) => id));
        const path = fileURLToPath(new URL(`verdicts/${name}.json`, import.meta.url));
        const written = existsSync(path) ? (JSON.parse(await readFile(path, "utf8")) as Verdicts) : undefined;
        const found = verdictsOf(results, written);
        if (isUpdate)
          await writeFile(
            path,
            await format(JSON.stringify(found), { ...(await resolveConfig(path)), filepath: path }),
          );
        else expect(found).toEqual(written);
      });
    }
  },
);

function verdictsOf(results: readonly CheckResult[], written: Verdicts | undefined): Verdicts {
  const notPassed = results.filter(({ verdict }) => verdict !== "passed");
  const broken = notPassed.flatMap(({ differences }) => differences.map(({ requirement }) => requirement));
  return {
    breaks: [...new Set(broken)].sort(),
    checks: Object.fromEntries(
      notPassed
        .filter(({ verdict }) => verdict !== "blocked" && verdict !== "skipped")
        .map(({ id, verdict, differences, reason }) => {
          const why = written?.checks[id]?.why;
          const says = [
            ...differences.map(({ requirement, text }) => `${requirement}: ${text}`),
            ...(reason === undefined ? [] : [reason]),
          ];
          return [id, { verdict, says, ...(why === undefined ? {} : { why }) }];
        }),
    ),
    blocked: idsBy(notPassed, "blocked", ({ blockedBy = "" }) => blockedBy),
    skipped: idsBy(notPassed, "skipped", ({ reason = "" }) => reason),
  };
}

function idsBy(
  results: readonly CheckResult[],
  verdict: CheckResult["verdict"],
  key: (result: CheckResult) => string,
): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const result of results)
    if (result.verdict === verdict) groups[key(result)] = [...(groups[key(result)] ?? []), result.id];
  return groups;
}
