import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { fixture, processesWith, TestDirectory } from "../host/fixtures.js";
import { makeProgram } from "./probe.js";

for (const enforcement of ["landlock", "bubblewrap"])
  it(`PROC-7, PROC-10: when the host is killed, a sandboxed provider is gone too (${enforcement})`, async () => {
    await using directory = await TestDirectory.make();
    const program = await makeProgram(join(directory.path, "package"), fixture("installed-provider"));
    const script = join(directory.path, "package/program.mjs");
    const host = spawn(
      process.execPath,
      [fixture("sandboxing-host"), program, script, directory.path, enforcement],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const said = await new Promise<string>((resolve) => {
      host.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
      host.once("exit", (code) => resolve(`exit ${code ?? ""}`));
    });
    expect(said).toBe("up\n");
    expect((await processesWith(directory.path)).length).toBeGreaterThanOrEqual(2);
    host.kill("SIGKILL");
    await vi.waitFor(async () => expect(await processesWith(directory.path)).toEqual([]), 5_000);
  });
