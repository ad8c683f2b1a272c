import { dirname, join } from "node:path";
import {
  describeFinding,
  folderFiles,
  lintManifestDocument,
  readDocument,
  readManifest,
} from "../lint/index.js";
import { readPackageFile } from "../lint/package/folder-files.js";
import { InstallRefusedError, refusing } from "./refusal.js";
import type { PlacedPackage } from "./release.js";

/**
 * Takes a package as it lies in its author's folder, without a release: for the dev loop.
 *
 * @param path of `manifest.yaml`, `manifest.yml` or `manifest.json`
 * @throws {@link InstallRefusedError} for a manifest that no release could be made of, or a program that is not built
 */
export async function placeSource(path: string): Promise<PlacedPackage> {
  const folder = dirname(path);
  const manifest = await refusing("package", readManifest(path));
  const { artifactPath } = manifest.entrypoint;
  if ((await readPackageFile(join(folder, artifactPath))) === undefined)
    throw new InstallRefusedError(
      "package",
      `${path} starts ${artifactPath}, which is not there; build the provider first`,
    );
  const findings = await lintManifestDocument(await readDocument(path), { files: folderFiles(folder) });
  return {
    manifest,
    folder,
    warnings: [
      `${path} is a source manifest, which gestaltd takes for no runtime that is written for Node.js; ` +
        `for a real host make a release: gestalt-runtime package ${folder}`,
      ...findings
        .filter(({ severity }) => severity === "warning")
        .map((finding) => `${finding.file}:${describeFinding(finding)}`),
    ],
  };
}
