import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addConformance } from "./conformance.js";
import { addHost } from "./host.js";
import { addLint } from "./lint.js";
import { addNew } from "./new.js";
import { addPackage } from "./package.js";
import { addPlugin } from "./plugin.js";
import { exitCodes, UsageError, type AddSubcommand, type ExitCode, type ExitsWith } from "./subcommand.js";

/** In the order of the help text. */
const subcommands: readonly AddSubcommand[] = [
  addNew,
  addHost,
  addConformance,
  addPackage,
  addLint,
  addPlugin,
];

/**
 * Runs the command `gestalt-runtime`.
 *
 * @param args what stands after the command's name
 * @returns the exit code: 0 all is well, 1 it failed or found something, 2 it was called wrongly; more where a command
 *   says so
 */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const exitsWith: ExitsWith =
    (action) =>
    async (...given) => {
      exitCode = await action(...given);
    };
  try {
    await makeProgram(exitsWith).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

function makeProgram(exitsWith: ExitsWith): Command {
  const program = new Command("gestalt-runtime")
    .description("Makes, checks and packages Gestalt runtime providers.")
    .version(ownVersion(), "--version", "print the version and exit")
    .helpOption("--help", "print help and exit")
    .helpCommand(false)
    .usage("<command> [options]")
    .showSuggestionAfterError()
    .showHelpAfterError(`"gestalt-runtime --help" lists the commands; each has a --help of its own`)
    // Below a command, --version is the command's own.
    .enablePositionalOptions()
    .exitOverride();
  for (const add of subcommands) add(program, exitsWith);
  return program;
}

function report(error: unknown): ExitCode {
  // Commander has said already what it has to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  process.stderr.write(`gestalt-runtime: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

function ownVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
