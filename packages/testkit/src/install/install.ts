import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { jsonSchemaFile } from "@gestalt-runtime/sdk";
import type { Manifest } from "../lint/index.js";
import { refusing } from "./refusal.js";
import { placeRelease, type PlacedPackage } from "./release.js";
import { checkSource } from "./source.js";
import { placeSource } from "./source-manifest.js";

export interface InstallOptions {
  /** Absolute path of a `provider-release.yaml`, or of a source manifest. */
  readonly source: string;
  /** The operator's name for the provider. */
  readonly name: string;
  /** The operator's config, checked against the package's schema; absent is empty (LIFE-2, LIFE-3). */
  readonly config?: JsonObject | undefined;
  /** Where a release is unpacked, in a private folder. Default: the system's temporary folder. */
  readonly tmpDir?: string | undefined;
}

/** A provider that can be started. */
export interface InstalledProvider {
  /** `source`: run where it lies; the real host takes releases only. */
  readonly from: "release" | "source";
  /** Absolute path of the program. */
  readonly command: string;
  /** `entrypoint.args`, as they are. */
  readonly args: readonly string[];
  /** The package's own, checked. */
  readonly manifest: Manifest;
  /** Holds the package's files. */
  readonly folder: string;
  /** Sentences for the author. */
  readonly warnings: readonly string[];
  /** Removes what was unpacked. */
  remove(): Promise<void>;
}

/**
 * Installs a provider as the host does, and checks the operator's config before anything is started.
 *
 * @throws {@link InstallRefusedError}; nothing is left then
 * @throws TypeError for a source that is no absolute path, or names neither a release nor a manifest
 */
export async function installProvider(options: InstallOptions): Promise<InstalledProvider> {
  const isRelease = checkSource("source", options.source);
  if (!isRelease)
    return install(options, "source", await placeSource(options.source), () => Promise.resolve());
  const root = await mkdtemp(join(options.tmpDir ?? tmpdir(), "gst-"));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    const folder = join(root, "runtime", encodeURIComponent(options.name));
    return await install(options, "release", await placeRelease(options.source, folder), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function install(
  { name, config = {} }: InstallOptions,
  from: InstalledProvider["from"],
  { manifest, folder, warnings }: PlacedPackage,
  remove: () => Promise<void>,
): Promise<InstalledProvider> {
  const schema = manifest.spec?.configSchemaPath;
  if (schema !== undefined)
    await refusing("config", jsonSchemaFile(join(folder, schema)).check(config, name));
  const { artifactPath, args = [] } = manifest.entrypoint;
  return { from, command: join(folder, artifactPath), args, manifest, folder, warnings, remove };
}
