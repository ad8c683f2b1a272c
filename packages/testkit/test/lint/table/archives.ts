import { gzipSync } from "node:zlib";
import { change, type LintCase } from "../case.js";
import { elf, nodeScript, sha256 } from "../programs.js";
import { tar, tarGz, type TarEntry } from "../tar-writer.js";
import { goodEntries, releasedManifest } from "./good.js";

function archive(name: string, entries: readonly TarEntry[]): Omit<LintCase, "findings"> {
  return { name, files: { "a.tar.gz": tarGz(entries) } };
}

function withManifest(name: string, manifest: string): Omit<LintCase, "findings"> {
  return archive(name, [{ name: "manifest.yaml", content: manifest }, ...goodEntries.slice(1)]);
}

const [manifest, schema, program] = goodEntries as readonly [TarEntry, TarEntry, TarEntry];
const whole = tarGz(goodEntries);

/** Archives, by themselves. */
export const archives: readonly LintCase[] = [
  {
    name: "no gzip",
    files: { "a.tar.gz": tar(goodEntries) },
    findings: [
      "a.tar.gz:1:1 error archive/gzip it can't be read to its end: incorrect header check | make it with gestalt-runtime package, or with tar -czf",
    ],
  },
  {
    name: "an archive cut off",
    files: { "a.tar.gz": whole.subarray(0, whole.length - 20) },
    findings: [
      "a.tar.gz:1:1 error archive/gzip it can't be read to its end: unexpected end of file | make it with gestalt-runtime package, or with tar -czf",
    ],
  },
  {
    name: "no tar",
    files: { "a.tar.gz": gzipSync("kind: runtime\n") },
    findings: [
      "a.tar.gz:1:1 error archive/tar it can't be read to its end: Unrecognized archive format | make it with gestalt-runtime package, or with tar -czf",
    ],
  },
  {
    name: "a tar cut off",
    files: { "a.tar.gz": gzipSync(tar(goodEntries).subarray(0, 700)) },
    findings: [
      "a.tar.gz:1:1 error archive/tar it can't be read to its end: Truncated input (needed 512 more bytes, only 188 available) | make it with gestalt-runtime package, or with tar -czf",
    ],
  },
  {
    ...archive("an entry for the root", [{ name: "./", type: "5", mode: 0o755 }, ...goodEntries]),
    findings: [
      'a.tar.gz:1:1 error archive/root-entry entry "./" is the root itself, which the host refuses | pack files by their names (tar -czf x.tar.gz -C folder manifest.yaml bin), not the folder (.)',
    ],
  },
  {
    ...archive("an entry that comes back to the root", [
      ...goodEntries,
      { name: "bin/..", type: "5", mode: 0o755 },
    ]),
    findings: [
      'a.tar.gz:1:1 error archive/root-entry entry "bin/.." is the root itself, which the host refuses | pack files by their names (tar -czf x.tar.gz -C folder manifest.yaml bin), not the folder (.)',
    ],
  },
  {
    ...archive("an entry that leads out", [...goodEntries, { name: "../evil.sh", content: "x" }]),
    findings: [
      'a.tar.gz:1:1 error archive/escape entry "../evil.sh" leads outside the package | pack it under a path inside the package',
    ],
  },
  {
    ...archive("an entry that leads out in the end", [
      ...goodEntries,
      { name: "bin/../../evil.sh", content: "x" },
    ]),
    findings: [
      'a.tar.gz:1:1 error archive/escape entry "bin/../../evil.sh" leads outside the package | pack it under a path inside the package',
    ],
  },
  {
    ...archive("an entry with a backslash", [...goodEntries, { name: "docs\\read.me", content: "x" }]),
    findings: [
      'a.tar.gz:1:1 error archive/backslash entry "docs\\\\read.me" has a backslash, which the host refuses | pack it as docs/read.me',
    ],
  },
  {
    ...archive("a symbolic link", [...goodEntries, { name: "bin/latest", type: "2", target: "example" }]),
    findings: [
      "a.tar.gz:1:1 error archive/link entry bin/latest is a symbolic link to example, which the host refuses | pack the file itself (tar --dereference --hard-dereference)",
    ],
  },
  {
    ...archive("a hard link", [...goodEntries, { name: "bin/latest", type: "1", target: "bin/example" }]),
    findings: [
      "a.tar.gz:1:1 error archive/link entry bin/latest is a hard link to bin/example, which the host refuses | pack the file itself (tar --dereference --hard-dereference)",
    ],
  },
  {
    ...archive("a FIFO", [...goodEntries, { name: "pipe", type: "6" }]),
    findings: [
      "a.tar.gz:1:1 error archive/special entry pipe is neither a plain file nor a directory, which the host refuses | leave it out",
    ],
  },
  {
    ...archive("an entry that comes twice", [
      ...goodEntries,
      { name: "LICENSE", content: "a" },
      { name: "LICENSE", content: "b" },
    ]),
    findings: [
      "a.tar.gz:1:1 error archive/duplicate LICENSE comes twice, which the host refuses | pack it once",
    ],
  },
  {
    ...archive("an entry that comes twice, once with ./", [
      ...goodEntries,
      { name: "./bin/example", content: "b" },
    ]),
    findings: [
      "a.tar.gz:1:1 error archive/duplicate bin/example comes twice, as bin/example and as ./bin/example, which the host refuses | pack it once",
      'a.tar.gz:1:1 warning archive/re-rooted entry "./bin/example" is unpacked as bin/example | pack it as bin/example',
    ],
  },
  {
    ...archive(
      "entries with ./",
      goodEntries.map((entry) => ({ ...entry, name: `./${entry.name}` })),
    ),
    findings: [
      'a.tar.gz:1:1 warning archive/re-rooted entry "./manifest.yaml" is unpacked as manifest.yaml | pack it as manifest.yaml',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./config.schema.yaml" is unpacked as config.schema.yaml | pack it as config.schema.yaml',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./bin/example" is unpacked as bin/example | pack it as bin/example',
    ],
  },
  {
    ...archive("many entries with ./", [
      ...goodEntries,
      ...Array.from({ length: 12 }, (_, index) => ({ name: `./docs/${index}` })),
    ]),
    findings: [
      'a.tar.gz:1:1 warning archive/re-rooted entry "./docs/0" is unpacked as docs/0 | pack it as docs/0',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./docs/1" is unpacked as docs/1 | pack it as docs/1',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./docs/2" is unpacked as docs/2 | pack it as docs/2',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./docs/3" is unpacked as docs/3 | pack it as docs/3',
      'a.tar.gz:1:1 warning archive/re-rooted entry "./docs/4" is unpacked as docs/4 (and 7 more like it) | pack it as docs/4',
    ],
  },
  {
    ...archive("an absolute entry, and one that goes back", [
      ...goodEntries,
      { name: "/etc/x" },
      { name: "bin/../docs/y" },
    ]),
    findings: [
      'a.tar.gz:1:1 warning archive/re-rooted entry "/etc/x" is unpacked as etc/x | pack it as etc/x',
      'a.tar.gz:1:1 warning archive/re-rooted entry "bin/../docs/y" is unpacked as docs/y | pack it as docs/y',
    ],
  },
  {
    ...archive("no manifest", [schema, program]),
    findings: [
      "a.tar.gz:1:1 error archive/manifest-missing it holds no manifest | pack manifest.yaml at the root",
    ],
  },
  {
    ...archive(
      "a manifest below the root",
      goodEntries.map((entry) => ({ ...entry, name: `example/${entry.name}` })),
    ),
    findings: [
      "a.tar.gz:1:1 error archive/manifest-missing its manifest stands at example/manifest.yaml, not at the root | pack manifest.yaml at the root",
    ],
  },
  {
    ...archive("two manifests", [...goodEntries, { name: "manifest.yml", content: releasedManifest }]),
    findings: [
      "a.tar.gz:1:1 warning archive/manifest-twice it holds manifest.yaml and manifest.yml, and the host reads manifest.yaml | pack manifest.yaml alone",
    ],
  },
  {
    ...archive("no program in it", [manifest, schema]),
    findings: [
      "a.tar.gz!/manifest.yaml:7:11 error archive/artifact-missing artifacts[0].path bin/example is not in the archive | pack it under that path",
    ],
  },
  {
    ...archive("no schema in it", [manifest, program]),
    findings: [
      "a.tar.gz!/manifest.yaml:12:21 error schema/missing spec.configSchemaPath config.schema.yaml is not there | add the schema, or leave configSchemaPath out",
    ],
  },
  {
    ...archive("another program in it", [manifest, schema, { ...program, content: nodeScript }]),
    findings: [
      "a.tar.gz!/manifest.yaml:7:11 note manifest/script-in-sandbox bin/example is a script: it wants node on the host's PATH, and does not start where the operator denies egress (PROC-10) | package it as an executable for such hosts",
      "a.tar.gz!/manifest.yaml:8:13 error manifest/artifact-hash artifacts[0].sha256 is not the hash of bin/example | write 0728dcd9e81d836c886b1a2f9d201e0ee6806bc84c46bfa58642911a13242315, if that is the file that you mean",
    ],
  },
  {
    ...archive("a program without the run bit in it", [manifest, schema, { ...program, mode: 0o644 }]),
    findings: [
      "a.tar.gz!/manifest.yaml:7:11 error manifest/run-bit bin/example has no run bit, so the host can't start it | pack it with mode 0755",
    ],
  },
  {
    ...withManifest("a manifest without a hash", releasedManifest.replace(/ +sha256.*\n/, "")),
    findings: [
      "a.tar.gz!/manifest.yaml:5:5 error manifest/sha256 artifacts[0].sha256 is missing, which only a source manifest may leave out | add the SHA-256 of the artifact in the archive",
    ],
  },
  {
    ...withManifest(
      "a manifest with a build",
      change(releasedManifest, "spec:\n", "release: { build: { command: [make] } }\nspec:\n"),
    ),
    findings: [
      "a.tar.gz!/manifest.yaml:11:1 error manifest/release-in-archive release stands in a released manifest, which the host refuses | leave release out of the manifest in the archive",
    ],
  },
  {
    ...archive("a manifest for two platforms", [
      {
        name: "manifest.yaml",
        content: change(
          releasedManifest,
          "entrypoint:\n",
          `  - { os: linux, arch: arm64, path: bin/other, sha256: ${sha256(elf("arm64"))} }\nentrypoint:\n`,
        ),
      },
      schema,
      program,
      { name: "bin/other", content: elf("arm64"), mode: 0o755 },
    ]),
    findings: [
      "a.tar.gz!/manifest.yaml:4:1 error manifest/one-platform 2 artifacts share one entrypoint, and the host would start it on every platform of theirs | make one archive per platform, each with a manifest of its own",
    ],
  },
  {
    ...withManifest(
      "a manifest that is wrong in the archive",
      change(releasedManifest, "version: 0.1.0", "version: v1"),
    ),
    findings: [
      'a.tar.gz!/manifest.yaml:3:10 error manifest/version version "v1" is no semantic version | write three numbers, such as 0.1.0, and after them perhaps -beta.1',
    ],
  },
];
