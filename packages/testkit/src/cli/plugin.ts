import { shipFixturePlugin } from "../plugins/ship.js";
import { exitCodes, type AddSubcommand } from "./subcommand.js";

interface Flags {
  readonly output: string;
  readonly executable?: true;
  readonly platform?: string;
  readonly node?: string;
}

/** `gestalt-runtime plugin`: the fixture plugin as a file for any guest. */
export const addPlugin: AddSubcommand = (program, exitsWith) => {
  program
    .command("plugin")
    .description("write the testkit's plugin as one file, to be copied into an image or template")
    .requiredOption("--output <folder>", "where fixture-plugin.mjs or fixture-plugin goes")
    .option("--executable", "with Node.js inside, for guests that have none")
    .option("--platform <os/arch>", "the guest's, of an executable; default: this machine's")
    .option("--node <binary>", "the guest's platform's Node.js, of an executable; default: this one")
    .action(
      exitsWith(async (flags: Flags) => {
        const { file, bytes, platform = "for node on any platform" } = await shipFixturePlugin(flags);
        process.stdout.write(`${file}: ${(bytes / 1_000_000).toFixed(1)} MB, ${platform}\n`);
        return exitCodes.ok;
      }),
    );
};
