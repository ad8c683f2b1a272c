import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { packageName, versionFault } from "../lint/identity.js";
import { readManifest } from "../lint/manifest/read-manifest.js";
import type { Manifest } from "../lint/manifest/types.js";
import { formatPlatform } from "../lint/platform.js";
import { collectLicences, type LicenceText } from "./bundle/licences.js";
import { readCarriedFiles } from "./carried-files.js";
import { findEntry } from "./entry.js";
import type { NodeBinary } from "./executable/node-binary.js";
import { findManifest } from "./find-manifest.js";
import { makeArchive } from "./make-archive.js";
import { findNodeBinaries } from "./node-binaries.js";
import { Programs, type Program } from "./program.js";
import { invalid } from "./refuse.js";
import {
  archiveName,
  checkReleaseFolder,
  checksums,
  checksumsFile,
  metadataFile,
  releaseMetadata,
  replaceReleaseFolder,
} from "./release-folder.js";
import { runBuild } from "./run-build.js";
import { targetsOf, type Target } from "./targets.js";
import type { PackagedArchive, PackagedRelease, PackageOptions } from "./types.js";
import { warningsOf } from "./warnings.js";

/** `packageProvider` itself, with all that it imports. */
export async function packageFolder(options: PackageOptions): Promise<PackagedRelease> {
  const { artifact = "executable", platforms, nodeBinaries = {}, onStep = () => undefined } = options;
  const folder = resolve(options.folder);
  const manifestPath = await findManifest(folder);
  // What it says of files is checked below: those that this makes need not be there.
  const manifest = await readManifest(manifestPath, { mode: "source", files: undefined });
  const version = versionOf(options.version, manifest);
  const output = options.output === undefined ? join(folder, "release") : resolve(options.output);
  await checkReleaseFolder(output);
  const targets = targetsOf(manifest, artifact, platforms);
  if (artifact === "script" && Object.keys(nodeBinaries).length > 0)
    throw invalid("--node names what goes into an executable, and a script holds no Node.js; leave it out");
  const nodes = artifact === "script" ? undefined : await findNodeBinaries(targets, nodeBinaries);

  const { build } = manifest.release ?? {};
  if (build !== undefined && options.build !== false) {
    onStep(`running ${build.command.join(" ")}`);
    await runBuild(folder, build);
  }
  const entry = await findEntry(folder, options.entry);
  const carried = await readCarriedFiles(folder, manifest);
  const allow = new Set(options.allow);
  const programs = new Programs({ folder, entry, allow, sourcesContent: options.sourceMap === true });
  onStep(`bundling ${entry}`);
  // All of it before anything is made: what is wrong with the program is known in a second.
  const made: { readonly target: Target; readonly program: Program }[] = [];
  for (const target of targets) made.push({ target, program: await programs.make(target.layout) });

  const name = packageName(manifest.source);
  const archives: PackagedArchive[] = [];
  const unlicensed = new Set<string>();
  await replaceReleaseFolder(output, async (work) => {
    for (const { target, program } of made) {
      const platform = formatPlatform(target.platform);
      const inside = nodes?.of.get(platform);
      const node =
        nodes === undefined || inside === undefined ? undefined : { inside, builder: nodes.builder };
      const licences = await collectLicences(program.packages, licenceOf(inside));
      for (const title of licences.missing) unlicensed.add(title);
      const file = archiveName(name, version, target.platform);
      onStep(`packing ${file}`);
      const common = { manifest, name, version, carried };
      const one = await makeArchive({ ...common, target, program, licences, node, file: join(work, file) });
      if (options.sourceMap === true) await writeFile(join(work, `${file}.map`), program.map);
      archives.push({ file, ...one });
    }
    await writeFile(join(work, metadataFile), releaseMetadata(manifest.source, version, archives));
    await writeFile(join(work, checksumsFile), checksums(archives));
  });
  const missing = new Set(made.flatMap(({ program }) => program.missing));
  const oddities = new Set(made.flatMap(({ program }) => program.oddities));
  return {
    folder: output,
    metadata: join(output, metadataFile),
    package: manifest.source,
    version,
    entry,
    archives,
    warnings: warningsOf({ artifact, archives, missing, oddities, unlicensed }),
  };
}

function versionOf(given: string | undefined, manifest: Manifest): string {
  if (given === undefined) return manifest.version;
  const found = versionFault(given);
  if (found !== undefined) throw invalid(`--version ${given} ${found.fault}; ${found.mend}`);
  return given;
}

function licenceOf(node: NodeBinary | undefined): LicenceText[] {
  return node === undefined ? [] : [{ title: `Node.js ${node.version}`, text: node.licence }];
}
