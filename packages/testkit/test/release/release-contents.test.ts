import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readProviderRelease } from "../../src/lint/index.js";
import { packageProvider, type PackageOptions } from "../../src/release/index.js";
import { listArchive, readFromArchive } from "./archive-listing.js";
import {
  makePackage,
  manifest,
  otherName,
  own,
  ownName,
  program,
  stub,
  temporaryFolder,
} from "./package-fixture.js";

const run = promisify(execFile);

async function packageScript(folder: string, options: Partial<PackageOptions> = {}) {
  return packageProvider({ folder, artifact: "script", ...options });
}

describe("a release", { timeout: 90_000 }, () => {
  it("holds archives, checksums.txt and provider-release.yaml, as the host wants them", async () => {
    const folder = await makePackage({
      "manifest.yaml": {
        ...manifest,
        displayName: "Tiny: a runtime",
        description: "yes",
        iconFile: "art/icon.svg",
        artifacts: [
          { ...own, path: "bin/tiny.cjs" },
          { os: "darwin", arch: "arm64", path: "bin/darwin/tiny.mjs" },
        ],
        entrypoint: { artifactPath: "bin/tiny.cjs", args: ["serve", "--quiet", ""] },
        release: { build: { command: ["touch", "built"] } },
        spec: { configSchemaPath: "schemas/config.schema.yaml" },
      },
      "schemas/config.schema.yaml": "type: object\n",
      "art/icon.svg": "<svg/>",
      "README.md": "stays here",
      "src/main.ts": program,
    });
    const release = await packageScript(folder);

    const file = `gestalt-plugin-tiny_v1.2.3_${own.os}_${own.arch}.tar.gz`;
    const darwinFile = "gestalt-plugin-tiny_v1.2.3_darwin_arm64.tar.gz";
    expect((await readdir(release.folder)).sort()).toEqual(
      ["checksums.txt", "provider-release.yaml", file, darwinFile].sort(),
    );
    expect(await readdir(folder)).toContain("built");
    expect(release).toMatchObject({
      folder: join(folder, "release"),
      metadata: join(folder, "release/provider-release.yaml"),
      package: "github.com/example/runtimes/tiny",
      version: "1.2.3",
      entry: "src/main.ts",
      archives: [
        { platform: { os: "darwin", arch: "arm64" }, file: darwinFile, artifactPath: "bin/darwin/tiny.mjs" },
        { platform: own, file, artifactPath: "bin/tiny.cjs", node: undefined, started: true },
      ],
    });

    // Nothing but files, each under its own name, without a trace of when and by whom it was packed.
    const epoch = "1970-01-01 00:00:00";
    expect(await listArchive(join(release.folder, file))).toEqual([
      `-rw-r--r-- 0/0 ${epoch} art/icon.svg`,
      `-rwxr-xr-x 0/0 ${epoch} bin/tiny.cjs`,
      `-rw-r--r-- 0/0 ${epoch} manifest.yaml`,
      `-rw-r--r-- 0/0 ${epoch} schemas/config.schema.yaml`,
      `-rw-r--r-- 0/0 ${epoch} third-party-licenses.txt`,
    ]);

    const artifact = await readFromArchive(join(release.folder, file), "bin/tiny.cjs");
    expect(parse(await readFromArchive(join(release.folder, file), "manifest.yaml"))).toEqual({
      kind: "runtime",
      source: "github.com/example/runtimes/tiny",
      version: "1.2.3",
      displayName: "Tiny: a runtime",
      description: "yes",
      iconFile: "art/icon.svg",
      artifacts: [{ ...own, path: "bin/tiny.cjs", sha256: await sha256(artifact) }],
      entrypoint: { artifactPath: "bin/tiny.cjs", args: ["serve", "--quiet", ""] },
      spec: { configSchemaPath: "schemas/config.schema.yaml" },
    });
    expect(parse(await readFromArchive(join(release.folder, darwinFile), "manifest.yaml"))).toMatchObject({
      artifacts: [{ os: "darwin", arch: "arm64", path: "bin/darwin/tiny.mjs" }],
      entrypoint: { artifactPath: "bin/darwin/tiny.mjs" },
    });
    expect(await readFromArchive(join(release.folder, file), "schemas/config.schema.yaml")).toBe(
      "type: object\n",
    );

    const [darwin, mine] = release.archives;
    expect(parse(await readFile(release.metadata, "utf8"))).toEqual({
      schema: "gestaltd-provider-release",
      schemaVersion: 1,
      package: "github.com/example/runtimes/tiny",
      kind: "runtime",
      version: "1.2.3",
      runtime: "executable",
      artifacts: {
        "darwin/arm64": { path: darwinFile, sha256: darwin?.sha256 },
        [ownName]: { path: file, sha256: mine?.sha256 },
      },
    });
    await expect(readProviderRelease(release.metadata)).resolves.toMatchObject({ version: "1.2.3" });
    const { stdout } = await run("sha256sum", ["--check", "checksums.txt"], { cwd: release.folder });
    expect(stdout).toBe(`${darwinFile}: OK\n${file}: OK\n`);
  });

  it("is the same, byte for byte, in another folder at another time by another user's umask", async () => {
    const parents = [await temporaryFolder(), await temporaryFolder()];
    const sums: string[] = [];
    for (const [index, parent] of parents.entries()) {
      const deep = index === 0 ? parent : await makeDeep(parent);
      const folder = await makePackage(
        {
          "manifest.yaml": { ...manifest, spec: { configSchemaPath: "config.schema.json" } },
          "config.schema.json": "{}",
          "src/main.ts": program,
        },
        deep,
      );
      const before = process.umask(index === 0 ? 0o022 : 0o077);
      const release = await packageScript(folder, { sourceMap: true }).finally(() => process.umask(before));
      sums.push(await readFile(join(release.folder, "checksums.txt"), "utf8"));
      sums.push(await sha256(await readFile(join(release.folder, `${release.archives[0]?.file ?? ""}.map`))));
      // Times in tar and gzip count seconds.
      if (index === 0) await run("sleep", ["1.1"]);
    }
    expect(sums.slice(2)).toEqual(sums.slice(0, 2));
  });

  it("names nothing of this machine in the program", async () => {
    const folder = await makePackage({ "src/main.ts": program });
    const release = await packageScript(folder);
    const text = await readFromArchive(join(release.folder, release.archives[0]?.file ?? ""), "bin/tiny.mjs");
    expect(text).toContain("// @gestalt-runtime/sdk@");
    expect(text).toContain("// src/main.ts");
    expect(text).not.toContain(folder);
    expect(text).not.toMatch(/node_modules\/\.pnpm|^\s*\/\/ \.\.\//m);
  });

  it("has the version, the platforms and the folder that were asked for", async () => {
    const folder = await makePackage();
    const output = join(await temporaryFolder(), "a/b");
    const release = await packageScript(folder, {
      version: "2.0.0-rc.1+build.5",
      platforms: [otherName, ownName, otherName],
      output,
    });
    expect(release.folder).toBe(output);
    expect(release.archives.map(({ file }) => file)).toEqual([
      "gestalt-plugin-tiny_v2.0.0-rc.1+build.5_linux_amd64.tar.gz",
      "gestalt-plugin-tiny_v2.0.0-rc.1+build.5_linux_arm64.tar.gz",
    ]);
    for (const { file } of release.archives)
      expect(parse(await readFromArchive(join(output, file), "manifest.yaml"))).toMatchObject({
        version: "2.0.0-rc.1+build.5",
        artifacts: [{ path: "bin/tiny.mjs" }],
        entrypoint: { artifactPath: "bin/tiny.mjs" },
      });
  });

  it("takes the place of an earlier one, and leaves it as it was where it fails", async () => {
    const folder = await makePackage();
    await packageScript(folder, { version: "1.0.0" });
    const release = await packageScript(folder, { version: "1.1.0" });
    const files = await readdir(release.folder);
    expect(files.filter((name) => name.includes("1.0.0"))).toEqual([]);
    await expect(
      packageScript(folder, { version: "1.2.0", allow: [], entry: "src/none.ts" }),
    ).rejects.toThrow();
    const broken = await makePackage({ "src/main.ts": "process.exit(0);" });
    await expect(packageScript(broken, { output: release.folder })).rejects.toThrow(/ended with 0/);
    expect(await readdir(release.folder)).toEqual(files);
    expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("warns that a script can't start in the host's sandbox (PROC-10)", async () => {
    const { warnings } = await packageScript(await makePackage());
    expect(warnings).toEqual([
      "a script can't start in the host's sandbox (PROC-10), which the host uses where the operator denies egress by default or sets egress.allowedHosts for this provider: it ends with \"permission denied\"; for those operators, package with --artifact executable",
    ]);
  });

  it("comes with what the bundler finds odd in the author's code", async () => {
    const folder = await makePackage({ "src/main.ts": `${stub}console.log({ a: 1, a: 2 });\n` });
    const { warnings } = await packageScript(folder);
    expect(warnings[1]).toBe('src/main.ts:2: Duplicate key "a" in object literal');
  });

  it("has the source map beside the archive where it is asked for", async () => {
    const folder = await makePackage({ "src/main.ts": `${stub}export const answer: number = 42;\n` });
    const release = await packageScript(folder, { sourceMap: true });
    const map = JSON.parse(
      await readFile(join(release.folder, `${release.archives[0]?.file ?? ""}.map`), "utf8"),
    ) as { sources: string[]; sourcesContent: string[] };
    expect(map.sources).toContain("src/main.ts");
    expect(map.sourcesContent[map.sources.indexOf("src/main.ts")]).toContain("answer: number");
  });
});

async function makeDeep(parent: string): Promise<string> {
  const deep = join(parent, "one/two three");
  await run("mkdir", ["-p", deep]);
  return deep;
}

async function sha256(content: string | Buffer): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(content).digest("hex");
}
