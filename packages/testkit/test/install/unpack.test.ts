import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpack } from "../../src/install/unpack.js";
import { TestDirectory } from "../host/fixtures.js";
import { tarGz, type TarEntry } from "../lint/tar-writer.js";

let directory: TestDirectory;
let folder: string;

beforeEach(async () => {
  directory = await TestDirectory.make();
  folder = join(directory.path, "folder");
  await mkdir(folder);
});

afterEach(async () => {
  // Whatever an archive holds, nothing lands beside the folder.
  expect((await directory.left()).toSorted()).toEqual(["archive", "folder"]);
  await directory[Symbol.asyncDispose]();
});

async function unpackEntries(...entries: readonly TarEntry[]): Promise<void> {
  const archive = join(directory.path, "archive");
  await writeFile(archive, tarGz(entries));
  await unpack(archive, folder);
}

describe("unpacking by itself, without a look at the archive before", () => {
  it.each<readonly [string, TarEntry, string]>([
    ["./", { name: "./", type: "5" }, "it is the package's root itself"],
    ["../x", { name: "../x" }, "it leads outside the package"],
    ["a/../../x", { name: "a/../../x" }, "it leads outside the package"],
    ["a\\b", { name: "a\\b" }, "its name has a backslash"],
    [
      "link",
      { name: "link", type: "2", target: "/etc/passwd" },
      "it is a SymbolicLink, and the host takes plain files and folders only",
    ],
    [
      "link",
      { name: "link", type: "1", target: "first" },
      "it is a Link, and the host takes plain files and folders only",
    ],
    ["pipe", { name: "pipe", type: "6" }, "it is a FIFO, and the host takes plain files and folders only"],
    ["first", { name: "first" }, "first comes twice"],
    ["./first", { name: "./first" }, "first comes twice"],
  ])("packaging: %j is refused, by its name and with the reason", async (name, entry, reason) => {
    await expect(
      unpackEntries({ name: "first", content: "1" }, entry, { name: "last", content: "2" }),
    ).rejects.toThrow(`the archive's entry ${JSON.stringify(name)} is refused: ${reason}`);
  });

  it("packaging: a file where a folder is, and the other way round, is refused", async () => {
    await expect(unpackEntries({ name: "a", content: "1" }, { name: "a/b" })).rejects.toThrow(
      /^the archive's entry "a\/b" is refused: /,
    );
    await expect(unpackEntries({ name: "b/c" }, { name: "b" })).rejects.toThrow(
      /^the archive's entry "b" is refused: /,
    );
  });

  it("packaging: a way out through a link that was unpacked before is none", async () => {
    await expect(
      unpackEntries({ name: "up", type: "2", target: ".." }, { name: "up/x", content: "out" }),
    ).rejects.toThrow('the archive\'s entry "up" is refused');
  });

  it("packaging: re-roots names, keeps bytes and modes, and takes big files", async () => {
    const big = Buffer.alloc(3_000_000, "0123456789");
    await unpackEntries(
      { name: "bin/", type: "5", mode: 0o700 },
      { name: "bin/program", content: big, mode: 0o755 },
      { name: "/abs", content: "a" },
      { name: "x/../y", content: "b", mode: 0o600 },
      { name: "./z", content: "c" },
      { name: "empty" },
    );
    expect((await readdir(folder)).toSorted()).toEqual(["abs", "bin", "empty", "y", "z"]);
    expect((await readFile(join(folder, "bin/program"))).equals(big)).toBe(true);
    expect((await stat(join(folder, "bin/program"))).mode & 0o700).toBe(0o700);
    expect((await stat(join(folder, "y"))).mode & 0o777).toBe(0o600);
  });

  it("packaging: what is no whole archive is refused", async () => {
    const archive = join(directory.path, "archive");
    await writeFile(archive, tarGz([{ name: "a", content: "1" }]).subarray(0, 60));
    await expect(unpack(archive, folder)).rejects.toThrow(`${archive} can't be unpacked: `);
    // In the middle of a file that is being written.
    const long = tarGz([{ name: "b", content: randomBytes(500_000) }]);
    await writeFile(archive, long.subarray(0, long.length / 2));
    await expect(unpack(archive, folder)).rejects.toThrow(
      `${archive} can't be unpacked: unexpected end of file`,
    );
    await writeFile(archive, "text");
    await expect(unpack(archive, folder)).rejects.toThrow(
      `${archive} can't be unpacked: incorrect header check`,
    );
  });
});
