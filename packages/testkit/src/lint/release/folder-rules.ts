import { isAbsolute } from "node:path";
import { kindOf, sourceFault, versionFault } from "../identity.js";
import { cleanPath } from "../package-path.js";
import { parsePlatform } from "../platform.js";
import { fieldAt, valueAt, wholeFile, type Fault, type Rule } from "../rule.js";
import type { Cursor } from "../text/cursor.js";
import type { PlatformArchive, ReleaseSubject } from "./subject.js";

/** What a release's archives are, seen from `provider-release.yaml`. */
export const folderRules: readonly Rule<ReleaseSubject>[] = [
  {
    id: "release/archive-missing",
    severity: "error",
    demands: "each archive is where its path says, relative to provider-release.yaml",
    *check({ archives }) {
      for (const { at, file, archive } of archives)
        if (file !== undefined && archive === undefined)
          yield {
            at: valueAt(at.field("path")),
            message: `${at.field("path").text ?? ""} is not there`,
            suggestion: "put the archive there, or write its path relative to this file",
          };
    },
  },
  {
    id: "release/archive-beside",
    severity: "warning",
    demands: "archives stand beside provider-release.yaml, so that the folder can be moved",
    *check({ archives }) {
      for (const { at, file } of archives) {
        const path = at.field("path").text ?? "";
        if (file !== undefined && (isAbsolute(path) || cleanPath(path).startsWith("../")))
          yield {
            at: valueAt(at.field("path")),
            message: `${path} lies outside the release's folder, and is lost when that is moved`,
            suggestion: "put the archive into the folder, and write its name",
          };
      }
    },
  },
  {
    id: "release/archive-hash",
    severity: "error",
    demands: "an archive's sha256 is that of the file",
    *check({ archives }) {
      for (const { at, sha256 } of archives) {
        const given = at.field("sha256");
        if (sha256 === undefined || given.text === undefined || given.text.toLowerCase() === sha256) continue;
        if (/^[0-9a-f]{64}$/i.test(given.text))
          yield {
            at: valueAt(given),
            message: `${given.label} is not the hash of ${at.field("path").text ?? "the archive"}`,
            suggestion: `write ${sha256}, if that is the archive that you mean`,
          };
      }
    },
  },
  {
    id: "release/manifest-differs",
    severity: "error",
    demands: "package, kind and version are those of each archive's manifest",
    *check({ root, archives }) {
      for (const { platform, manifest } of archives) {
        if (manifest === undefined) continue;
        const [name, kind, version] = [root.field("package"), root.field("kind"), root.field("version")];
        // What is no name, kind or version at all is told by rules of its own.
        if (sourceFault(name.text ?? "") === undefined)
          yield* differs(name, manifest.root.field("source"), platform);
        if (kindOf(kind.text ?? "") !== undefined)
          yield* differs(kind, manifest.root.field("kind"), platform);
        if (versionFault(version.text ?? "") === undefined)
          yield* differs(version, manifest.root.field("version"), platform);
      }
    },
  },
  {
    id: "release/archive-platform",
    severity: "error",
    demands: "the manifest in an archive has an artifact of the archive's platform, and starts that one",
    *check({ archives }) {
      for (const archive of archives) yield* platformFault(archive);
    },
  },
  {
    id: "release/stray-archive",
    severity: "warning",
    demands: "each archive in the folder is named by provider-release.yaml",
    *check({ root, archives, folder }) {
      const named = archives.map(({ at }) => cleanPath(at.field("path").text ?? "."));
      for (const name of folder)
        if (!named.includes(name))
          yield {
            at: fieldAt(root.field("artifacts")),
            message: `${name} lies in the folder, but is not listed`,
            suggestion: "list it with its platform, or delete it",
          };
    },
  },
];

/** `checksums.txt`, which people check downloads with. */
export const checksumRules: readonly Rule<ReleaseSubject>[] = [
  {
    id: "release/checksums-missing",
    severity: "warning",
    demands: "checksums.txt stands in the folder, for people",
    *check({ root, checksums }) {
      if (checksums === undefined)
        yield {
          at: wholeFile(root.document.file),
          message: "there is no checksums.txt beside it",
          suggestion: "write one: sha256sum *.tar.gz > checksums.txt",
        };
    },
  },
  {
    id: "release/checksums-line",
    severity: "error",
    demands: "each line of checksums.txt is <sha256>, two spaces, <archive>",
    *check({ checksums }) {
      for (const { line, parts } of checksums?.lines ?? [])
        if (parts === undefined)
          yield {
            at: { file: checksums?.file ?? "", line, column: 1 },
            message: "the line is no checksum",
            suggestion: "write <sha256>, two spaces and the archive's name, as sha256sum does",
          };
    },
  },
  {
    id: "release/checksums-hash",
    severity: "error",
    demands: "the hashes in checksums.txt are those of the archives",
    *check({ checksums, archives }) {
      for (const { line, parts } of checksums?.lines ?? []) {
        const archive = archives.find(({ at }) => cleanPath(at.field("path").text ?? ".") === parts?.archive);
        if (parts === undefined || archive?.sha256 === undefined || archive.sha256 === parts.sha256) continue;
        yield {
          at: { file: checksums?.file ?? "", line, column: 1 },
          message: `it is not the hash of ${parts.archive}`,
          suggestion: `write ${archive.sha256}, if that is the archive that you mean`,
        };
      }
    },
  },
  {
    id: "release/checksums-archive",
    severity: "warning",
    demands: "checksums.txt lists each archive of the release",
    *check({ checksums, archives }) {
      if (checksums === undefined) return;
      const listed = checksums.lines.map(({ parts }) => parts?.archive);
      for (const { at, archive } of archives) {
        const path = cleanPath(at.field("path").text ?? ".");
        if (archive !== undefined && !listed.includes(path))
          yield {
            at: wholeFile(checksums.file),
            message: `${path} is not listed`,
            suggestion: "write the file anew: sha256sum *.tar.gz > checksums.txt",
          };
      }
    },
  },
];

function* differs(here: Cursor, there: Cursor, platform: string): Generator<Fault> {
  if (here.text === undefined || there.text === undefined || here.text === there.text) return;
  yield {
    at: valueAt(here),
    message: `${here.name} is ${here.text}, but ${there.name} in the manifest of ${platform} is ${there.text}`,
    suggestion: `write ${there.text}, or make the archive anew`,
  };
}

function* platformFault({ at, platform, manifest }: PlatformArchive): Generator<Fault> {
  const artifacts = manifest?.root.field("artifacts").items ?? [];
  if (manifest === undefined || artifacts.length === 0 || parsePlatform(platform) === undefined) return;
  const own = artifacts.find(
    (artifact) => `${artifact.field("os").text ?? ""}/${artifact.field("arch").text ?? ""}` === platform,
  );
  const entrypoint = manifest.root.field("entrypoint").field("artifactPath");
  if (own === undefined)
    yield {
      at: fieldAt(at),
      message: `the manifest in the archive of ${platform} has no artifact for ${platform}`,
      suggestion: "name the archive that was made for this platform",
    };
  else if (entrypoint.text !== undefined && own.field("path").text !== entrypoint.text)
    yield {
      at: valueAt(entrypoint),
      message: `on ${platform} the host verifies ${own.field("path").text ?? ""}, but starts ${entrypoint.text}`,
      suggestion: `write ${own.field("path").text ?? ""}`,
    };
}
