import { relative, resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import {
  givenSourceFault,
  nameFault,
  nameOfFolder,
  sourceOfName,
  type ProviderAnswers,
} from "../scaffold/answers.js";
import { exitCodes, UsageError, type AddSubcommand } from "./subcommand.js";

interface Flags {
  readonly name?: string;
  readonly source?: string;
  readonly level?: "1" | "2";
  readonly sdk?: string;
  readonly testkit?: string;
}

/** `gestalt-runtime new`: a package with a whole provider, its tests and its CI. */
export const addNew: AddSubcommand = (program, exitsWith) => {
  program
    .command("new")
    .description("make a package with a provider that works, tests and CI")
    .argument("<folder>", "a folder that is not there yet, or an empty one")
    .option("--name <name>", "of the package and its program; default: the folder's", parseName)
    .option("--source <source>", "what hosts call it: github.com/<org>/<repo>/<path...>", parseSource)
    .addOption(
      new Option(
        "--level <level>",
        "2: a backend for the session runtime; 1: every call yourself; default: 2",
      ).choices(["1", "2"]),
    )
    .option(
      "--sdk <spec>",
      "what npm installs as the SDK: a version, or file:<archive>; default: this version's",
    )
    .option("--testkit <spec>", "the same for the testkit")
    .addHelpText(
      "after",
      `
On a terminal it asks for what is not given; elsewhere it takes the defaults.

  gestalt-runtime new my-runtime
  gestalt-runtime new my-runtime --level 2 --source github.com/acme/runtimes/my-runtime
  cd my-runtime && npm install && npm test && npm run package`,
    )
    .action(
      exitsWith(async (given: string, flags: Flags) => {
        const folder = resolve(given);
        const { FolderError, newProvider } = await import("../scaffold/new-provider.js");
        const answers = await complete(folder, flags);
        if (answers === undefined) return exitCodes.interrupted;
        const conformance = program.commands.some((command) => command.name() === "conformance");
        const { dependencies } = await import("../scaffold/dependencies.js");
        try {
          const files = await newProvider({
            folder,
            ...answers,
            conformance,
            dependencies: dependencies(flags),
          });
          process.stdout.write(describe(folder, answers, files));
        } catch (error) {
          if (error instanceof FolderError) throw new UsageError(error.message, { cause: error });
          throw error;
        }
        return exitCodes.ok;
      }),
    );
};

async function complete(folder: string, flags: Flags): Promise<ProviderAnswers | undefined> {
  const { name, source, level } = flags;
  const given = {
    ...(name !== undefined && { name }),
    ...(source !== undefined && { source }),
    ...(level !== undefined && ({ level: level === "1" ? 1 : 2 } as const)),
  };
  const suggested = nameOfFolder(folder);
  const isComplete = name !== undefined && source !== undefined && level !== undefined;
  if (!isComplete && process.stdin.isTTY && process.stderr.isTTY) {
    const { askForRest } = await import("../scaffold/ask.js");
    return askForRest(given, suggested, { input: process.stdin, output: process.stderr });
  }
  return { name: suggested, source: sourceOfName(name ?? suggested), level: 2, ...given };
}

function describe(
  folder: string,
  { name, level, source }: ProviderAnswers,
  files: readonly string[],
): string {
  const fromHere = relative("", folder);
  const shown = fromHere === "" ? "." : fromHere.startsWith("..") ? folder : fromHere;
  const placeholder = source === sourceOfName(name) ? "  # first set source in manifest.yaml" : "";
  return [
    `${name}, level ${level}, in ${shown}:`,
    ...files.map((file) => `  ${file}`),
    "",
    "Go on with",
    ...(shown === "." ? [] : [`  cd ${inShell(shown)}`]),
    "  npm install",
    "  npm test             # a fake gestaltd hosts plugins through it",
    "  npm run dev          # host a plugin by hand, while you write",
    `  npm run package      # the release that a host installs${placeholder}`,
    "",
  ].join("\n");
}

/** As one types it: quoted where a shell would take it apart. */
function inShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function parseName(text: string): string {
  const fault = nameFault(text);
  if (fault !== undefined)
    throw new InvalidArgumentError(`${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`);
  return text;
}

function parseSource(text: string): string {
  const fault = givenSourceFault(text);
  if (fault !== undefined)
    throw new InvalidArgumentError(`${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`);
  return text;
}
