import { lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StoreFolder } from "../../src/store/store-folder.js";

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    lstat: vi.fn(real.lstat),
    readdir: async (path: string) => (await real.readdir(path)).sort(),
  };
});

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-s-"));
});

afterEach(async () => {
  vi.mocked(lstat).mockReset();
  await rm(directory, { recursive: true, force: true });
});

it("REC-2: a session is seen also while it is taken over into a folder that was looked through already", async () => {
  const [taker, dead] = ["0".repeat(20), "f".repeat(20)].map((id) => join(directory, `sessions-${id}`));
  if (taker === undefined || dead === undefined) throw new Error("two folders are made");
  for (const folder of [taker, dead]) await mkdir(folder);
  await writeFile(join(dead, "s.json"), "");
  vi.mocked(lstat).mockImplementationOnce(async (path) => {
    expect(path).toBe(join(taker, "s.json"));
    await rename(join(dead, "s.json"), join(taker, "s.json"));
    throw Object.assign(new Error("it was not there yet"), { code: "ENOENT" });
  });
  const store = await StoreFolder.at(directory);
  expect(await store.hasRecord("s")).toBe(true);
  expect(await store.hasRecord("t")).toBe(false);
  expect(await readdir(dead)).toEqual([]);
});
