import { elf, sha256 } from "../programs.js";
import { tarGz, type TarEntry } from "../tar-writer.js";

/** A source manifest that nothing is wrong with, in {@link goodPackage}. */
export const goodManifest = `kind: runtime
source: github.com/acme/runtimes/example
version: 0.1.0
artifacts:
  - os: linux
    arch: amd64
    path: bin/example
entrypoint:
  artifactPath: bin/example
spec:
  configSchemaPath: config.schema.yaml
`;

export const goodSchema = `type: object
additionalProperties: false
properties:
  region: { type: string }
  pool: { type: integer, minimum: 1 }
required: [region]
`;

export const goodPackage = {
  "manifest.yaml": goodManifest,
  "config.schema.yaml": goodSchema,
  "bin/example": elf(),
};

/** The same as a host gets it. */
export const releasedManifest = goodManifest.replace(
  "    path: bin/example\n",
  `    path: bin/example\n    sha256: ${sha256(elf())}\n`,
);

export const goodEntries: readonly TarEntry[] = [
  { name: "manifest.yaml", content: releasedManifest },
  { name: "config.schema.yaml", content: goodSchema },
  { name: "bin/example", content: elf(), mode: 0o755 },
];

export const archiveName = "gestalt-plugin-example_v0.1.0_linux_amd64.tar.gz";

/** `provider-release.yaml` for archives by their platforms. */
export function releaseOf(
  archives: Readonly<Record<string, { readonly path: string; readonly content: Buffer }>>,
): string {
  const artifacts = Object.entries(archives).map(
    ([platform, { path, content }]) => `  ${platform}:\n    path: ${path}\n    sha256: ${sha256(content)}\n`,
  );
  return `schema: gestaltd-provider-release
schemaVersion: 1
package: github.com/acme/runtimes/example
kind: runtime
version: 0.1.0
runtime: executable
artifacts:
${artifacts.join("")}`;
}

export const goodArchive = tarGz(goodEntries);
export const goodMetadata = releaseOf({ "linux/amd64": { path: archiveName, content: goodArchive } });

/** A release folder that nothing is wrong with. */
export const goodRelease = {
  "provider-release.yaml": goodMetadata,
  "checksums.txt": `${sha256(goodArchive)}  ${archiveName}\n`,
  [archiveName]: goodArchive,
};

/** A config that nothing is wrong with, beside a release in `release/`. */
export const goodConfig = `apiVersion: gestaltd.config/v4
server:
  encryptionKey: some-key
runtime:
  providers:
    process:
      source: ./release/provider-release.yaml
      default: true
      config:
        region: eu-west-1
plugins:
  example:
    source: https://example.com/plugin/provider-release.yaml
    execution:
      mode: hosted
      runtime: { provider: process }
`;

export const goodDeployment: Readonly<Record<string, string | Buffer>> = {
  "gestaltd.yaml": goodConfig,
  ...Object.fromEntries(Object.entries(goodRelease).map(([path, content]) => [`release/${path}`, content])),
};
