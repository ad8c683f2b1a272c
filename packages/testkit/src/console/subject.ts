import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { readManifest } from "../lint/index.js";
import { findManifest } from "../release/find-manifest.js";
import type { RuntimeProviderOptions } from "../host/index.js";
import type { BuildCommand } from "./build.js";
import type { WatchOptions } from "./options.js";

/** What is to be started, and where what it is made of lies. */
export interface Subject {
  readonly provider: Pick<RuntimeProviderOptions, "command" | "args" | "source" | "attach">;
  /** Absolute path; undefined where nothing is started. */
  readonly folder?: string;
  /** Absolute paths of the files that are started, as far as they are known. */
  readonly programs: readonly string[];
}

const packageFiles = ["provider-release.yaml", "manifest.yaml", "manifest.yml", "manifest.json"];

/**
 * Finds what is meant: a package's file, a folder with one, or a program with its arguments.
 *
 * @throws Error that says what there is instead, and what to write
 */
export async function findSubject(
  [first = ".", ...args]: readonly string[],
  attach: string | undefined,
): Promise<Subject> {
  if (attach !== undefined) return { provider: { attach }, programs: [] };
  const path = resolve(first);
  const stats = statSync(path, { throwIfNoEntry: false });
  const isPackage = packageFiles.includes(basename(path));
  if (isPackage || stats?.isDirectory() === true) {
    if (args.length > 0)
      throw new Error(
        `${first} is a package, whose arguments are in its manifest; leave out ${args.join(" ")}`,
      );
    if (stats === undefined) throw new Error(`there is no ${first}`);
    const source = stats.isDirectory() ? await packageIn(path) : path;
    return { provider: { source }, folder: dirname(source), programs: [] };
  }
  const command = stats?.isFile() === true ? path : onPath(first);
  if (command === undefined)
    throw new Error(
      `there is no ${first}, neither here nor on PATH; give a manifest, a release, or a program`,
    );
  return {
    provider: { command, args },
    folder: process.cwd(),
    programs: [command, ...args.map((arg) => resolve(arg))].filter((file) => isOwnFile(file)),
  };
}

/** A release that lies in a folder without a manifest, else the manifest. */
async function packageIn(folder: string): Promise<string> {
  const release = join(folder, "provider-release.yaml");
  const hasManifest = packageFiles.slice(1).some((name) => existsSync(join(folder, name)));
  return !hasManifest && existsSync(release) ? release : findManifest(folder);
}

function onPath(name: string): string | undefined {
  if (name.includes("/")) return undefined;
  return (process.env.PATH ?? "")
    .split(":")
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

function isOwnFile(path: string): boolean {
  const fromHere = relative(process.cwd(), path);
  return !fromHere.startsWith("..") && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * What `--watch` watches and runs.
 *
 * @param build the command line that was given; default: the manifest's `release.build`, else `npm run build` where
 *   package.json has one
 * @throws Error where there is nothing to watch
 */
export async function watchOptions(subject: Subject, build: string | undefined): Promise<WatchOptions> {
  const { folder, programs, provider } = subject;
  if (folder === undefined) throw new Error("there is nothing to watch");
  const { source } = provider;
  // A release changes as a whole, and with its last file.
  if (source !== undefined && basename(source) === "provider-release.yaml")
    return { folder, paths: [source] };
  const command = build === undefined ? await buildOf(folder, source) : shell(build, folder);
  if (command !== undefined) return { folder, paths: [folder], build: command };
  const started =
    source === undefined ? programs : [join(folder, (await readManifest(source)).entrypoint.artifactPath)];
  return { folder, paths: [folder, ...started] };
}

function shell(line: string, cwd: string): BuildCommand {
  return { command: ["sh", "-c", line], cwd };
}

async function buildOf(folder: string, manifestPath: string | undefined): Promise<BuildCommand | undefined> {
  if (manifestPath === undefined) return undefined;
  const { release } = await readManifest(manifestPath);
  if (release?.build !== undefined)
    return { command: release.build.command, cwd: join(folder, release.build.workdir ?? ".") };
  const path = join(folder, "package.json");
  if (!existsSync(path)) return undefined;
  const { scripts } = JSON.parse(readFileSync(path, "utf8")) as { scripts?: Record<string, string> };
  return scripts?.build === undefined
    ? undefined
    : { command: ["npm", "run", "--silent", "build"], cwd: folder };
}
