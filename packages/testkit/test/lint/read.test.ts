import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { describe, expect, it } from "vitest";
import { parseManifest, readManifest, readProviderRelease } from "../../src/lint/index.js";
import { change, layOut } from "./case.js";
import {
  archiveName,
  goodArchive,
  goodManifest,
  goodMetadata,
  goodPackage,
  goodRelease,
  releasedManifest,
} from "./table/good.js";
import { rightManifests } from "./table/right.js";
import { sha256 } from "./programs.js";

describe("readManifest", () => {
  it("gives what the manifest says", async () => {
    const folder = await layOut({ files: goodPackage });
    expect(await readManifest(join(folder, "manifest.yaml"))).toEqual({
      kind: "runtime",
      source: "github.com/acme/runtimes/example",
      version: "0.1.0",
      artifacts: [{ os: "linux", arch: "amd64", path: "bin/example" }],
      entrypoint: { artifactPath: "bin/example" },
      spec: { configSchemaPath: "config.schema.yaml" },
    });
  });

  it("gives everything that there is, as text where the host reads text", async () => {
    const { text = "" } = rightManifests.find(({ name }) => name === "everything that there is") ?? {};
    expect(await parseManifest(text, "manifest.yml")).toEqual({
      kind: "runtime",
      source: "github.com/acme/runtimes.2/a_b/c-d",
      version: "1.0.0-beta.1+build.5",
      displayName: "Example Runtime",
      description: "Hosted runtime backend for executable plugins.",
      iconFile: "assets/Icon.SVG",
      artifacts: [
        { os: "linux", arch: "amd64", path: "bin/linux/example", libc: "musl" },
        { os: "darwin", arch: "arm64", path: "bin/darwin/example", sha256: "ab".repeat(32) },
        { os: "windows", arch: "amd64", path: "bin/example.exe" },
      ],
      entrypoint: { artifactPath: "bin/linux/example", args: ["", "--verbose", "8080"] },
      release: { build: { command: ["npm", "run", "build"], workdir: "packages/runtime" } },
      spec: { configSchemaPath: "schemas/config.schema.json" },
    });
    const bare = change(
      goodManifest,
      "  artifactPath: bin/example\n",
      "  artifactPath: bin/example\n  args: [1.10, true]\n",
    );
    expect((await parseManifest(bare, "manifest.yaml")).entrypoint.args).toEqual(["1.10", "true"]);
  });

  it("names every error at once, with place, mend and rule, and no warning", async () => {
    const folder = await layOut({
      files: {
        "manifest.yaml": `${change(goodManifest, "artifactPath: bin/example", "artifactPath: ./bin/example")}description:\nhomepage: x\n`,
      },
    });
    const path = join(folder, "manifest.yaml");
    const error = await readManifest(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RuntimeProviderError);
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${path} is a manifest that the host refuses:
  9:17 entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it; write bin/example (manifest/path-normalized)
  13:1 homepage is no field of a manifest; take it out; known here: kind, source, version, displayName, description, iconFile, artifacts, entrypoint, release, spec (manifest/unknown-field)`,
    });
  });

  it("reads a released manifest as one", async () => {
    const options = { mode: "released" } as const;
    expect(await parseManifest(releasedManifest, "manifest.yaml", options)).toMatchObject({
      artifacts: [{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
    });
    await expect(parseManifest(goodManifest, "manifest.yaml", options)).rejects.toThrow("(manifest/sha256)");
  });

  it("takes other kinds where they are welcome, by their old names too", async () => {
    const plugin = change(goodManifest, "kind: runtime", "kind: auth").replace(
      /spec:[^]*/,
      "spec: { anything: true }\n",
    );
    await expect(parseManifest(plugin, "manifest.yaml")).rejects.toThrow("kind auth is no runtime provider");
    const options = { kinds: ["runtime", "authentication"] } as const;
    expect(await parseManifest(plugin, "manifest.yaml", options)).toMatchObject({ kind: "authentication" });
  });

  it("says which file is not there, and which is too long", async () => {
    await expect(readManifest("/nowhere/manifest.yaml")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const folder = await layOut({ files: {} });
    await writeFile(join(folder, "manifest.yaml"), `# ${"x".repeat(4 * 1024 * 1024)}\n`);
    await expect(readManifest(join(folder, "manifest.yaml"))).rejects.toThrow(
      "is 4194307 bytes long; no file of its kind is over 4194304",
    );
  });

  it("ends on texts that are made to be expensive", async () => {
    const laughs = Array.from(
      { length: 30 },
      (_, index) => `a${index}: &a${index} [${index === 0 ? "x" : `*a${index - 1}, *a${index - 1}`}]`,
    );
    await expect(parseManifest(laughs.join("\n"), "manifest.yaml")).rejects.toThrow("document/syntax");
    await expect(parseManifest("[".repeat(100_000), "manifest.yaml")).rejects.toThrow("document/syntax");
    await expect(parseManifest("kind: *nowhere\n", "manifest.yaml")).rejects.toThrow("document/syntax");
  });
});

describe("readProviderRelease", () => {
  it("gives what the release says", async () => {
    const folder = await layOut({ files: goodRelease });
    expect(await readProviderRelease(join(folder, "provider-release.yaml"))).toEqual({
      schema: "gestaltd-provider-release",
      schemaVersion: 1,
      package: "github.com/acme/runtimes/example",
      kind: "runtime",
      version: "0.1.0",
      runtime: "executable",
      artifacts: { "linux/amd64": { path: archiveName, sha256: sha256(goodArchive) } },
    });
  });

  it("names every error at once", async () => {
    const metadata = change(change(goodMetadata, "linux/amd64", "generic"), "version: 0.1.0", "version: one");
    const folder = await layOut({ files: { "provider-release.yaml": metadata } });
    await expect(readProviderRelease(join(folder, "provider-release.yaml"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${join(folder, "provider-release.yaml")} is a release that the host refuses:
  5:10 version "one" is no semantic version; write three numbers, such as 0.1.0, and after them perhaps -beta.1 (release/version)
  8:3 the host refuses a generic archive for a runtime; write os/arch, such as linux/amd64 (release/platform)`,
    });
  });
});
