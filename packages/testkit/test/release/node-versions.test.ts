import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { programOf } from "../../src/lint/index.js";
import { packageProvider } from "../../src/release/index.js";
import { unpackArchive } from "./archive-listing.js";
import { makePackage, otherName, own, ownName, program, temporaryFolder } from "./package-fixture.js";
import { nodeFromNpm } from "./node-binaries.js";
import { serve } from "./serving.js";

const otherProcessor = own.arch === "amd64" ? "arm64" : "x64";

describe("executables with other Node.js than this one", { timeout: 240_000 }, () => {
  it("holds Node.js 22, for this machine and for another", async ({ skip }) => {
    const [node, other] = [await nodeFromNpm("22", process.arch), await nodeFromNpm("22", otherProcessor)];
    if ("reason" in node) return skip(node.reason);
    if ("reason" in other) return skip(other.reason);
    const folder = await makePackage({ "src/main.ts": program });
    const release = await packageProvider({
      folder,
      platforms: [ownName, otherName],
      nodeBinaries: { [ownName]: node.path, [otherName]: other.path },
    });
    const find = (name: string) =>
      release.archives.find(({ platform: { os, arch } }) => `${os}/${arch}` === name);
    expect(find(ownName)).toMatchObject({ node: expect.stringMatching(/^v22\./) as string, started: true });
    expect(find(otherName)).toMatchObject({ node: find(ownName)?.node, started: false });
    expect(release.warnings).toEqual([
      `the executable for ${otherName} can't run on this machine: it was not started, and has no code cache, so it starts slower; start it once on ${otherName} before you publish it`,
    ]);
    await servesFrom(join(release.folder, find(ownName)?.file ?? ""));
    const foreign = await temporaryFolder();
    await unpackArchive(join(release.folder, find(otherName)?.file ?? ""), foreign);
    const [os = "", arch = ""] = otherName.split("/");
    expect(programOf(await readFile(join(foreign, "bin/tiny")))).toEqual({
      type: "executable",
      platform: { os, arch },
    });
    // An executable for another platform is made by this one's Node.js: it has to be the same.
    const version = find(ownName)?.node ?? "";
    if (version === process.version) return;
    await expect(
      packageProvider({ folder, platforms: [otherName], nodeBinaries: { [otherName]: other.path } }),
    ).rejects.toThrow(
      `it is Node.js ${version}, and what is put into it is made by ${process.version}; give ${process.version} for ${otherName}`,
    );
  });

  it("holds Node.js 24", async ({ skip }) => {
    const node = await nodeFromNpm("24", process.arch);
    if ("reason" in node) return skip(node.reason);
    const folder = await makePackage({ "src/main.ts": program });
    const release = await packageProvider({ folder, nodeBinaries: { [ownName]: node.path } });
    expect(release.archives).toMatchObject([
      { node: expect.stringMatching(/^v24\./) as string, started: true },
    ]);
    await servesFrom(join(release.folder, release.archives[0]?.file ?? ""));
  });

  it("is no place for an executable that holds a program already", async ({ skip }) => {
    const node = await nodeFromNpm("24", process.arch);
    if ("reason" in node) return skip(node.reason);
    const held = join(await temporaryFolder(), "node");
    const content = await readFile(node.path);
    const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
    content.write("1", content.indexOf(`${fuse}:0`) + fuse.length + 1);
    await writeFile(held, content);
    await expect(
      packageProvider({ folder: await makePackage(), nodeBinaries: { [ownName]: held } }),
    ).rejects.toThrow(`${held} is an executable that holds a program already; give a plain Node.js binary`);
  });
});

async function servesFrom(archive: string): Promise<void> {
  const unpacked = await temporaryFolder();
  await unpackArchive(archive, unpacked);
  const socket = join(unpacked, "s.sock");
  const provider = await serve(join(unpacked, "bin/tiny"), [], {
    socket,
    env: { GESTALT_PLUGIN_SOCKET: socket, GESTALT_PLUGIN_PARENT_PID: String(process.pid) },
  });
  expect(await provider.lifecycle.getProviderIdentity({})).toMatchObject({ minProtocolVersion: 3 });
  expect(await provider.stop()).toBe(0);
}
