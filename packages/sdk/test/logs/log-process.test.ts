import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startFrozenHost, startLogHost } from "./log-host.js";

const fixture = fileURLToPath(new URL("../.fixtures/log-writer.mjs", import.meta.url));

const run = (env: Record<string, string>, ...args: string[]) =>
  spawn(process.execPath, [fixture, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });

describe("a process that forwards logs", () => {
  it("LOGS-4: is not kept alive by records that wait for a frozen host", async () => {
    await using host = await startFrozenHost();
    const child = run({ GESTALT_RUNTIME_LOG_SOCKET: host.target });
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number]>,
    ]);
    expect({ output, errors, code }).toEqual({ output: "done\n", errors: "", code: 0 });
  });

  it("LOGS-6: lives for a flush that it waits for, and no longer", async () => {
    await using host = await startLogHost();
    host.register("s");
    const child = run({ GESTALT_RUNTIME_LOG_SOCKET: host.path }, "flush", "2500");
    const [output, [code]] = await Promise.all([
      text(child.stdout),
      once(child, "exit") as Promise<[number]>,
    ]);
    expect({ output, code }).toEqual({ output: "flushed true\ndone\n", code: 0 });
    expect(host.records("s")).toHaveLength(2500);
  });

  it("LOGS-5, PROC-5: goes on when nobody reads its stderr, and says what it left out", async () => {
    const child = run({}, "again", "50000");
    const [done] = (await once(child.stdout, "data")) as [Buffer];
    expect(done.toString()).toBe("done\n");
    const lines = (await text(child.stderr)).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^session s stdout: line 1 x+$/);
    expect(lines.at(-2)).toMatch(
      new RegExp(`Z warn ${50_000 - (lines.length - 2)} log lines were dropped while stderr was not read$`),
    );
    expect(lines.at(-1)).toBe("session s stdout: again");
  });

  it("LOGS-5, PROC-5: says what it left out as soon as stderr is read, also when nothing follows", async () => {
    const child = run({}, "", "50000");
    await once(child.stdout, "data");
    const lines = (await text(child.stderr)).trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(new RegExp(` warn ${50_000 - (lines.length - 1)} log lines were dropped`));
    expect(lines.filter((line) => line.includes("were dropped"))).toHaveLength(1);
  });

  it("LOGS-5: goes on when the reader of its stderr has gone", async () => {
    const child = run({}, "", "50000");
    child.stderr.destroy();
    const [output, [code]] = await Promise.all([
      text(child.stdout),
      once(child, "exit") as Promise<[number]>,
    ]);
    expect({ output, code }).toEqual({ output: "done\n", code: 0 });
  });
});
