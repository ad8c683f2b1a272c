import { appendFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { ConformanceReport, ReportFormat } from "../conformance/index.js";
import { wantsColour } from "./colour.js";
import { exitCodes, UsageError, type AddSubcommand, type ExitCode } from "./subcommand.js";

interface Flags {
  readonly attach?: string;
  readonly config?: string;
  readonly check: readonly string[];
  readonly area: readonly string[];
  readonly requirement: readonly string[];
  readonly list?: true;
  readonly baseline?: string;
  readonly updateBaseline?: true;
  readonly repeat: number;
  readonly bail?: true;
  readonly seed?: number;
  readonly parallel?: number;
  readonly timeout: readonly Readonly<Record<string, number>>[];
  readonly hold?: true;
  readonly trace?: true;
  readonly strict?: true;
  readonly report: readonly WantedReport[];
}

interface WantedReport {
  readonly format: ReportFormat;
  /** Absent: stdout. */
  readonly path?: string;
}

/** Somebody at a debugger takes their time. */
const heldSuiteMs = 24 * 60 * 60_000;

/** Named here too, so that help does not load the suite. */
const formats = [
  "json",
  "junit",
  "tap",
  "text",
  "github",
  "summary",
  "html",
  "statement",
] as const satisfies readonly ReportFormat[];

/** `gestalt-runtime conformance`: whether a host will be able to use a provider, requirement by requirement. */
export const addConformance: AddSubcommand = (program, exitsWith) => {
  program
    .command("conformance [target...]")
    .description("check a provider against the contract, requirement by requirement")
    .usage("[options] <manifest.yaml | provider-release.yaml | -- command args...>")
    .option("--attach <socket>", "check a provider that runs already, where it can be without starting it")
    .option("--config <file>", "what the suite has to know of the provider: config, image, plugin, ...")
    .option("--check <glob>", "only checks with such an id; @file has one a line (repeatable)", collect, [])
    .option("--area <area>", "only checks of this area (repeatable)", collect, [])
    .option("--requirement <id>", "only checks of this requirement, such as SESS-8 (repeatable)", collect, [])
    .option("--list", "show the checks that would run, and run none")
    .option("--baseline <file>", "known failures: each has to exist and to fail")
    .option("--update-baseline", "write what fails now into the baseline")
    .addOption(
      new Option("--repeat <times>", "run everything so often; the worst counts")
        .default(1)
        .argParser(toCount),
    )
    .option("--bail", "stop at the first check that does not pass")
    .addOption(new Option("--seed <number>", "of random values, or random (default: 1)").argParser(toSeed))
    .addOption(new Option("--parallel <checks>", "checks at the same time (default: 2)").argParser(toCount))
    .option(
      "--timeout <what=time>",
      "call, check, start or suite, such as call=5s (repeatable)",
      collectTimeout,
      [],
    )
    .option("--hold", "keep what a failed check has started until Enter is pressed")
    .option("--trace", "show the calls of checks, secrets taken out")
    .option("--strict", "exit with 1 for recommendations that are not followed, too")
    .option(
      "--report <format[=file]>",
      `${formats.join(", ")}; without a file to stdout (repeatable)`,
      collectReport,
      [],
    )
    .addHelpText(
      "after",
      `
Exit codes: 0 conformant, 1 not conformant, 2 called wrongly, 3 the provider did not start, 4 a fault of the suite,
130 interrupted.

  gestalt-runtime conformance manifest.yaml
  gestalt-runtime conformance --config conformance.yaml --report junit=report.xml -- ./dist/provider.mjs
  gestalt-runtime conformance --area session --strict release/provider-release.yaml`,
    )
    .action(exitsWith(conformance));
};

async function conformance(words: readonly string[], flags: Flags): Promise<ExitCode> {
  const suite = await import("../conformance/index.js");
  const wrongly = (error: unknown): never => {
    throw suite.isUsageFault(error) ? new UsageError((error as Error).message, { cause: error }) : error;
  };
  await checkReports(flags.report);
  const config = flags.config === undefined ? {} : await suite.readSuiteConfig(flags.config).catch(wrongly);
  const selection = { checks: flags.check, areas: flags.area, requirements: flags.requirement };
  if (flags.list === true) {
    const checks = await suite.selectChecks(suite.allChecks, selection).catch(wrongly);
    for (const { id, title, requirements } of checks)
      process.stdout.write(`${id}  ${requirements.join(", ")}\n    ${title}\n`);
    return exitCodes.ok;
  }
  const baseline = flags.baseline ?? config.baseline;
  if (flags.updateBaseline === true && baseline === undefined)
    throw new UsageError("--update-baseline writes the file of --baseline; name it");
  // What is written to stdout for programs is not to be mixed with what is for people.
  const people = flags.report.some(({ path }) => path === undefined) ? process.stderr : process.stdout;
  const colour = wantsColour(people);
  const progress = people.isTTY
    ? suite.liveProgress({ stream: people, colour })
    : suite.plainProgress({ stream: people, colour });
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  let report: ConformanceReport;
  try {
    const provider = suite.subjectOf(
      { words, ...(flags.attach !== undefined && { attach: flags.attach }) },
      config,
    );
    report = await suite.runConformance({
      provider,
      ...selection,
      timeouts: { ...(flags.hold && { suiteMs: heldSuiteMs }), ...config.timeouts, ...merged(flags.timeout) },
      ...(baseline !== undefined && { baseline }),
      ...(flags.updateBaseline && { updateBaseline: true }),
      repeat: flags.repeat,
      bail: flags.bail ?? config.bail ?? false,
      seed: flags.seed ?? config.seed ?? 1,
      parallel: flags.hold ? 1 : (flags.parallel ?? config.parallel ?? 2),
      strict: flags.strict ?? config.strict ?? false,
      trace: flags.trace === true,
      signal: interrupt.signal,
      commandLine: commandLine(words, flags),
      onSelected: progress.begin,
      onStart: progress.started,
      onResult: progress.finished,
      ...(flags.hold && {
        hold: (result, context) => {
          progress.end();
          return suite.holdForDebugger(result, context, {
            input: process.stdin,
            output: process.stderr,
            signal: interrupt.signal,
          });
        },
      }),
    });
  } catch (error) {
    if (suite.isUsageFault(error)) throw new UsageError((error as Error).message, { cause: error });
    progress.end();
    const isRefused = error instanceof Error && error.name === "InstallRefusedError";
    const what = isRefused ? "a host would not install the package" : "the suite failed";
    process.stderr.write(`gestalt-runtime: ${what}: ${textOf(error, !isRefused)}\n`);
    return isRefused ? exitCodes.notStarted : exitCodes.suiteFault;
  } finally {
    progress.end();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  }
  people.write(`\n${suite.formatText(report, { colour, trace: flags.trace === true })}`);
  for (const { format, path } of flags.report) {
    const text = suite.reportFormats[format](report);
    if (path === undefined) process.stdout.write(text);
    else await writeFile(path, text);
  }
  if (process.env.GITHUB_ACTIONS === "true") await tellGithub(report);
  return exitCodeOf(report);
}

/** Before minutes go by: whether each report can be written. */
async function checkReports(reports: readonly WantedReport[]): Promise<void> {
  for (const { format, path } of reports) {
    if (path === undefined) continue;
    const what = `--report ${format}=${path}`;
    const [folder, file] = await Promise.all(
      [dirname(path), path].map((one) => stat(one).catch(() => undefined)),
    );
    if (folder?.isDirectory() !== true)
      throw new UsageError(`${what}: there is no folder ${dirname(path)}; make it first`);
    if (file?.isDirectory() === true) throw new UsageError(`${what}: that is a folder; write a file's path`);
  }
}

async function tellGithub(report: ConformanceReport): Promise<void> {
  const { reportFormats } = await import("../conformance/index.js");
  process.stdout.write(reportFormats.github(report));
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== "") await appendFile(summary, reportFormats.summary(report));
}

function exitCodeOf({ verdict, counts }: ConformanceReport): ExitCode {
  if (verdict === "not-started") return exitCodes.notStarted;
  if (verdict === "interrupted") return exitCodes.interrupted;
  if (verdict === "nothing-checked") return exitCodes.usage;
  if (counts.error > 0) return exitCodes.suiteFault;
  return verdict === "conformant" ? exitCodes.ok : exitCodes.failed;
}

/** What a command that repeats one check has before and after it. */
function commandLine(
  words: readonly string[],
  { attach, config, strict }: Flags,
): { before: string[]; after: string[] } {
  const before = [
    ...(config === undefined ? [] : ["--config", config]),
    ...(attach === undefined ? [] : ["--attach", attach]),
    ...(strict === true ? ["--strict"] : []),
  ];
  const isPackage = words.length === 1 && !/\.(?:[cm]?js|ts)$/.test(words[0] ?? "");
  return { before, after: words.length === 0 ? [] : isPackage ? [...words] : ["--", ...words] };
}

function textOf(error: unknown, withStack: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return withStack ? (error.stack ?? error.message) : error.message;
}

function merged(timeouts: Flags["timeout"]): Record<string, number> {
  return Object.fromEntries(timeouts.flatMap((one) => Object.entries(one)));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function toCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 1000.");
}

function toSeed(text: string): number {
  if (text === "random") return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (text !== "" && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InvalidArgumentError("Write a whole number, or random.");
}

function collectTimeout(
  text: string,
  before: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>>[] {
  const match = /^(call|check|start|suite)=(\d+)(ms|s|m)?$/.exec(text);
  const [, what, number, unit = "ms"] = match ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000 }[unit];
  const ms = Number(number) * (factor ?? 1);
  if (what === undefined || !(ms > 0))
    throw new InvalidArgumentError("Write call, check, start or suite, = and a time, such as call=5s.");
  return [...before, { [`${what}Ms`]: ms }];
}

function collectReport(text: string, before: readonly WantedReport[]): WantedReport[] {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  const format = formats.find((one) => one === name);
  const path = text.slice(name.length + 1);
  if (format === undefined || (equals !== -1 && path === ""))
    throw new InvalidArgumentError(`Write one of ${formats.join(", ")}, and =file for a file.`);
  return [...before, { format, ...(equals !== -1 && { path }) }];
}
