import { chmod, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageProvider, type PackageOptions } from "../../src/release/index.js";
import { command } from "../cli/run-command.js";
import { makePackage, manifest, otherName, own, ownName, type Files } from "./package-fixture.js";

interface Case {
  readonly files?: Files;
  readonly options?: Partial<PackageOptions>;
  readonly prepare?: (folder: string) => Promise<unknown>;
}

/** What packaging is refused with, the package's folder written as `<folder>`. */
async function refusal({ files = {}, options = {}, prepare }: Case): Promise<string> {
  const folder = await makePackage(files);
  await prepare?.(folder);
  const before = await readdir(folder);
  const output = join(folder, options.output ?? "release");
  const found = await packageProvider({ folder, artifact: "script", ...options, output }).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
  // Nothing is left behind, not even the folder that a release would have been in.
  expect(await readdir(folder)).toEqual(before);
  return found.replaceAll(folder, "<folder>");
}

const noManifest = { "manifest.yaml": undefined };

describe("packaging refuses", () => {
  it.each<[string, Case, string]>([
    [
      "a folder without a manifest",
      { files: noManifest },
      "<folder> is no package: there is none of manifest.yaml, manifest.yml, manifest.json; write a manifest.yaml there, or name another folder",
    ],
    [
      "two manifests",
      { files: { "manifest.json": manifest } },
      "<folder> holds manifest.yaml and manifest.json, and only one can be the manifest; remove the other",
    ],
    [
      "paths that the host refuses",
      {
        files: {
          "manifest.yaml":
            "kind: runtime\nsource: github.com/example/runtimes/tiny\nversion: 1.0.0\nartifacts:\n  - {os: linux, arch: x64, path: ./bin/tiny}\nentrypoint: {artifactPath: ./bin/tiny}\n",
        },
      },
      `<folder>/manifest.yaml is a manifest that the host refuses:
  5:23 artifacts[0].arch "x64" is none of the host's: amd64, arm64; write amd64 (manifest/platform-name)
  5:34 artifacts[0].path "./bin/tiny" is not normalised: the host refuses it; write bin/tiny (manifest/path-normalized)
  6:28 entrypoint.artifactPath "./bin/tiny" is not normalised: the host refuses it; write bin/tiny (manifest/path-normalized)`,
    ],
    [
      "a manifest without artifacts",
      { files: { "manifest.yaml": { ...manifest, artifacts: undefined } } },
      `<folder>/manifest.yaml is a manifest that the host refuses:
  5:17 entrypoint.artifactPath "bin/tiny" is no artifact: the manifest lists none; add artifacts with os: ${own.os}, arch: ${own.arch}, path: bin/tiny (manifest/artifacts-missing)`,
    ],
    [
      "another kind of package",
      { files: { "manifest.yaml": { ...manifest, kind: "plugin" } } },
      `<folder>/manifest.yaml is a manifest that the host refuses:
  1:7 kind plugin is no runtime provider; write runtime; packages of kind plugin are made and checked by the host's own command line (manifest/kind)`,
    ],
    [
      "a schema that is not there",
      { files: { "manifest.yaml": { ...manifest, spec: { configSchemaPath: "config.schema.json" } } } },
      "spec.configSchemaPath config.schema.json: there is no such file in <folder>; write the path of one, or take the field out",
    ],
    [
      "an icon that leads outside",
      {
        files: { "manifest.yaml": { ...manifest, iconFile: "icon.svg" } },
        prepare: (folder) => symlink("/etc/hostname", join(folder, "icon.svg")),
      },
      "iconFile icon.svg leads outside the package, to /etc/hostname; put a copy into the package",
    ],
    [
      "a version that is none",
      { options: { version: "v1.0" } },
      "--version v1.0 is no semantic version; write three numbers, such as 0.1.0, and after them perhaps -beta.1",
    ],
    [
      "a platform by Node.js's name",
      { options: { platforms: ["linux-x64"] } },
      "--platform: linux-x64 is no platform; write linux/amd64",
    ],
    [
      "a platform that no provider can serve on",
      { options: { platforms: ["windows/amd64"] } },
      "windows/amd64: providers serve on Unix sockets, which Node.js does not have on Windows; leave it out of --platform, or out of the manifest's artifacts",
    ],
    [
      "a Node.js for a script",
      { options: { nodeBinaries: { [ownName]: "/usr/bin/node" } } },
      "--node names what goes into an executable, and a script holds no Node.js; leave it out",
    ],
    [
      "an entry that is not there",
      { options: { entry: "src/other.ts" } },
      "--entry src/other.ts: there is no such file in <folder>; the path is relative to that folder",
    ],
    [
      "a folder without a program",
      {
        files: { "src/main.ts": undefined, "package.json": { name: "tiny", bin: { tiny: "dist/tiny.mjs" } } },
      },
      "no program in <folder>: there is none of src/main.ts, src/main.mts, src/main.js, src/main.mjs, dist/tiny.mjs (bin in package.json); name its first file with --entry",
    ],
    [
      "a package.json that is no JSON",
      { files: { "package.json": "{" } },
      "<folder>/package.json is no JSON: ",
    ],
    [
      "a folder for the release that holds other things",
      {
        files: {
          "dist/keep.txt": "mine",
          // Which is not run: nothing is done before that much is known.
          "manifest.yaml": { ...manifest, release: { build: { command: ["touch", "built"] } } },
        },
        options: { output: "dist" },
      },
      "<folder>/dist holds keep.txt, which is no part of a release; name an empty folder, or a new one, with --output",
    ],
    [
      "a file in the release's place",
      { files: { dist: "a file" }, options: { output: "dist" } },
      "<folder>/dist can't hold a release: it is no folder; name another folder with --output",
    ],
    [
      "a build that fails",
      {
        files: { "manifest.yaml": { ...manifest, release: { build: { command: ["sh", "-c", "exit 7"] } } } },
      },
      "release.build (sh -c exit 7) ended with 7; its output is above",
    ],
    [
      "a build that packages, and would be run by that again",
      {
        files: {
          "manifest.yaml": {
            ...manifest,
            release: { build: { command: [process.execPath, command, "package", "--artifact", "script"] } },
          },
        },
      },
      `release.build (${process.execPath} ${command} package --artifact script) ended with 1; its output is above`,
    ],
    [
      "a build that is not there",
      { files: { "manifest.yaml": { ...manifest, release: { build: { command: ["no-such-tool"] } } } } },
      "release.build (no-such-tool) could not be started: spawn no-such-tool ENOENT",
    ],
    [
      "an artifact in the manifest's place",
      {
        files: {
          "manifest.yaml": {
            ...manifest,
            artifacts: [{ ...own, path: "third-party-licenses.txt" }],
            entrypoint: { artifactPath: "third-party-licenses.txt" },
            spec: { configSchemaPath: "third-party-licenses.txt.mjs" },
          },
          "third-party-licenses.txt.mjs": "{}",
        },
      },
      "third-party-licenses.txt.mjs would be in the archive twice; give the manifest's artifact, schema and icon paths of their own",
    ],
    [
      "a program that ends well without a socket",
      { files: { "src/main.ts": "export {};" } },
      "tiny.mjs was started once without GESTALT_PLUGIN_SOCKET, and ended with 0; a provider ends non-zero with a text that names the variable (PROC-1): does the program serve?",
    ],
    [
      "a program that does not say what it misses",
      { files: { "src/main.ts": `console.log("hm"); throw new Error("no socket");` } },
      "tiny.mjs was started once without GESTALT_PLUGIN_SOCKET, and ended with 1 without naming the variable (PROC-1):\n  hm",
    ],
    [
      "a program that ends itself",
      { files: { "src/main.ts": `process.kill(process.pid, "SIGABRT");` } },
      "tiny.mjs was started once without GESTALT_PLUGIN_SOCKET, and was ended by SIGABRT; it can't run here",
    ],
    [
      "a program whose main promise is never settled",
      { files: { "src/main.ts": "await new Promise(() => undefined);", "manifest.yaml": asCommonJs() } },
      "tiny.cjs was started once without GESTALT_PLUGIN_SOCKET, and ended with 13 without naming the variable (PROC-1):\n  Warning: the program ended before its top-level await was settled",
    ],
  ])("%s", async (_, one, text) => {
    // What follows is output of a program, or Node.js's own text.
    expect((await refusal(one)).slice(0, text.length)).toBe(text);
  });

  it.each<[string, (folder: string) => Promise<Record<string, string>>, string]>([
    [
      "a Node.js that is not there",
      (folder) => Promise.resolve({ [ownName]: join(folder, "node") }),
      `--node ${ownName}=<folder>/node: ENOENT: no such file or directory, realpath '<folder>/node'; give the path of a Node.js binary`,
    ],
    [
      "a script that starts Node.js",
      (folder) => program(folder, "#!/bin/sh\nexec node\n"),
      `--node ${ownName}=<folder>/node: <folder>/node is a script; give the binary itself, which node -p process.execPath prints`,
    ],
    [
      "another program than Node.js",
      () => Promise.resolve({ [ownName]: "/bin/sh" }),
      "can't carry a program: it is no Node.js, or one that a distribution has built without support for single executables; take one of nodejs.org's",
    ],
    [
      "no Node.js for another platform",
      () => Promise.resolve({}),
      `an executable for ${otherName} needs Node.js ${process.version} for ${otherName}: give its path with --node ${otherName}=<binary>, or leave ${otherName} out of --platform`,
    ],
    [
      "a Node.js for the wrong platform",
      () => Promise.resolve({ [otherName]: process.execPath }),
      `is for ${ownName}, not ${otherName}; give ${otherName}'s Node.js`,
    ],
    [
      "a Node.js that nothing is packaged for",
      () => Promise.resolve({ "darwin/arm64": process.execPath }),
      `--node darwin/arm64=${process.execPath}: nothing is packaged for darwin/arm64; add it to --platform, or leave this out`,
    ],
  ])("for an executable: %s", async (_, nodes, text) => {
    const folder = await makePackage();
    const found = await packageProvider({
      folder,
      platforms: [ownName, otherName],
      nodeBinaries: await nodes(folder),
    }).then(
      () => "",
      (error: unknown) => (error as Error).message,
    );
    expect(found.replaceAll(folder, "<folder>")).toContain(text);
  });

  it.skipIf(process.platform === "darwin")(
    "for an executable: darwin, where it can't be signed",
    async () => {
      const folder = await makePackage();
      await expect(packageProvider({ folder, platforms: ["darwin/arm64"] })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message:
          "no executable for darwin/arm64 can be made here: macOS starts no program that was changed and not signed again, and codesign is there on macOS alone; run this on macOS with --platform darwin/arm64, or take --artifact script",
      });
    },
  );
});

async function program(folder: string, text: string): Promise<Record<string, string>> {
  await writeFile(join(folder, "node"), text);
  await chmod(join(folder, "node"), 0o755);
  return { [ownName]: join(folder, "node") };
}

function asCommonJs(): object {
  return {
    ...manifest,
    artifacts: [{ ...own, path: "bin/tiny.cjs" }],
    entrypoint: { artifactPath: "bin/tiny.cjs" },
  };
}
