import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InstallRefusedError, installProvider } from "../../src/install/index.js";
import { TestDirectory } from "../host/fixtures.js";
import { tarGz, type TarEntry } from "../lint/tar-writer.js";
import {
  manifestOf,
  otherName,
  own,
  ownName,
  packageEntries,
  program,
  sha256,
  writeRelease,
  type ReleaseParts,
} from "./release.js";
import { stringify } from "yaml";

let directory: TestDirectory;

beforeEach(async () => {
  directory = await TestDirectory.make();
});

afterEach(async () => {
  // Nothing of a refused package stays.
  expect(await directory.left()).toEqual(["release"]);
  await directory[Symbol.asyncDispose]();
});

async function refusalOf(parts: ReleaseParts): Promise<string> {
  const source = await writeRelease(join(directory.path, "release"), parts);
  try {
    await installProvider({ source, name: "tiny", tmpDir: directory.path });
  } catch (error) {
    if (!(error instanceof InstallRefusedError)) throw error;
    expect(error.part).toBe("package");
    return error.message.replaceAll(directory.path, "<dir>");
  }
  throw new Error("it was installed");
}

const withEntry = (entry: TarEntry): ReleaseParts => ({ entries: [...packageEntries(), entry] });

describe("archives that the host refuses are refused, with the entry and the reason", () => {
  it.each<readonly [string, ReleaseParts, readonly string[]]>([
    ["the root itself", withEntry({ name: "./", type: "5" }), ['entry "./" is the root itself']],
    [
      "the root, as a name that ends there",
      withEntry({ name: "a/..", type: "5" }),
      ['entry "a/.." is the root itself'],
    ],
    ["a way out", withEntry({ name: "../x" }), ['entry "../x" leads outside the package']],
    [
      "a way out in the middle",
      withEntry({ name: "a/../../x" }),
      ['entry "a/../../x" leads outside the package'],
    ],
    ["a backslash", withEntry({ name: "a\\b" }), ['entry "a\\\\b" has a backslash']],
    [
      "a symbolic link",
      withEntry({ name: "l", type: "2", target: "bin/tiny" }),
      ["entry l is a symbolic link to bin/tiny"],
    ],
    [
      "a hard link",
      withEntry({ name: "h", type: "1", target: "bin/tiny" }),
      ["entry h is a hard link to bin/tiny"],
    ],
    ["a FIFO", withEntry({ name: "f", type: "6" }), ["entry f is neither a plain file nor a directory"]],
    ["a name that comes twice", withEntry({ name: "bin/tiny", content: "other" }), ["bin/tiny comes twice"]],
    [
      "a name that comes twice once it is re-rooted",
      withEntry({ name: "./bin/tiny" }),
      ["bin/tiny comes twice, as bin/tiny and as ./bin/tiny"],
    ],
    [
      "a file in a file's place",
      withEntry({ name: "manifest.yaml/x" }),
      ['the archive\'s entry "manifest.yaml/x" is refused: '],
    ],
    ["no manifest", { entries: packageEntries().slice(1) }, ["it holds no manifest"]],
    [
      "a manifest deeper down",
      { entries: [{ name: "tiny/manifest.yaml" }] },
      ["its manifest stands at tiny/manifest.yaml, not at the root"],
    ],
    ["no gzip", { archive: Buffer.from("plain text") }, ["it can't be read to its end"]],
  ])("packaging: %s", async (_, parts, sentences) => {
    const message = await refusalOf(parts);
    for (const sentence of sentences) expect(message).toContain(sentence);
  });

  it("packaging: a half of an archive", async () => {
    const whole = tarGz(packageEntries());
    expect(await refusalOf({ archive: whole.subarray(0, whole.length / 2) })).toContain(
      "it can't be read to its end",
    );
  });
});

it("packaging: an archive of more than 512 MiB is refused", async () => {
  const source = await writeRelease(join(directory.path, "release"));
  await truncate(join(directory.path, "release/tiny.tar.gz"), 512 * 1024 ** 2 + 1);
  await expect(installProvider({ source, name: "tiny", tmpDir: directory.path })).rejects.toThrow(
    "tiny.tar.gz is refused: it is 536870913 bytes long, and the host takes 536870912",
  );
});

describe("hashes", () => {
  it("packaging: an archive that is not the one the release means", async () => {
    const message = await refusalOf({ artifact: { sha256: "0".repeat(64) } });
    expect(message).toMatch(
      /^<dir>\/release\/tiny.tar.gz is not the archive that provider-release.yaml means: its sha256 is [0-9a-f]{64}, and 0{64} is expected; package the provider again$/,
    );
  });

  it("packaging: an artifact that is not the one its manifest means", async () => {
    const [manifest] = packageEntries();
    const message = await refusalOf({
      entries: [manifest ?? { name: "" }, { name: "bin/tiny", content: `${program}\n`, mode: 0o755 }],
    });
    expect(message).toContain(`sha256 is not the hash of bin/tiny; write ${sha256(`${program}\n`)}`);
  });
});

describe("what the release and the manifest say", () => {
  it.each<readonly [string, ReleaseParts, string]>([
    [
      "another package",
      { metadata: { package: "github.com/example/runtimes/other" } },
      "package is github.com/example/runtimes/other, and source in the manifest is github.com/example/runtimes/tiny",
    ],
    [
      "another version",
      { metadata: { version: "1.2.4" } },
      "version is 1.2.4, and version in the manifest is 1.2.3",
    ],
    [
      "another platform only",
      { metadata: { artifacts: { [otherName]: { path: "tiny.tar.gz", sha256: "0".repeat(64) } } } },
      `it is ${ownName}, and the release has ${otherName}; package it for ${ownName} too`,
    ],
    [
      "a URL",
      { artifact: { path: "https://example.com/tiny.tar.gz" } },
      "https://example.com/tiny.tar.gz is a URL, which this host does not fetch",
    ],
    ["no archive there", { artifact: { path: "gone.tar.gz" } }, "<dir>/release/gone.tar.gz; put it there"],
    ["an unknown field", { metadata: { extra: true } }, "extra"],
    ["another schema", { metadata: { schema: "something-else" } }, "schema"],
    [
      "a manifest without this machine's artifact",
      {
        entries: packageEntries({
          artifacts: [
            {
              os: own.os,
              arch: own.arch === "amd64" ? "arm64" : "amd64",
              path: "bin/tiny",
              sha256: sha256(program),
            },
          ],
        }),
      },
      `its manifest has no artifact for ${ownName}`,
    ],
    [
      "a manifest without hashes",
      { entries: packageEntries({ artifacts: [{ ...own, path: "bin/tiny" }] }) },
      "sha256",
    ],
    [
      "no run bit",
      {
        entries: [
          { name: "manifest.yaml", content: stringify(manifestOf(program)) },
          { name: "bin/tiny", content: program },
        ],
      },
      "bin/tiny has no run bit",
    ],
    [
      "a path that is not normal",
      { entries: packageEntries({ entrypoint: { artifactPath: "./bin/tiny" } }) },
      "./bin/tiny",
    ],
  ])("packaging: %s", async (_, parts, sentence) => {
    expect(await refusalOf(parts)).toContain(sentence);
  });
});
