import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { inputsDigest } from "../scripts/lib/digest.mjs";
import { packagesInOrder } from "../scripts/lib/workspace.mjs";

it("builds every package after those that it needs", () => {
  const names = packagesInOrder().map(({ name }) => name);
  expect(names).toContain("@gestalt-runtime/example-process-runtime");
  for (const { name, needs } of packagesInOrder())
    for (const needed of needs) expect(names.indexOf(needed), name).toBeLessThan(names.indexOf(name));
});

it("builds again when a source, its name, or a needed package changed, and else not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "digest-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "a.ts"), "1");
  const first = await inputsDigest({ folder }, ["need"]);
  expect(await inputsDigest({ folder }, ["need"])).toBe(first);
  expect(await inputsDigest({ folder }, ["other"])).not.toBe(first);
  await writeFile(join(folder, "a.ts"), "2");
  expect(await inputsDigest({ folder }, ["need"])).not.toBe(first);
  await writeFile(join(folder, "a.ts"), "1");
  expect(await inputsDigest({ folder }, ["need"])).toBe(first);
  await writeFile(join(folder, "b.ts"), "");
  expect(await inputsDigest({ folder }, ["need"])).not.toBe(first);
});
