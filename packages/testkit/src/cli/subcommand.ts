import type { Command } from "commander";

/**
 * What the command exits with: 0 all is well, 1 it failed or found something, 2 it was called wrongly, 3 the provider
 * did not start, 4 the conformance suite itself failed, 128 and the signal's number after a signal.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notStarted: 3,
  suiteFault: 4,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Adds one subcommand to the program.
 *
 * Its file holds arguments, wiring and what is printed, and nothing else; what is heavy (bundlers, the host) it
 * imports when it runs, so that help and the other subcommands stay quick. An action resolves to its exit code:
 *
 *     export const addLint: AddSubcommand = (program, exitsWith) => {
 *       program
 *         .command("lint [path]")
 *         .description("...")
 *         .action(
 *           exitsWith(async (path: string | undefined, options: LintOptions) => {
 *             const { lint } = await import("../lint/index.js");
 *             return exitCodes.ok;
 *           }),
 *         );
 *     };
 *
 * To refuse an argument, throw commander's `InvalidArgumentError` in its parser, or a {@link UsageError} in the
 * action: exit code 2. Anything else that is thrown is a failure: its message on stderr, exit code 1.
 */
export type AddSubcommand = (program: Command, exitsWith: ExitsWith) => void;

/** Makes a commander action of a function that resolves to an exit code. */
export type ExitsWith = <Args extends unknown[]>(
  action: (...args: Args) => ExitCode | Promise<ExitCode>,
) => (...args: Args) => Promise<void>;

/** The command was called wrongly; the message names the flag and says what to write. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
