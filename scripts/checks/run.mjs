import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reports } from "../lib/root.mjs";
import { say } from "../lib/steps.mjs";
import { apiReferenceChecks } from "./api-reference.mjs";
import { generatedCode, generatedConformancePages, generatedPage } from "./generated.mjs";
import { packageChecks } from "./packages.mjs";
import { requirementNames } from "./requirements.mjs";
import { sourceChecks } from "./sources.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<unknown>} run rejects with a text that says what is wrong
 * @property {boolean} [writes] whether it writes where others read, and so runs before them and alone
 */

/**
 * Runs every check, also after one failed, and writes .reports/checks.json.
 *
 * @param {readonly string[]} args names of checks; none means all
 * @returns {Promise<number>} exit code
 */
export async function runChecks(args) {
  const all = [
    ...sourceChecks,
    generatedCode,
    generatedPage,
    generatedConformancePages,
    ...apiReferenceChecks,
    ...packageChecks(),
    requirementNames,
  ];
  const unknown = args.filter((arg) => !all.some(({ name }) => name === arg));
  if (unknown.length > 0) {
    say(`there is no check "${unknown.join('", "')}": there are ${all.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const chosen = args.length === 0 ? all : all.filter(({ name }) => args.includes(name));
  const report = join(reports, args.length === 0 ? "checks.json" : "checks-part.json");
  await rm(report, { force: true });

  /** @type {Map<string, import("../lib/ci-count.mjs").CheckReport[number]>} */
  const done = new Map();
  for (const one of chosen) if (one.writes === true) done.set(one.name, await runCheck(one));
  // Two at a time: the linter takes as long as all the others.
  const waiting = chosen.filter(({ name }) => !done.has(name));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      done.set(next.name, await runCheck(next));
  };
  await Promise.all([worker(), worker()]);
  const results = chosen.flatMap(({ name }) => done.get(name) ?? []);
  await mkdir(reports, { recursive: true });
  await writeFile(report, JSON.stringify(results, undefined, 2));

  const failures = results.filter(({ ok }) => !ok).map(({ name }) => name);
  console.log(
    failures.length === 0
      ? `all ${results.length} checks are ok`
      : `${failures.length} of ${results.length} checks failed: ${failures.join(", ")}`,
  );
  return failures.length === 0 ? 0 : 1;
}

/** @param {Check} check @returns {Promise<import("../lib/ci-count.mjs").CheckReport[number]>} */
async function runCheck({ name, run }) {
  const start = performance.now();
  const text = await run().then(
    () => "",
    (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error)),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${text === "" ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (text !== "") console.log(text.replace(/^/gm, "         "));
  return { name, ok: text === "", text };
}
