import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Ended } from "@gestalt-runtime/sdk";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findHierarchies } from "../../src/limits/hierarchies.js";
import { InstanceCgroups, removeLeftoverCgroups } from "../../src/limits/instance-cgroups.js";
import { Limiter, type LimiterOptions } from "../../src/limits/limiter.js";
import type { Controller, PluginLimits } from "../../src/limits/plugin-limits.js";
import { areCgroupsUsable } from "./usable-cgroups.js";

const MiB = 1024 * 1024;
const all: Controller[] = ["memory", "cpu", "pids"];

/** Where this machine's cgroups can't be used, the tests that need them say so by being skipped. */
const usable = await areCgroupsUsable();

async function instance(): Promise<string> {
  const path = await mkdtemp("/tmp/gprl-");
  onTestFinished(async () => {
    for (const cgroup of await noted(path)) expect(existsSync(cgroup)).toBe(false);
    await rm(path, { recursive: true });
  });
  return path;
}

async function noted(path: string): Promise<string[]> {
  return JSON.parse(await readFile(join(path, "cgroups"), "utf8").catch(() => "[]")) as string[];
}

interface Run {
  readonly ended: Ended;
  readonly output: string;
  readonly said: readonly string[];
}

async function open(limits: PluginLimits, options: Partial<LimiterOptions> = {}): Promise<Limiter> {
  const limiter = await Limiter.open({
    instancePath: await instance(),
    wanted: [limits],
    enforcement: "required",
    warn: () => undefined,
    ...options,
  });
  onTestFinished(() => limiter.close());
  return limiter;
}

/** Runs a script of Node.js under limits. */
async function run(limits: PluginLimits, script: string, options?: Partial<LimiterOptions>): Promise<Run> {
  const session = await (await open(limits, options)).session("one", limits);
  const [command, ...args] = [...session.launcher, process.execPath, "-e", script];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number, string | null];
  const end: Ended = signal === null ? { how: "exit", code } : { how: "signal", signal };
  const said: string[] = [];
  const ended = await session.explain(end, (text) => said.push(text));
  await session.close();
  return { ended, output, said };
}

describe.skipIf(!usable)("limits by cgroups", () => {
  it("SESS-10: what takes more memory than it may is killed, and its end says so", async () => {
    const script = "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));";
    expect(await run({ memoryBytes: 96 * MiB }, script)).toMatchObject({
      ended: {
        how: "limit",
        limit: "memory",
        detail: "it used more than the 100663296 bytes of limits.memoryBytes",
      },
    });
  });

  it("SESS-10: a child that is killed for memory is said, and ends nobody else", async () => {
    const grow = "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));";
    const script = `const { signal } = require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(grow)}]); console.log(signal);`;
    const { ended, output, said } = await run({ memoryBytes: 128 * MiB }, script);
    expect(ended).toEqual({ how: "exit", code: 0 });
    expect(output).toBe("SIGKILL\n");
    expect(said).toEqual([
      expect.stringMatching(/^1 processes of the plugin were killed: it used more than/),
    ]);
  });

  it("SESS-10: an ordinary SIGKILL is no limit's", async () => {
    expect((await run({ memoryBytes: 256 * MiB }, `process.kill(process.pid, "SIGKILL")`)).ended).toEqual({
      how: "signal",
      signal: "SIGKILL",
    });
  });

  it("SESS-8: a fork bomb gets as far as its limit", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      let alive = 0, failed = 0, tried = 0;
      const done = () => { if (++tried === 100) { console.log(alive, failed); process.exit(0); } };
      for (let i = 0; i < 100; i += 1) {
        const child = spawn("sleep", ["60"]);
        child.once("spawn", () => { alive += 1; done(); });
        child.once("error", (error) => { if (error.code === "EAGAIN") failed += 1; done(); });
      }`;
    const { output, said } = await run({ processes: 40 }, script);
    const [alive = 0, failed = 0] = output.split(" ").map(Number);
    expect(alive + failed).toBe(100);
    expect(alive).toBeGreaterThan(0);
    expect(alive).toBeLessThan(40);
    expect(said[0]).toMatch(/times the plugin could not start a process or thread: limits\.processes is 40$/);
  });

  it("SESS-8: processor time is rationed", async () => {
    const cgroups = await InstanceCgroups.open(await instance(), await findHierarchies(), ["cpu"]);
    const [rationed, free] = [await cgroups.session("one", { cpus: 0.02 }), await cgroups.session("two", {})];
    const throttled = [rationed, free].map(async ({ doors: [door = ""] }) => {
      // Some 20 ms of work: ten times what one turn has, however slow the machine is.
      const work = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
      const child = spawn("/bin/sh", ["-c", `echo 0 >${door}; ${work}`]);
      await once(child, "close");
      const text = await readFile(join(dirname(door), "cpu.stat"), "utf8");
      return Number(/^nr_throttled (\d+)$/m.exec(text)?.[1]);
    });
    expect(await throttled[0]).toBeGreaterThan(0);
    expect(await throttled[1]).toBe(0);
    await cgroups.close();
  });

  it("PLUG-1: the program gets its arguments as they are, and no core file holds its secrets", async () => {
    const limits = { memoryBytes: 256 * MiB, processes: 100, openFiles: 77 };
    const session = await (await open(limits)).session("one", limits);
    const given = ["", "  two  blanks ", "$HOME `id` \"'", "*", "-n"];
    const script = `console.log(JSON.stringify(process.argv.slice(1)), require("node:fs").readFileSync("/proc/self/limits", "utf8"))`;
    const [command = "", ...args] = [...session.launcher, process.execPath, "-e", script, "--", ...given];
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    const output = (await child.stdout.toArray()).join("");
    await session.close();
    expect(output).toContain(JSON.stringify(given));
    expect(output).toMatch(/^Max open files +77 +77 /m);
    expect(output).toMatch(/^Max core file size +0 +0 /m);
    expect(output).toMatch(/^Max address space +unlimited/m);
  });

  it("REC-2: what a killed instance left is removed, with what runs in it, and nothing else's", async () => {
    const [dead, living] = [await instance(), await instance()];
    const hierarchies = await findHierarchies();
    const open = async (path: string) =>
      (await InstanceCgroups.open(path, hierarchies, all)).session("one", {});
    const [left, kept] = [await open(dead), await open(living)];
    const children = [left, kept].map(({ doors }) => {
      const enter = doors.map((door) => `echo 0 >${door}`).join("; ");
      return spawn("/bin/sh", ["-c", `${enter}; exec setsid sleep 60`], { stdio: "ignore" });
    });
    const [first, second] = children;
    if (first === undefined) throw new Error("nothing was started");
    const ended = once(first, "exit");
    // Not before it is in.
    await expect.poll(async () => await readFile(left.doors[0] ?? "", "utf8")).toContain(String(first.pid));
    await removeLeftoverCgroups(dead);
    expect(await ended).toEqual([null, "SIGKILL"]);
    for (const cgroup of await noted(dead)) expect(existsSync(cgroup)).toBe(false);
    for (const cgroup of await noted(living)) expect(existsSync(cgroup)).toBe(true);
    expect(second?.exitCode).toBeNull();
    await removeLeftoverCgroups(living);
  });

  it("REC-2: a note that names another's cgroup is not believed", async () => {
    const [one, other] = [await instance(), await instance()];
    const cgroups = await InstanceCgroups.open(one, await findHierarchies(), ["pids"]);
    const [path = ""] = await noted(one);
    await writeFile(join(other, "cgroups"), JSON.stringify([path]));
    await removeLeftoverCgroups(other);
    expect(existsSync(path)).toBe(true);
    await cgroups.close();
    await writeFile(join(other, "cgroups"), "[]");
  });
});

describe("limits without cgroups", () => {
  const nowhere = { cgroupParent: "/not/there" };

  it("SESS-10: what can't be kept is refused where it is required, and else said", async () => {
    await expect(open({ memoryBytes: 64 * MiB, cpus: 1 }, nowhere)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^limits\.memoryBytes can't be enforced here: .*; limits\.cpus can't be enforced here: .*; or set limitEnforcement to auto$/,
      ) as string,
    });
    const warnings: string[] = [];
    const options = { ...nowhere, enforcement: "auto" as const, warn: (text: string) => warnings.push(text) };
    const { ended, output } = await run({ memoryBytes: 64 * MiB, openFiles: 50 }, "console.log(1)", options);
    expect([ended, output]).toEqual([{ how: "exit", code: 0 }, "1\n"]);
    expect(warnings).toEqual([expect.stringMatching(/^limits\.memoryBytes can't be enforced here: /)]);
  });

  it("SESS-8: open files are limited everywhere, without a cgroup", async () => {
    const script = `const fs = require("node:fs"); const open = []; try { for (;;) open.push(fs.openSync("/dev/null")); } catch (error) { console.log(error.code, open.length < 64); }`;
    const { output } = await run({ openFiles: 64 }, script, nowhere);
    expect(output).toBe("EMFILE true\n");
  });

  it("SESS-10: limits under which nothing starts are refused when they are configured", async () => {
    await expect(open({ openFiles: 1_000_000_000 })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(
        /^no program can be started under the limits .*ulimit.*: raise them$/s,
      ) as string,
    });
  });
});

beforeAll(() => {
  if (!usable) console.warn("cgroups can't be used here: limits are not tried");
});
