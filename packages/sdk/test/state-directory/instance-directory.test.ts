import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openInstanceDirectory } from "../../src/state-directory/index.js";

const holder = fileURLToPath(new URL("../.fixtures/instance-holder.mjs", import.meta.url));
let parent: string;
let root: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "gst-d-"));
  root = join(parent, "state");
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

/** Starts another process that opens an instance below the same root. */
async function startHolder(): Promise<{ id: string; freeze: () => void; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [holder, root], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    id: line.toString().trim(),
    freeze: () => void child.kill("SIGSTOP"),
    kill: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

describe("openInstanceDirectory", () => {
  it("REC-2: makes private directories, and leaves nothing when it closes", async () => {
    const instance = await openInstanceDirectory({ root, removeRoot: true });
    await writeFile(join(instance.path, "file"), "x");
    expect((await readdir(root)).sort()).toEqual([instance.id, `${instance.id}.lock`].sort());
    await instance.close();
    expect(await readdir(parent)).toEqual([]);
  });

  it("REC-2: removes what a killed instance left, and tells whose it was", async () => {
    const dead = await startHolder();
    await dead.kill();
    expect(await readdir(root)).toContain(dead.id);
    const told: string[] = [];
    const instance = await openInstanceDirectory({
      root,
      onLeftover: (path) => {
        told.push(path);
        return Promise.resolve();
      },
    });
    expect(told).toEqual([join(root, dead.id)]);
    expect((await readdir(root)).sort()).toEqual([instance.id, `${instance.id}.lock`].sort());
    await instance.close();
  });

  it("REC-2, PROC-9: leaves a living instance alone, also one that is stopped", async () => {
    const living = await startHolder();
    const frozen = await startHolder();
    frozen.freeze();
    const told: string[] = [];
    const instance = await openInstanceDirectory({
      root,
      onLeftover: (path) => {
        told.push(path);
        return Promise.resolve();
      },
    });
    expect(told).toEqual([]);
    expect(await readdir(root)).toEqual(expect.arrayContaining([living.id, `${living.id}.lock`]));
    await instance.close();
    await living.kill();
    await frozen.kill();
  });

  it("PROC-9: twenty instances that open and close at once, on an empty root each time, never fail or meet", async () => {
    const all = Array.from({ length: 20 }, async () => {
      const instance = await openInstanceDirectory({ root, removeRoot: true });
      await writeFile(join(instance.path, "mine"), instance.id);
      expect(await readdir(instance.path)).toEqual(["mine"]);
      await instance.close();
    });
    await Promise.all(all);
    expect(await readdir(parent)).toEqual([]);
  });

  it("REC-2: refuses a root that others can enter, or that is no directory", async () => {
    await mkdir(root);
    await chmod(root, 0o755);
    await expect(openInstanceDirectory({ root })).rejects.toThrow(/can be entered by others \(mode 755\)/);
    await rm(root, { recursive: true });
    await mkdir(join(parent, "elsewhere"), { mode: 0o700 });
    await symlink(join(parent, "elsewhere"), root);
    await expect(openInstanceDirectory({ root })).rejects.toThrow(/is no directory/);
  });

  it("REC-2: leaves names that are not its own alone", async () => {
    await mkdir(root, { mode: 0o700 });
    const names = ["notes.txt", "notes.lock", "~notes"];
    for (const name of names) await writeFile(join(root, name), "kept");
    const instance = await openInstanceDirectory({ root, removeRoot: true });
    await instance.close();
    expect((await readdir(root)).sort()).toEqual([...names].sort());
  });
});
