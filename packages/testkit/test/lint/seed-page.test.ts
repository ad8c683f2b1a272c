import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fixFiles, lintFiles } from "../../src/lint/index.js";
import { change, layOut, line } from "./case.js";
import { goodSchema } from "./table/good.js";
import { elf } from "./programs.js";

/** The manifest of the host's own page on runtime providers, which the host refuses. */
const manifest = `kind: runtime
source: github.com/your-org/runtime/example
version: 0.0.1
displayName: Example Runtime
description: Hosted runtime backend for executable plugins.
entrypoint:
  artifactPath: ./bin/example-runtime
spec:
  configSchemaPath: ./schemas/config.schema.yaml
`;

/** The same page's config. */
const config = `runtime:
  providers:
    example:
      source: ./runtime/example/manifest.yaml
      default: true
      config:
        region: us-east-1
        pool: default
`;

const options = { platform: { os: "linux", arch: "amd64" } } as const;

it("finds what the host refuses in the page's manifest, and says what to write", async () => {
  const folder = await layOut({ files: { "manifest.yaml": manifest } });
  const { findings } = await lintFiles([join(folder, "manifest.yaml")], options);
  expect(findings.map((finding) => line(folder, finding))).toEqual([
    'manifest.yaml:7:17 error manifest/artifacts-missing entrypoint.artifactPath "./bin/example-runtime" is no artifact: the manifest lists none | add artifacts with os: linux, arch: amd64, path: bin/example-runtime',
    'manifest.yaml:7:17 error manifest/path-normalized entrypoint.artifactPath "./bin/example-runtime" is not normalised: the host refuses it | write bin/example-runtime',
    'manifest.yaml:9:21 error manifest/path-normalized spec.configSchemaPath "./schemas/config.schema.yaml" is not normalised: the host refuses it | write schemas/config.schema.yaml',
    "manifest.yaml:9:21 error schema/missing spec.configSchemaPath schemas/config.schema.yaml is not there | add the schema, or leave configSchemaPath out",
  ]);
});

it("puts the page's manifest right but for the two files that only the author can write", async () => {
  const folder = await layOut({ files: { "manifest.yaml": manifest } });
  const { findings, fixed } = await fixFiles([join(folder, "manifest.yaml")], options);
  expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(`kind: runtime
source: github.com/your-org/runtime/example
version: 0.0.1
displayName: Example Runtime
description: Hosted runtime backend for executable plugins.
artifacts:
  - os: linux
    arch: amd64
    path: bin/example-runtime
entrypoint:
  artifactPath: bin/example-runtime
spec:
  configSchemaPath: schemas/config.schema.yaml
`);
  expect(fixed).toHaveLength(3);
  expect(findings.map((finding) => line(folder, finding))).toEqual([
    "manifest.yaml:9:11 warning manifest/artifact-file artifacts[0].path bin/example-runtime is not there | build it before you package, or write the path of what the build makes",
    "manifest.yaml:13:21 error schema/missing spec.configSchemaPath schemas/config.schema.yaml is not there | add the schema, or leave configSchemaPath out",
  ]);
});

it("has nothing left once the author has written them", async () => {
  const files = {
    "manifest.yaml": manifest,
    "bin/example-runtime": elf(),
    "schemas/config.schema.yaml": goodSchema,
  };
  const folder = await layOut({ files });
  expect((await fixFiles([join(folder, "manifest.yaml")], options)).findings).toEqual([]);
});

it("says why the page's config starts no runtime on Node.js", async () => {
  const files = { "gestaltd.yaml": config, "runtime/example/manifest.yaml": manifest };
  const folder = await layOut({ files });
  const { findings } = await lintFiles([join(folder, "gestaltd.yaml")], options);
  expect(findings.map((finding) => line(folder, finding))).toEqual([
    "gestaltd.yaml:1:1 error config/api-version apiVersion is missing | write apiVersion: gestaltd.config/v4",
    "gestaltd.yaml:4:15 error config/source-from-source the host runs no Node.js runtime from a source manifest (./runtime/example/manifest.yaml) | package it, and with apiVersion: gestaltd.config/v4 name its provider-release.yaml",
  ]);
});

it("leaves a source manifest alone that the host builds itself", async () => {
  const files = {
    "gestaltd.yaml": change(config, "runtime:", "apiVersion: gestaltd.config/v3\nruntime:"),
    "runtime/example/manifest.yaml": manifest,
    "runtime/example/go.mod": "module example\n",
  };
  const folder = await layOut({ files });
  expect((await lintFiles([join(folder, "gestaltd.yaml")], options)).findings).toEqual([]);
});
