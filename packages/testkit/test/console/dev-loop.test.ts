import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDirectory, fixture } from "../host/fixtures.js";
import { ConsoleProcess } from "./console-process.js";

describe("gestalt-runtime host, in the dev loop", { timeout: 120_000 }, () => {
  let folder: TestDirectory;
  let program: string;

  beforeEach(async () => {
    folder = await TestDirectory.make();
    program = join(folder.path, "provider.mjs");
    await copyFile(fixture("hosting-provider"), program);
    await chmod(program, 0o755);
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  it("--watch: starts a program again when it changes", async () => {
    await using run = await ConsoleProcess.start(
      ["--watch", "--json", "-c", "call echo a=1", "--", "./provider.mjs"],
      { cwd: folder.path },
    );
    await run.event("answer");
    await appendFile(program, "\n// changed\n");
    expect(await run.event("changed")).toMatchObject({ files: ["provider.mjs"] });
    await run.event("answer", 2);
    run.signal("SIGINT");
    expect(await run.ends()).toBe(130);
    const ends = run.told.filter(({ event }) => event === "provider-ended");
    expect(ends).toMatchObject([
      { code: 0, expected: true },
      { code: 0, expected: true },
    ]);
  });

  it("--watch: builds a package before each start, and keeps what runs when a build fails", async () => {
    await mkdir(join(folder.path, "src"));
    await copyFile(program, join(folder.path, "src/main.mjs"));
    await rm(program);
    const build =
      "grep -v BROKEN src/main.mjs >/dev/null && ! grep -q BROKEN$ src/main.mjs && mkdir -p dist && install -m 755 src/main.mjs dist/p.mjs";
    await writeFile(
      join(folder.path, "manifest.yaml"),
      `kind: runtime
source: github.com/example/runtimes/loop
version: 0.1.0
displayName: Loop
artifacts:
  - { os: linux, arch: ${process.arch === "arm64" ? "arm64" : "amd64"}, path: dist/p.mjs }
entrypoint: { artifactPath: dist/p.mjs }
release:
  build: { command: [sh, -c, ${JSON.stringify(build)}] }
`,
    );
    await using run = await ConsoleProcess.start(["--watch", "--json", "-c", "call echo"], {
      cwd: folder.path,
    });
    await run.event("answer");
    expect(run.told[0]).toMatchObject({ event: "build", state: "started" });
    await appendFile(join(folder.path, "src/main.mjs"), "\n// BROKEN\n");
    await expect
      .poll(() => run.told.filter(({ event }) => event === "build").map(({ state }) => state), {
        timeout: 60_000,
      })
      .toEqual(["started", "finished", "started", "failed"]);
    expect(run.told.filter(({ event }) => event === "provider-ended")).toEqual([]);
    const text = await readFile(join(folder.path, "src/main.mjs"), "utf8");
    await writeFile(join(folder.path, "src/main.mjs"), text.replace("// BROKEN", "// mended"));
    await run.event("answer", 2);
    expect(await readFile(join(folder.path, "dist/p.mjs"), "utf8")).toContain("// mended");
    run.signal("SIGINT");
    expect(await run.ends()).toBe(130);
  });

  it("--inspect, PLUG-2: starts the provider with a debugger, and keeps that from the plugin", async () => {
    await using run = await ConsoleProcess.start(
      ["--inspect=127.0.0.1:0", "--json", "--env", "NODE_OPTIONS=--no-warnings", "--", program],
      { stdin: "call env name=NODE_OPTIONS\ncall env" },
    );
    const { url } = (await run.event("debugger")) as unknown as { url: string };
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\//);
    expect(await run.ends()).toBe(0);
    const answers = run.told.filter(({ event }) => event === "answer");
    expect(answers).toHaveLength(2);
    expect(JSON.stringify(answers)).not.toContain("--inspect");
    expect(JSON.stringify(answers)).not.toContain("--no-warnings");
  });

  it("--inspect-brk: waits for the debugger as long as it takes", async () => {
    await using run = await ConsoleProcess.start([
      "--inspect-brk=127.0.0.1:0",
      "--json",
      "--follow",
      "--",
      program,
    ]);
    const { url } = (await run.event("debugger")) as unknown as { url: string };
    const answer = await fetch(new URL("/json/list", url.replace("ws:", "http:")));
    expect(await answer.json()).toMatchObject([{ type: "node" }]);
    expect(run.told.some(({ event }) => event === "plugin-hosted")).toBe(false);
    run.signal("SIGINT");
    expect(await run.ends()).toBe(130);
  });

  it("--attach: says how to start the provider, waits for it, and leaves it running", async () => {
    const socket = join(folder.path, "p.sock");
    await using run = await ConsoleProcess.start(["--attach", socket, "--json"], { stdin: "call echo a=1" });
    const { environment } = (await run.event("waiting")) as unknown as {
      environment: Record<string, string>;
    };
    expect(Object.keys(environment)).toEqual(["GESTALT_PLUGIN_SOCKET", "GESTALT_RUNTIME_LOG_SOCKET"]);
    const child = spawn(program, [], {
      env: { PATH: process.env.PATH, TMPDIR: folder.path, ...environment },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    try {
      expect(await run.event("answer")).toMatchObject({ status: 200, body: { a: 1 } });
      expect(await run.ends()).toBe(0);
      expect(run.told.at(-1)).toMatchObject({ event: "provider-detached" });
      expect(child.exitCode).toBe(null);
    } finally {
      child.kill("SIGTERM");
    }
    expect((await ended)[0]).toBe(0);
  });
});
