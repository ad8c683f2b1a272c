import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import { manifestNames } from "../../lint/archive/package-rules.js";
import { checkAttach } from "../../host/provider-attach.js";
import type { SuiteConfig } from "../config/suite-config.js";
import { SelectionError } from "../select/select.js";
import type { SubjectOptions } from "../subject/options.js";

/** How a provider was named on the command line. */
export interface Target {
  /** A package's file or folder, or a command with its arguments. */
  readonly words: readonly string[];
  readonly attach?: string;
}

/**
 * What is to be checked, by the command line and the suite's config; the command line wins.
 *
 * @throws {@link SelectionError} when nothing, too much or something that is not there is named
 */
export function subjectOf({ words, attach }: Target, config: SuiteConfig): SubjectOptions {
  const { provider = {}, session, plugin, egress, declares, invalidConfig } = config;
  const { name, config: providerConfig, env } = provider;
  const common = {
    ...(name !== undefined && { name }),
    ...(providerConfig && { config: providerConfig }),
    ...(env && { env }),
    ...(session && { session }),
    ...(plugin && { plugin }),
    ...(egress && { egress }),
    ...(declares && { declares }),
    ...(invalidConfig && { invalidConfig }),
  };
  if (attach !== undefined) {
    if (words.length > 0)
      throw new SelectionError(`--attach takes a provider that runs already; leave ${words.join(" ")} out`);
    try {
      checkAttach("--attach", resolve(attach));
    } catch (cause) {
      throw new SelectionError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    return { ...common, attach: resolve(attach) };
  }
  const [first, ...rest] = words;
  if (first !== undefined) {
    const source = rest.length === 0 ? packageAt(first) : undefined;
    if (source !== undefined) return { ...common, source };
    return { ...common, command: programAt(first), args: rest };
  }
  const { command, args = [], source } = provider;
  if (command !== undefined && source !== undefined)
    throw new SelectionError("the config sets provider.command and provider.source; leave one of them out");
  if (source !== undefined) return { ...common, source };
  if (command !== undefined) return { ...common, command: programAt(command), args };
  throw new SelectionError(
    "no provider is named; write the path of its manifest.yaml or provider-release.yaml, -- and its command, " +
      "--attach and its socket, or provider.command in the config",
  );
}

/** The package that a path names: a file of that name, or a folder with one. */
function packageAt(path: string): string | undefined {
  const names: readonly string[] = ["provider-release.yaml", ...manifestNames];
  if (names.includes(basename(path))) return resolve(path);
  if (!isFolder(path)) return undefined;
  const found = names.map((name) => join(path, name)).find(isFile);
  if (found !== undefined) return resolve(found);
  throw new SelectionError(`the folder ${path} holds no ${names.join(", no ")}`);
}

/** The absolute path of a program, as the host wants it (PROC-4). */
function programAt(command: string): string {
  const places = command.includes("/")
    ? [resolve(command)]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, command));
  const found = places.find(isExecutable);
  if (found !== undefined) return found;
  const [only] = places;
  if (command.includes("/") && only !== undefined && isFile(only))
    throw new SelectionError(`${command} is not executable; chmod +x it, or write -- node ${command}`);
  throw new SelectionError(
    command.includes("/")
      ? `there is no file ${command}; build the provider first`
      : `${command} is not on PATH`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
