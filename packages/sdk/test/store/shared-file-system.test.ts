import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fileSessionStore } from "../../src/store/index.js";
import { sampleRecord } from "./records.js";

vi.mock("../../src/state-directory/boot.js", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  isOnSharedFileSystem: () => Promise.resolve(true),
}));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-s-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it("REC-2: on a file system that machines share, only instances of this machine can be proven dead", async () => {
  const warnings: string[] = [];
  const context = { providerName: "cloud", warn: (_: unknown, text: string) => void warnings.push(text) };
  const left: string[] = [];
  for (const id of ["here", "elsewhere"]) {
    const store = await fileSessionStore(directory).open(context);
    await store.save(sampleRecord({ id }));
    await store.close();
    left.push(store.instance);
  }
  const [here = "", moved = ""] = left;
  const elsewhere = `00000000${moved.slice(8)}`;
  for (const end of ["", ".owner"])
    await rename(join(directory, `sessions-${moved}${end}`), join(directory, `sessions-${elsewhere}${end}`));

  const store = await fileSessionStore(directory).open(context);
  expect((await store.takeLeftovers()).map(({ id }) => id)).toEqual(["here"]);
  expect(await store.takeLeftovers()).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/\.owner is the lock of an instance that can't be proven dead from here; /),
  ]);
  expect(await store.ownerOf(here)).toBe("dead");
  expect(await store.ownerOf(elsewhere)).toBe("unknown");
  expect(await readdir(join(directory, `sessions-${elsewhere}`))).toEqual(["elsewhere.json"]);
  await store.close();
});
