import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { InvalidArgumentError, Option } from "commander";
import type { FileKind, LintOptions, Platform } from "../lint/index.js";
import { wantsColour } from "./colour.js";
import { exitCodes, UsageError, type AddSubcommand } from "./subcommand.js";

interface Flags {
  readonly kind?: FileKind;
  readonly platform?: Platform;
  readonly fix?: true;
  readonly strict?: true;
  readonly format: "text" | "json" | "github";
}

/** Named here too, so that help does not load the linter. */
const kinds = ["manifest", "schema", "release", "archive", "config"] as const satisfies readonly FileKind[];

/** `gestalt-runtime lint`: what a host would refuse, before it does. */
export const addLint: AddSubcommand = (program, exitsWith) => {
  program
    .command("lint [paths...]")
    .description("check manifests, config schemas, releases, archives and operators' configs")
    .addOption(new Option("--kind <kind>", "what the files are, where they do not show it").choices(kinds))
    .addOption(
      new Option("--format <format>", "of the report").choices(["text", "json", "github"]).default("text"),
    )
    .option("--fix", "put right what has one answer, in the files themselves")
    .option("--strict", "exit with 1 for warnings too")
    .option("--platform <os/arch>", "instead of this machine's, such as linux/arm64", toPlatform)
    .addHelpText(
      "after",
      `
A folder stands for the manifest and the provider-release.yaml in it; without paths, this folder is checked.
Exit codes: 0 nothing wrong, 1 errors (with --strict warnings too), 2 called wrongly.

  gestalt-runtime lint
  gestalt-runtime lint --fix manifest.yaml
  gestalt-runtime lint --strict --format github release gestaltd.yaml`,
    )
    .action(
      exitsWith(async (paths: readonly string[], { kind, platform, fix, strict, format }: Flags) => {
        const { fixFiles, lintFiles } = await import("../lint/index.js");
        const { formatGithub, formatJson, formatText, summarize } = await import("../lint/report/index.js");
        const options: LintOptions = { ...(kind && { kind }), ...(platform && { platform }) };
        const targets = paths.length === 0 ? ["."] : paths;
        const result = await (fix ? fixFiles : lintFiles)(targets, options).catch((error: unknown) => {
          // What can't be read, or tells not what it is, was named wrongly.
          throw error instanceof RuntimeProviderError
            ? new UsageError(error.message, { cause: error })
            : error;
        });
        const formats = {
          json: formatJson,
          github: formatGithub,
          text: (all: typeof result) => formatText(all, { colour: wantsColour() }),
        };
        process.stdout.write(formats[format](result));
        const { errors, warnings } = summarize(result.findings);
        return errors > 0 || (strict && warnings > 0) ? exitCodes.failed : exitCodes.ok;
      }),
    );
};

function toPlatform(text: string): Platform {
  const [os, arch, ...rest] = text.split("/");
  const isOs = os === "linux" || os === "darwin" || os === "windows";
  if (isOs && (arch === "amd64" || arch === "arm64") && rest.length === 0) return { os, arch };
  throw new InvalidArgumentError("Write os/arch in Go's names, such as linux/amd64.");
}
