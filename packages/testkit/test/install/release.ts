import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { currentPlatform, formatPlatform } from "../../src/lint/index.js";
import { fixture } from "../host/fixtures.js";
import { tarGz, type TarEntry } from "../lint/tar-writer.js";

export const own = currentPlatform();
export const ownName = formatPlatform(own);
export const otherName = own.arch === "amd64" ? "linux/arm64" : "linux/amd64";

export const schema = {
  type: "object",
  properties: { region: { type: "string" }, size: { type: "integer", minimum: 1 } },
  required: ["region"],
  additionalProperties: false,
};

export const program: string = await readFile(fixture("installed-provider"), "utf8");

type Fields = Readonly<Record<string, unknown>>;

export function manifestOf(artifact: string, fields: Fields = {}): Fields {
  return {
    kind: "runtime",
    source: "github.com/example/runtimes/tiny",
    version: "1.2.3",
    artifacts: [{ ...own, path: "bin/tiny", sha256: sha256(artifact) }],
    entrypoint: { artifactPath: "bin/tiny" },
    ...fields,
  };
}

/** The archive of a good package, its manifest with other fields. */
export function packageEntries(fields: Fields = {}): TarEntry[] {
  return [
    { name: "manifest.yaml", content: stringify(manifestOf(program, fields)) },
    { name: "bin/tiny", content: program, mode: 0o755 },
  ];
}

export interface ReleaseParts {
  readonly entries?: readonly TarEntry[];
  /** In place of an archive of entries. */
  readonly archive?: Buffer;
  /** Fields of `provider-release.yaml` that are otherwise. */
  readonly metadata?: Fields;
  /** Of the archive for this machine. */
  readonly artifact?: Readonly<Record<string, string>>;
}

/** Writes a release with one archive, for this machine. */
export async function writeRelease(folder: string, parts: ReleaseParts = {}): Promise<string> {
  const archive = parts.archive ?? tarGz(parts.entries ?? packageEntries());
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "tiny.tar.gz"), archive);
  const path = join(folder, "provider-release.yaml");
  await writeFile(
    path,
    stringify({
      schema: "gestaltd-provider-release",
      schemaVersion: 1,
      package: "github.com/example/runtimes/tiny",
      kind: "runtime",
      version: "1.2.3",
      runtime: "executable",
      artifacts: { [ownName]: { path: "tiny.tar.gz", sha256: sha256(archive), ...parts.artifact } },
      ...parts.metadata,
    }),
  );
  return path;
}

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
