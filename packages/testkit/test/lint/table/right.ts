import { change } from "../case.js";
import { goodManifest } from "./good.js";

export interface RightManifest {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** Manifests that the host takes. */
export const rightManifests: readonly RightManifest[] = [
  { name: "the plain one", file: "manifest.yaml", text: goodManifest },
  {
    name: "everything that there is",
    file: "manifest.yml",
    text: `# A runtime.
kind: "runtime"
source: 'github.com/acme/runtimes.2/a_b/c-d'
version: 1.0.0-beta.1+build.5
displayName: Example Runtime
description: >-
  Hosted runtime backend
  for executable plugins.
iconFile: assets/Icon.SVG
artifacts:
  - { os: linux, arch: amd64, path: bin/linux/example, libc: musl }
  - os: darwin
    arch: arm64
    path: bin/darwin/example
    sha256: ${"ab".repeat(32)}
  - os: windows
    arch: amd64
    path: bin/example.exe
entrypoint:
  artifactPath: bin/linux/example
  args: ["", --verbose, "8080"]
release:
  build:
    command: [npm, run, build]
    workdir: packages/runtime
spec:
  configSchemaPath: schemas/config.schema.json
`,
  },
  {
    name: "anchors",
    file: "manifest.yaml",
    text: change(
      change(goodManifest, "path: bin/example", "path: &program bin/example"),
      "artifactPath: bin/example",
      "artifactPath: *program",
    ),
  },
  {
    name: "fields that are merged",
    file: "manifest.yaml",
    text: change(
      goodManifest,
      "  - os: linux\n    arch: amd64\n",
      "  - &linux { os: linux, arch: arm64, path: bin/arm }\n  - <<: *linux\n    arch: amd64\n",
    ),
  },
  {
    name: "JSON",
    file: "manifest.json",
    text: JSON.stringify(
      {
        kind: "runtime",
        source: "github.com/acme/runtimes/example",
        version: "0.1.0",
        artifacts: [{ os: "linux", arch: "amd64", path: "bin/example" }],
        entrypoint: { artifactPath: "bin/example", args: [] },
        spec: {},
      },
      null,
      "\t",
    ),
  },
  { name: "no config schema", file: "manifest.yaml", text: goodManifest.replace(/spec:\n.*\n/, "") },
  { name: "lines of Windows", file: "manifest.yaml", text: goodManifest.replaceAll("\n", "\r\n") },
  { name: "a mark of its byte order", file: "manifest.yaml", text: `\uFEFF${goodManifest}` },
];
