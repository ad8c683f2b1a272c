import type { AddSubcommand } from "./subcommand.js";
import { UsageError } from "./subcommand.js";

/** `gestalt-runtime package`: from a package's folder to the release that a host installs. */
export const addPackage: AddSubcommand = (program, exitsWith) => {
  program
    .command("package [folder]")
    .description("make the release that a host installs of a package's folder")
    .action(
      exitsWith((folder: string | undefined) => {
        throw new UsageError(`package ${folder ?? "."}: not here yet`);
      }),
    );
};
