import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { currentPlatform } from "../lint/platform.js";
import { displayNameOf, type ProviderAnswers } from "./answers.js";
import { readTemplate } from "./template.js";

export interface NewProviderOptions extends ProviderAnswers {
  /** Absolute path; made where it is not there, and empty otherwise. */
  readonly folder: string;
  /** Whether `gestalt-runtime conformance` is there for the package's scripts and CI to run. */
  readonly conformance: boolean;
  /** What package.json asks npm for: a range of versions, or `file:` with an archive's path. */
  readonly dependencies: { readonly sdk: string; readonly testkit: string };
}

/** A folder that nothing can be made in; the message says what to do. */
export class FolderError extends Error {
  override readonly name = "FolderError";
}

/** What may be in a folder that counts as empty: a repository that was made first. */
const harmless = new Set([".git"]);

/**
 * Makes a package with a whole provider, its tests and its CI.
 *
 * @returns the files' paths, relative to the folder
 * @throws {@link FolderError}; nothing was written then
 */
export async function newProvider(options: NewProviderOptions): Promise<readonly string[]> {
  const { folder, name, source, level, conformance, dependencies } = options;
  const wasThere = await mustBeEmpty(folder);
  const { os, arch } = currentPlatform();
  const template = await readTemplate(level, {
    NAME: name,
    DISPLAY_NAME: displayNameOf(name),
    SOURCE: source,
    OS: os,
    ARCH: arch,
    SDK: dependencies.sdk,
    TESTKIT: dependencies.testkit,
  });
  const files = template.map(({ path, text }) => ({
    path,
    // In the templates each mention of it has a line of its own.
    text: conformance ? text : text.replace(/^.*\bconformance\b.*\n/gm, ""),
  }));
  try {
    for (const { path, text } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(
        join(folder, path),
        path === "package.json" ? withOverrides(text, dependencies) : text,
        {
          flag: "wx",
        },
      );
    }
  } catch (error) {
    // All that is there is this run's own.
    if (!wasThere) await rm(folder, { recursive: true, force: true });
    else
      for (const { path } of files)
        await rm(join(folder, path.split("/")[0] ?? path), { recursive: true, force: true });
    throw error;
  }
  return files.map(({ path }) => path);
}

/** @returns whether the folder was there before */
async function mustBeEmpty(folder: string): Promise<boolean> {
  const stats = await stat(folder).catch(() => undefined);
  if (stats === undefined) return false;
  if (!stats.isDirectory())
    throw new FolderError(`${folder} is a file; name a folder that is not there yet, or an empty one`);
  const found = (await readdir(folder)).filter((name) => !harmless.has(name));
  if (found.length === 0) return true;
  const shown = found.slice(0, 3).join(", ");
  throw new FolderError(
    `${folder} is not empty (${shown}${found.length > 3 ? ", ..." : ""}); name a folder that is not there yet, or an empty one`,
  );
}

/** An archive of the SDK is for the testkit too, which would ask the registry for its own. */
function withOverrides(text: string, { sdk }: NewProviderOptions["dependencies"]): string {
  if (!sdk.startsWith("file:")) return text;
  const manifest = JSON.parse(text) as object;
  const overrides = { "@gestalt-runtime/sdk": "$@gestalt-runtime/sdk" };
  return `${JSON.stringify({ ...manifest, overrides }, null, 2)}\n`;
}
