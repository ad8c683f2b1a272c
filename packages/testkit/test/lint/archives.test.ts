import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { entryPath } from "../../src/lint/archive/archive.js";
import { lintArchive, readArchive } from "../../src/lint/index.js";
import { layOut, line } from "./case.js";
import { elf, nodeScript, sha256 } from "./programs.js";
import { goodArchive, goodEntries, releasedManifest } from "./table/good.js";
import { tar, tarGz } from "./tar-writer.js";

async function inFolder(content: Buffer) {
  const folder = await layOut({ files: { "a.tar.gz": content } });
  return { folder, path: join(folder, "a.tar.gz") };
}

describe("an archive", () => {
  it("is looked through without being unpacked", async () => {
    const { path } = await inFolder(goodArchive);
    const { entries, files, fault } = await readArchive(path);
    expect(fault).toBeUndefined();
    expect(entries.map(({ name, path: place, type, bytes }) => ({ name, place, type, bytes }))).toEqual([
      { name: "manifest.yaml", place: "manifest.yaml", type: "file", bytes: expect.any(Number) as number },
      {
        name: "config.schema.yaml",
        place: "config.schema.yaml",
        type: "file",
        bytes: expect.any(Number) as number,
      },
      { name: "bin/example", place: "bin/example", type: "file", bytes: 64 },
    ]);
    const program = await files.find("bin/example");
    expect(program).toMatchObject({ bytes: 64, runBit: true, head: elf() });
    expect(await program?.sha256()).toBe(sha256(elf()));
    expect(await files.find("bin/other")).toBeUndefined();
    expect(files.nameOf("manifest.yaml")).toBe(`${path}!/manifest.yaml`);
  });

  it("has nothing wrong when made as packaging.md says, folders and licences beside it or not", async () => {
    const { path } = await inFolder(
      tarGz([
        { name: "bin/", type: "5", mode: 0o755 },
        ...goodEntries,
        { name: "LICENSES/é.txt", content: "x" },
      ]),
    );
    expect((await lintArchive(path)).findings).toEqual([]);
  });

  it("is read past a large file: its hash is of all of it, its text is not kept", async () => {
    const large = Buffer.concat([Buffer.from(nodeScript), Buffer.alloc(5 * 1024 * 1024, "x")]);
    const { path } = await inFolder(
      tarGz([...goodEntries.slice(0, 2), { name: "bin/large", content: large, mode: 0o755 }]),
    );
    const found = await (await readArchive(path)).files.find("bin/large");
    expect(found).toMatchObject({ bytes: large.length, runBit: true });
    expect(await found?.sha256()).toBe(sha256(large));
    expect(found?.head).toEqual(large.subarray(0, 4096));
    expect(await found?.text()).toBeUndefined();
  });

  it("archive/unpacked-size: is not read past its limit", async () => {
    const bomb = gzipSync(tar([{ name: "zeros", content: Buffer.alloc(8 * 1024 * 1024) }]));
    expect(bomb.length).toBeLessThan(20_000);
    const { folder, path } = await inFolder(bomb);
    const { findings } = await lintArchive(path, { maxUnpackedBytes: 1024 * 1024 });
    expect(findings.map((finding) => line(folder, finding))).toEqual([
      "a.tar.gz:1:1 error archive/unpacked-size it can't be read to its end: it unpacks to more than 1048576 bytes | leave out what the program does not need",
    ]);
  });

  it("archive/size: is no longer than 512 MiB", async () => {
    const { folder, path } = await inFolder(goodArchive);
    await truncate(path, 512 * 1024 * 1024);
    expect((await lintArchive(path)).findings).toEqual([]);
    await truncate(path, 512 * 1024 * 1024 + 1);
    expect((await lintArchive(path)).findings.map((finding) => line(folder, finding))).toEqual([
      "a.tar.gz:1:1 error archive/size it is 536870913 bytes long, and the host takes 536870912 | leave out what the program does not need",
    ]);
  });

  it("is made anew, not edited: what is wrong in it has no fix", async () => {
    const manifest = { name: "manifest.yaml", content: releasedManifest.replace("version: ", "version: v") };
    const { path } = await inFolder(tarGz([manifest, ...goodEntries.slice(1)]));
    const { findings } = await lintArchive(path);
    expect(findings.map(({ ruleId, fix }) => ({ ruleId, fix }))).toEqual([
      { ruleId: "manifest/version", fix: undefined },
    ]);
  });

  it("is a failure with its path where it is not there", async () => {
    await expect(readArchive("/nowhere/a.tar.gz")).rejects.toThrow(
      "/nowhere/a.tar.gz can't be read: ENOENT: no such file or directory",
    );
  });

  it.each([
    ["x", { path: "x" }],
    ["./x", { path: "x" }],
    ["bin/", { path: "bin" }],
    ["/abs/x", { path: "abs/x" }],
    ["a/../b", { path: "b" }],
    ["a//./b", { path: "a/b" }],
    ["/../x", { path: "x" }],
    ["..x/...", { path: "..x/..." }],
    ["", { refused: "root" }],
    [".", { refused: "root" }],
    ["././", { refused: "root" }],
    ["/", { refused: "root" }],
    ["a/..", { refused: "root" }],
    ["..", { refused: "escape" }],
    ["../x", { refused: "escape" }],
    ["a/../../x", { refused: "escape" }],
    ["./../x", { refused: "escape" }],
    ["a\\b", { refused: "backslash" }],
  ])("puts the entry %j where the host does", (name, expected) => {
    expect(entryPath(name)).toEqual(expected);
  });
});
