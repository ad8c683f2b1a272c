import { relative } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { versionFault } from "../lint/identity.js";
import { currentPlatform, formatPlatform } from "../lint/platform.js";
import { packageProvider } from "../release/index.js";
import { parseWantedPlatform } from "../release/platform-name.js";
import type { PackagedArchive, PackagedRelease, PackageOptions } from "../release/types.js";
import { exitCodes, UsageError, type AddSubcommand } from "./subcommand.js";

interface Flags {
  readonly artifact: "executable" | "script";
  readonly platform?: readonly string[];
  readonly version?: string;
  readonly output?: string;
  readonly entry?: string;
  readonly node: Readonly<Record<string, string>>;
  readonly sourceMap: boolean;
  readonly allow: readonly string[];
  readonly build: boolean;
}

/** `gestalt-runtime package`: of a package's folder, the release that a host installs. */
export const addPackage: AddSubcommand = (program, exitsWith) => {
  program
    .command("package")
    .description("make the release that a host installs of a package's folder")
    .argument("[folder]", "the folder with the manifest", ".")
    .addOption(
      new Option(
        "--artifact <kind>",
        "what the host starts: Node.js with the program inside, or a file for node",
      )
        .choices(["executable", "script"])
        .default("executable"),
    )
    .option("--platform <os/arch,...>", "default: those of the manifest's artifacts", parsePlatforms)
    .option("--version <version>", "default: the manifest's", parseVersion)
    .option("--output <folder>", "where the release goes; default: release, in the package's folder")
    .option(
      "--entry <file>",
      "the program's first file; default: source in package.json, src/main.ts, bin, main",
    )
    .option(
      "--node <[os/arch=]binary>",
      "the Node.js that goes into an executable, once for each platform; default: this one",
      parseNode,
      {},
    )
    .option("--source-map", "write a source map beside each archive", false)
    .option(
      "--allow <package,...>",
      "dependencies whose code that can't work in one file never runs; . for your own",
      (text: string, before: readonly string[]) => [...before, ...parseList(text)],
      [],
    )
    .option("--no-build", "do not run the manifest's release.build")
    .action(
      exitsWith(async (folder: string, flags: Flags) => {
        if (flags.artifact === "script" && Object.keys(flags.node).length > 0)
          throw new UsageError(
            "--node: a script holds no Node.js; leave it out, or take --artifact executable",
          );
        const release = await endingCleanly(() => packageProvider(toOptions(folder, flags)));
        process.stdout.write(describe(release));
        for (const warning of release.warnings) process.stderr.write(`warning: ${warning}\n`);
        return exitCodes.ok;
      }),
    );
};

/** Lets a signal end the process in the way that removes what is half done. */
async function endingCleanly<T>(work: () => Promise<T>): Promise<T> {
  const end = (_: NodeJS.Signals, number: number): never => process.exit(128 + number);
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    return await work();
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}

function toOptions(folder: string, flags: Flags): PackageOptions {
  const { platform, version, output, entry } = flags;
  return {
    folder,
    artifact: flags.artifact,
    nodeBinaries: flags.node,
    sourceMap: flags.sourceMap,
    allow: flags.allow,
    build: flags.build,
    onStep: (step) => process.stderr.write(`${step}\n`),
    ...(platform !== undefined && { platforms: platform }),
    ...(version !== undefined && { version }),
    ...(output !== undefined && { output }),
    ...(entry !== undefined && { entry }),
  };
}

function describe({ package: source, version, archives, metadata }: PackagedRelease): string {
  const lines = archives.map((archive) => `  ${describeArchive(archive)}\n`);
  return `${source} ${version}\n${lines.join("")}${shortest(metadata)} is what the host installs\n`;
}

function shortest(path: string): string {
  const fromHere = relative("", path);
  return fromHere.length < path.length ? fromHere : path;
}

function describeArchive({ platform, file, bytes, sha256, node, artifactPath }: PackagedArchive): string {
  const what = node === undefined ? "script" : `executable with Node.js ${node}`;
  return `${formatPlatform(platform)}: ${file}, ${megabytes(bytes)}, ${what}, starts ${artifactPath}\n    sha256 ${sha256}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function parsePlatforms(text: string): string[] {
  return parseList(text).map((name) => {
    const { platform, fault } = parseWantedPlatform(name);
    if (platform === undefined) throw new InvalidArgumentError(fault);
    return formatPlatform(platform);
  });
}

function parseVersion(text: string): string {
  const found = versionFault(text);
  if (found !== undefined) throw new InvalidArgumentError(`It ${found.fault}; ${found.mend}`);
  return text;
}

function parseNode(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const named = /^([^=./]+\/[^=./]+)=(.*)$/.exec(text);
  const path = named === null ? text : (named[2] ?? "");
  const { platform, fault } = parseWantedPlatform(named?.[1] ?? formatPlatform(currentPlatform()));
  if (platform === undefined) throw new InvalidArgumentError(fault);
  if (path === "")
    throw new InvalidArgumentError("It names no file; write the path of a Node.js binary, or os/arch=path");
  const key = formatPlatform(platform);
  const earlier = Object.hasOwn(before, key) ? before[key] : undefined;
  if (earlier !== undefined)
    throw new InvalidArgumentError(`${key} has ${earlier} already; give each platform one`);
  return { ...before, [key]: path };
}

function parseList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.includes(""))
    throw new InvalidArgumentError("It has an empty part; write names with commas between them");
  return parts;
}
