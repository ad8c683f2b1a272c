import { chmod, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { installProvider, InstallRefusedError, type InstallOptions } from "../../src/install/index.js";
import { TestDirectory } from "../host/fixtures.js";
import { manifestOf, own, packageEntries, program, schema, writeRelease } from "./release.js";

let directory: TestDirectory;
let folder: string;

beforeEach(async () => {
  directory = await TestDirectory.make();
  folder = join(directory.path, "package");
});

afterEach(async () => {
  // What was unpacked is gone.
  expect(await directory.left()).toEqual(["package"]);
  await directory[Symbol.asyncDispose]();
});

const install = (source: string, more: Partial<InstallOptions> = {}) =>
  installProvider({ source, name: "tiny", tmpDir: directory.path, ...more });

describe("a release", () => {
  it("PROC-4: is unpacked into a private folder, modes kept, and started from there with its own arguments", async () => {
    const args = ["serve", "--name=a b", ""];
    const entries = [
      ...packageEntries({ entrypoint: { artifactPath: "bin/tiny", args } }),
      { name: "share/", type: "5", mode: 0o755 } as const,
      { name: "share/text", content: "beside" },
    ];
    const installed = await install(await writeRelease(folder, { entries }));
    expect(installed).toMatchObject({ from: "release", args, warnings: [] });
    expect(installed.command).toBe(join(installed.folder, "bin/tiny"));
    expect(await readFile(installed.command, "utf8")).toBe(program);
    expect((await stat(installed.command)).mode & 0o100).toBe(0o100);
    expect((await readdir(installed.folder)).sort()).toEqual(["bin", "manifest.yaml", "share"]);
    expect(await readFile(join(installed.folder, "share/text"), "utf8")).toBe("beside");
    const [root = ""] = (await directory.left()).filter((name) => name.startsWith("gst-"));
    expect((await stat(join(directory.path, root))).mode & 0o777).toBe(0o700);
    await installed.remove();
  });

  it("packaging: names that the host re-roots are re-rooted, and warned about", async () => {
    const [manifest, artifact] = packageEntries().map((entry) => ({ ...entry, name: `./${entry.name}` }));
    const entries = [manifest, artifact, { name: "/abs/a" }, { name: "a/../b" }].flatMap(
      (entry) => entry ?? [],
    );
    const source = await writeRelease(folder, { entries });
    const installed = await install(source);
    expect((await readdir(installed.folder)).sort()).toEqual(["abs", "b", "bin", "manifest.yaml"]);
    const archive = join(folder, "tiny.tar.gz");
    expect(installed.warnings.slice(0, 4)).toEqual(
      [
        ["./manifest.yaml", "manifest.yaml"],
        ["./bin/tiny", "bin/tiny"],
        ["/abs/a", "abs/a"],
        ["a/../b", "b"],
      ].map(
        ([name, path]) =>
          `${archive}:1:1 entry "${name}" is unpacked as ${path}; pack it as ${path} (archive/re-rooted)`,
      ),
    );
    await installed.remove();
  });
});

describe("the operator's config", () => {
  const withSchema = () =>
    writeRelease(folder, {
      entries: [
        ...packageEntries({ spec: { configSchemaPath: "schemas/config.json" } }),
        { name: "schemas/config.json", content: JSON.stringify(schema) },
      ],
    });

  it("LIFE-3: that breaks the schema is refused, with every path", async () => {
    const error = await install(await withSchema(), { config: { size: 0, extra: true } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InstallRefusedError);
    expect(error).toMatchObject({
      part: "config",
      message:
        'the config of runtime provider "tiny" breaks its schema in 3 places: /region is missing; /extra is not a ' +
        "known field; /size must be >= 1",
    });
  });

  it("LIFE-2, LIFE-3: that is not there is an empty one", async () => {
    await expect(install(await withSchema())).rejects.toThrow("/region is missing");
  });

  it("LIFE-3: that keeps the schema is taken", async () => {
    const installed = await install(await withSchema(), { config: { region: "north", size: 2 } });
    await installed.remove();
  });

  it("LIFE-3: a schema that is none is refused", async () => {
    const entries = [
      ...packageEntries({ spec: { configSchemaPath: "s.json" } }),
      { name: "s.json", content: '{"type": "nonsense"}' },
    ];
    await expect(install(await writeRelease(folder, { entries }))).rejects.toThrow(/s\.json/);
  });
});

describe("a source manifest", () => {
  async function writeSource(fields: object = {}, executable = true): Promise<string> {
    await mkdir(join(folder, "bin"), { recursive: true });
    await writeFile(join(folder, "bin/tiny"), program);
    await chmod(join(folder, "bin/tiny"), executable ? 0o755 : 0o644);
    await writeFile(join(folder, "config.json"), JSON.stringify(schema));
    const manifest = join(folder, "manifest.yaml");
    await writeFile(manifest, stringify({ ...manifestOf(program), ...fields }));
    return manifest;
  }

  it("packaging: runs where it lies, with a line that the real host takes none", async () => {
    const source = await writeSource({ entrypoint: { artifactPath: "bin/tiny", args: ["--dev"] } });
    const installed = await install(source);
    expect(installed).toMatchObject({
      from: "source",
      command: join(folder, "bin/tiny"),
      args: ["--dev"],
      folder,
    });
    expect(installed.warnings[0]).toBe(
      `${source} is a source manifest, which gestaltd takes for no runtime that is written for Node.js; for a real ` +
        `host make a release: gestalt-runtime package ${folder}`,
    );
    await installed.remove();
    expect(await readFile(join(folder, "bin/tiny"), "utf8")).toBe(program);
  });

  it("LIFE-3: its schema is checked too", async () => {
    const source = await writeSource({ spec: { configSchemaPath: "config.json" } });
    await expect(install(source, { config: { region: 1 } })).rejects.toThrow("/region must be string");
  });

  it("packaging: what no release could be made of is refused, as the host would", async () => {
    await expect(install(await writeSource({ entrypoint: { artifactPath: "./bin/tiny" } }))).rejects.toThrow(
      /is a manifest that the host refuses:\n.*write bin\/tiny/s,
    );
    await expect(install(await writeSource({}, false))).rejects.toThrow("bin/tiny has no run bit");
  });

  it("packaging: a program that is not built is named", async () => {
    const source = await writeSource({
      artifacts: [{ ...own, path: "dist/x.mjs" }],
      entrypoint: { artifactPath: "dist/x.mjs" },
    });
    await expect(install(source)).rejects.toThrow(
      `${source} starts dist/x.mjs, which is not there; build the provider first`,
    );
  });
});

describe("a source", () => {
  it.each([
    [
      "dist/provider-release.yaml",
      'source "dist/provider-release.yaml" is not an absolute path; resolve it first',
    ],
    [
      "/x/release.yaml",
      'source "/x/release.yaml" names no package; give the path of its provider-release.yaml, or of a source ' +
        "manifest (manifest.json, manifest.yaml, manifest.yml)",
    ],
  ])("PROC-4: %s is refused", async (source, message) => {
    await mkdir(folder);
    await expect(install(source)).rejects.toThrow(new TypeError(message));
  });

  it("packaging: that is not there is named", async () => {
    await mkdir(folder);
    await expect(install(join(folder, "provider-release.yaml"))).rejects.toThrow(
      /provider-release\.yaml can't be read/,
    );
  });
});
