import { spawn } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

it("PROC-7: when the host itself is killed, its provider sees it and ends, and its plugin with it", async () => {
  await using directory = await TestDirectory.make();
  const [provider, plugin] = [join(directory.path, "rec"), join(directory.path, "plug")];
  await writeFile(join(directory.path, "package.json"), '{"type":"module"}');
  await writeFile(`${provider}.settings.json`, "{}");
  await copyFile(fixture("recording-provider"), provider);
  await copyFile(fixture("recording-plugin"), plugin);

  const host = spawn(process.execPath, [fixture("mortal-host"), provider, plugin, directory.path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Promise<string>((resolve) => {
    host.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    host.once("exit", (code) => resolve(`exit ${code ?? ""}`));
  });
  expect(said).toBe("hosted\n");
  expect((await processesWith(directory.path)).length).toBeGreaterThanOrEqual(3);
  host.kill("SIGKILL");
  await vi.waitFor(async () => expect(await processesWith(directory.path)).toEqual([]), 5_000);
  expect((await directory.left()).filter((name) => name.startsWith("rec-"))).toEqual([]);
});
