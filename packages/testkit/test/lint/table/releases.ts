import { change, type LintCase } from "../case.js";
import { elf, sha256 } from "../programs.js";
import { tarGz } from "../tar-writer.js";
import {
  archiveName,
  goodArchive,
  goodEntries,
  goodMetadata,
  goodRelease,
  releasedManifest,
  releaseOf,
} from "./good.js";

function wrong(
  name: string,
  from: string,
  to: string,
  more: Partial<LintCase> = {},
): Omit<LintCase, "findings"> {
  const files = { ...goodRelease, "provider-release.yaml": change(goodMetadata, from, to), ...more.files };
  return { name, ...more, files };
}

/** A release whose archive's manifest says something else. */
function otherManifest(name: string, from: string, to: string): Omit<LintCase, "findings"> {
  const content = tarGz([
    { name: "manifest.yaml", content: change(releasedManifest, from, to) },
    ...goodEntries.slice(1),
  ]);
  return {
    name,
    files: {
      "provider-release.yaml": releaseOf({ "linux/amd64": { path: archiveName, content } }),
      "checksums.txt": `${sha256(content)}  ${archiveName}\n`,
      [archiveName]: content,
    },
  };
}

const armName = "gestalt-plugin-example_v0.1.0_linux_arm64.tar.gz";
const armArchive = tarGz([
  {
    name: "manifest.yaml",
    content: change(change(releasedManifest, "amd64", "arm64"), sha256(elf()), sha256(elf("arm64"))),
  },
  ...goodEntries.slice(1, 2),
  { name: "bin/example", content: elf("arm64"), mode: 0o755 },
]);

/** Release folders. */
export const releases: readonly LintCase[] = [
  {
    ...wrong("a release's version of two numbers", "version: 0.1.0", "version: 1.2"),
    findings: [
      'provider-release.yaml:5:10 warning release/bare-text version is text, but 1.2 without quotes reads as a number | write "1.2"',
      'provider-release.yaml:5:10 error release/version version "1.2" is no semantic version | write three numbers, such as 0.1.0, and after them perhaps -beta.1',
    ],
  },
  {
    ...wrong(
      "an unknown field in a release",
      "runtime: executable\n",
      "runtime: executable\nsignature: abc\n",
    ),
    findings: [
      "provider-release.yaml:7:1 error release/unknown-field signature is no field of provider-release.yaml | take it out; known here: schema, schemaVersion, package, kind, version, runtime, artifacts",
    ],
  },
  {
    ...wrong("another spelling of a field of a release", "schemaVersion", "schema_version"),
    findings: [
      "provider-release.yaml:2:1 error release/unknown-field schema_version is no field of provider-release.yaml | write schemaVersion",
    ],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("a release without a package", "package: github.com/acme/runtimes/example\n", ""),
    findings: [
      "provider-release.yaml:1:1 error release/required package is missing | add package: github.com/<org>/<repo>/<path>",
    ],
  },
  {
    ...wrong("a version of the schema in quotes", "schemaVersion: 1", 'schemaVersion: "1"'),
    findings: [
      "provider-release.yaml:2:16 error release/type schemaVersion is text, not a whole number | write the number without quotes",
    ],
  },
  {
    ...wrong("a version of the schema that is none", "schemaVersion: 1", "schemaVersion: 2"),
    findings: [
      "provider-release.yaml:2:16 error release/schema schemaVersion 2 is none that the host knows | write 1",
    ],
  },
  {
    ...wrong("a field of a release with nothing in it", "    sha256:", "    sha256:\n    x:"),
    findings: [
      'provider-release.yaml:10:12 error release/required artifacts["linux/amd64"].sha256 is empty | write its value',
      'provider-release.yaml:11:5 error release/unknown-field artifacts["linux/amd64"].x is no field of provider-release.yaml | take it out; known here: path, sha256',
    ],
  },
  {
    ...wrong(
      "another name of the schema",
      "schema: gestaltd-provider-release",
      "schema: gestalt-provider-release",
    ),
    findings: [
      'provider-release.yaml:1:9 error release/schema schema "gestalt-provider-release" is none that the host knows | write gestaltd-provider-release',
    ],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("a package with a scheme", "package: github.com", "package: https://github.com"),
    findings: [
      'provider-release.yaml:3:10 error release/package package "https://github.com/acme/runtimes/example" is not the name of a package | write github.com/acme/runtimes/example',
    ],
    left: [],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("a release's version with a v", "version: 0.1.0", "version: v0.1.0"),
    findings: [
      'provider-release.yaml:5:10 error release/version version "v0.1.0" is no semantic version | write 0.1.0',
    ],
    left: [],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("a release of a plugin", "kind: runtime", "kind: plugin"),
    findings: [
      'provider-release.yaml:4:7 error release/kind kind "plugin" is no runtime provider | write runtime',
      "provider-release.yaml:4:7 error release/manifest-differs kind is plugin, but kind in the manifest of linux/amd64 is runtime | write runtime, or make the archive anew",
    ],
  },
  {
    ...wrong("a release of a kind that is none", "kind: runtime", "kind: runtimes"),
    findings: [
      'provider-release.yaml:4:7 error release/kind kind "runtimes" is none that the host knows | write runtime',
    ],
  },
  {
    ...wrong("a runtime that is none", "runtime: executable", "runtime: node"),
    findings: [
      'provider-release.yaml:6:10 error release/runtime runtime "node" is none that the host has for this kind | write executable, also for a script',
    ],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("Node.js's name of a platform", "linux/amd64:", "linux-x64:"),
    findings: [
      'provider-release.yaml:8:3 error release/platform "linux-x64" is no platform of the host | write linux/amd64',
    ],
    left: [],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("a generic archive", "linux/amd64:", "generic:"),
    findings: [
      "provider-release.yaml:8:3 error release/platform the host refuses a generic archive for a runtime | write os/arch, such as linux/amd64",
    ],
  },
  {
    ...wrong("a platform that is none", "linux/amd64:", "linux/amd64/musl:"),
    findings: [
      'provider-release.yaml:8:3 error release/platform "linux/amd64/musl" is no platform of the host | write os/arch, such as linux/amd64',
    ],
  },
  {
    name: "a release without archives",
    files: { "provider-release.yaml": goodMetadata.replace(/artifacts:[^]*/, "artifacts: {}\n") },
    findings: [
      "provider-release.yaml:1:1 warning release/checksums-missing there is no checksums.txt beside it | write one: sha256sum *.tar.gz > checksums.txt",
      "provider-release.yaml:7:12 error release/platform artifacts is empty | list the archive of each platform, such as linux/amd64",
    ],
  },
  {
    ...wrong("a list of archives", "  linux/amd64:\n    path", "  - path"),
    findings: [
      "provider-release.yaml:7:1 warning release/stray-archive gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz lies in the folder, but is not listed | list it with its platform, or delete it",
      "provider-release.yaml:8:3 error release/type artifacts is a list, not a map | write one name per line, each with its value",
    ],
  },
  {
    ...wrong("an archive's hash in capitals", sha256(goodArchive), sha256(goodArchive).toUpperCase()),
    findings: [
      'provider-release.yaml:10:13 error release/sha256 artifacts["linux/amd64"].sha256 "1BC9DA947E857BAFC7736982C47942552C632DEA101490170E9A3FD45AF5F4CA" is not 64 lower-case hex digits, and the host compares it literally | write 1bc9da947e857bafc7736982c47942552c632dea101490170e9a3fd45af5f4ca',
    ],
    fixed: { "provider-release.yaml": goodMetadata },
  },
  {
    ...wrong("an archive's hash that is none", sha256(goodArchive), "f".repeat(63)),
    findings: [
      'provider-release.yaml:10:13 error release/sha256 artifacts["linux/amd64"].sha256 "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" is not 64 lower-case hex digits, and the host compares it literally | write what sha256sum prints for the file',
    ],
  },
  {
    ...wrong("an archive's hash of something else", sha256(goodArchive), "f".repeat(64)),
    findings: [
      'provider-release.yaml:10:13 error release/archive-hash artifacts["linux/amd64"].sha256 is not the hash of gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz | write 1bc9da947e857bafc7736982c47942552c632dea101490170e9a3fd45af5f4ca, if that is the archive that you mean',
    ],
  },
  {
    ...wrong("an archive that is not there", `path: ${archiveName}`, "path: dist/x.tar.gz"),
    findings: [
      "provider-release.yaml:7:1 warning release/stray-archive gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz lies in the folder, but is not listed | list it with its platform, or delete it",
      "provider-release.yaml:9:11 error release/archive-missing dist/x.tar.gz is not there | put the archive there, or write its path relative to this file",
      "provider-release.yaml:9:11 note release/archive-name x.tar.gz is not the name that people look for | call it gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz",
    ],
  },
  {
    ...wrong("an archive elsewhere", `path: ${archiveName}`, `path: ../${archiveName}`),
    findings: [
      "provider-release.yaml:7:1 warning release/stray-archive gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz lies in the folder, but is not listed | list it with its platform, or delete it",
      "provider-release.yaml:9:11 warning release/archive-beside ../gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz lies outside the release's folder, and is lost when that is moved | put the archive into the folder, and write its name",
      "provider-release.yaml:9:11 error release/archive-missing ../gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz is not there | put the archive there, or write its path relative to this file",
    ],
  },
  {
    name: "one archive for two platforms",
    files: {
      ...goodRelease,
      "provider-release.yaml": releaseOf({
        "linux/amd64": { path: archiveName, content: goodArchive },
        "linux/arm64": { path: archiveName, content: goodArchive },
      }),
    },
    findings: [
      "provider-release.yaml:11:3 error release/archive-platform the manifest in the archive of linux/arm64 has no artifact for linux/arm64 | name the archive that was made for this platform",
      "provider-release.yaml:12:11 note release/archive-name gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz is not the name that people look for | call it gestalt-plugin-example_v0.1.0_linux_arm64.tar.gz",
      "provider-release.yaml:12:11 error release/shared-archive linux/arm64 has the archive of linux/amd64, so the host would start one entrypoint on both | make an archive for linux/arm64, with a manifest of its own",
    ],
  },
  {
    name: "two archives that are exchanged",
    files: {
      "provider-release.yaml": releaseOf({
        "linux/amd64": { path: armName, content: armArchive },
        "linux/arm64": { path: archiveName, content: goodArchive },
      }),
      "checksums.txt": `${sha256(goodArchive)}  ${archiveName}\n${sha256(armArchive)}  ${armName}\n`,
      [archiveName]: goodArchive,
      [armName]: armArchive,
    },
    findings: [
      "provider-release.yaml:8:3 error release/archive-platform the manifest in the archive of linux/amd64 has no artifact for linux/amd64 | name the archive that was made for this platform",
      "provider-release.yaml:9:11 note release/archive-name gestalt-plugin-example_v0.1.0_linux_arm64.tar.gz is not the name that people look for | call it gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz",
      "provider-release.yaml:11:3 error release/archive-platform the manifest in the archive of linux/arm64 has no artifact for linux/arm64 | name the archive that was made for this platform",
      "provider-release.yaml:12:11 note release/archive-name gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz is not the name that people look for | call it gestalt-plugin-example_v0.1.0_linux_arm64.tar.gz",
    ],
  },
  {
    ...otherManifest("a manifest of another package", "runtimes/example", "runtimes/other"),
    findings: [
      "provider-release.yaml:3:10 error release/manifest-differs package is github.com/acme/runtimes/example, but source in the manifest of linux/amd64 is github.com/acme/runtimes/other | write github.com/acme/runtimes/other, or make the archive anew",
    ],
  },
  {
    ...otherManifest("a manifest of another version", "version: 0.1.0", "version: 0.2.0"),
    findings: [
      "provider-release.yaml:5:10 error release/manifest-differs version is 0.1.0, but version in the manifest of linux/amd64 is 0.2.0 | write 0.2.0, or make the archive anew",
    ],
  },
  {
    ...otherManifest(
      "an entrypoint of another platform",
      "entrypoint:\n  artifactPath: bin/example",
      `  - { os: linux, arch: arm64, path: bin/other, sha256: ${sha256("x")} }\nentrypoint:\n  artifactPath: bin/other`,
    ),
    findings: [
      "gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz!/manifest.yaml:4:1 error manifest/one-platform 2 artifacts share one entrypoint, and the host would start it on every platform of theirs | make one archive per platform, each with a manifest of its own",
      "gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz!/manifest.yaml:9:37 error archive/artifact-missing artifacts[1].path bin/other is not in the archive | pack it under that path",
      "gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz!/manifest.yaml:11:17 error release/archive-platform on linux/amd64 the host verifies bin/example, but starts bin/other | write bin/example",
    ],
  },
  {
    name: "a release under another name",
    files: { ...goodRelease, "release.yaml": goodMetadata },
    paths: ["release.yaml"],
    findings: [
      "release.yaml:1:1 warning release/file-name a config of apiVersion v4 takes no release file of this name | call it provider-release.yaml",
    ],
  },
  {
    name: "an archive that nobody names",
    files: { ...goodRelease, "old.tar.gz": goodArchive },
    findings: [
      "provider-release.yaml:7:1 warning release/stray-archive old.tar.gz lies in the folder, but is not listed | list it with its platform, or delete it",
    ],
  },
  {
    name: "no checksums",
    files: { "provider-release.yaml": goodMetadata, [archiveName]: goodArchive },
    findings: [
      "provider-release.yaml:1:1 warning release/checksums-missing there is no checksums.txt beside it | write one: sha256sum *.tar.gz > checksums.txt",
    ],
  },
  {
    name: "checksums with other words",
    files: { ...goodRelease, "checksums.txt": `SHA256 (${archiveName}) = ${sha256(goodArchive)}\n` },
    findings: [
      "checksums.txt:1:1 warning release/checksums-archive gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz is not listed | write the file anew: sha256sum *.tar.gz > checksums.txt",
      "checksums.txt:1:1 error release/checksums-line the line is no checksum | write <sha256>, two spaces and the archive's name, as sha256sum does",
    ],
  },
  {
    name: "checksums of something else",
    files: { ...goodRelease, "checksums.txt": `\n${"f".repeat(64)}  ${archiveName}\n` },
    findings: [
      "checksums.txt:2:1 error release/checksums-hash it is not the hash of gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz | write 1bc9da947e857bafc7736982c47942552c632dea101490170e9a3fd45af5f4ca, if that is the archive that you mean",
    ],
  },
  {
    name: "an archive under a name of its own",
    files: {
      "provider-release.yaml": releaseOf({ "linux/amd64": { path: "example.tar.gz", content: goodArchive } }),
      "checksums.txt": `${sha256(goodArchive)}  example.tar.gz\n`,
      "example.tar.gz": goodArchive,
    },
    findings: [
      "provider-release.yaml:9:11 note release/archive-name example.tar.gz is not the name that people look for | call it gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz",
    ],
  },
];
