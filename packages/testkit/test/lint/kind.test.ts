import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findTargets } from "../../src/lint/index.js";
import { layOut } from "./case.js";
import {
  goodArchive,
  goodConfig,
  goodManifest,
  goodMetadata,
  goodPackage,
  goodRelease,
  goodSchema,
} from "./table/good.js";

describe("what a file is", () => {
  it.each([
    ["anything.yaml", goodManifest, "manifest"],
    ["anything.json", '{ "kind": "runtime", "source": "x" }', "manifest"],
    ["anything.yaml", "entrypoint: { artifactPath: x }\n", "manifest"],
    ["manifest.yaml", "[", "manifest"],
    ["anything.yaml", goodSchema, "schema"],
    ["anything.json", '{ "$schema": "https://json-schema.org/draft/2020-12/schema" }', "schema"],
    ["config.schema.yaml", "", "schema"],
    ["anything.yaml", goodMetadata, "release"],
    ["anything.yaml", "schemaVersion: 1\n", "release"],
    ["provider-release.yaml", "", "release"],
    ["anything.yaml", goodConfig, "config"],
    ["anything.yaml", "plugins: {}\n", "config"],
    ["anything.yaml", "runtime: { providers: {} }\n", "config"],
    ["gestaltd.yaml", "", "config"],
    ["anything", goodArchive, "archive"],
    ["broken.tar.gz", "x", "archive"],
    ["plain.tar", "x", "archive"],
  ])("shows in %s with %j: %s %s", async (name, content, kind) => {
    const folder = await layOut({ files: { [name]: content } });
    const path = join(folder, name);
    expect(await findTargets(path)).toEqual([{ path, kind }]);
  });

  it("does not show in some, and is then what one says", async () => {
    const folder = await layOut({ files: { "anything.yaml": "a: 1\n", other: "" } });
    const path = join(folder, "anything.yaml");
    await expect(findTargets(path)).rejects.toThrow(
      `${path} does not show what it is; say it with --kind manifest|schema|release|archive|config`,
    );
    await expect(findTargets(join(folder, "other"))).rejects.toThrow("does not show what it is");
    expect(await findTargets(path, "config")).toEqual([{ path, kind: "config" }]);
  });

  it("is a package or a release, or both, in a folder", async () => {
    const folder = await layOut({ files: { ...goodPackage, ...goodRelease } });
    expect(await findTargets(folder)).toEqual([
      { path: join(folder, "manifest.yaml"), kind: "manifest" },
      { path: join(folder, "provider-release.yaml"), kind: "release" },
    ]);
    const empty = await layOut({ files: {} });
    await expect(findTargets(empty)).rejects.toThrow(
      `the folder ${empty} holds neither manifest.json, manifest.yaml, manifest.yml nor provider-release.yaml; name a file`,
    );
    await expect(findTargets(join(empty, "nowhere"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
