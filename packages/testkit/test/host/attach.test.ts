import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  FakeGestaltd,
  attachEnvironment,
  startGestaltd,
  startProvider,
  type HostError,
} from "../../src/host/index.js";
import { fixturePlugin } from "../../src/plugins/launch.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

describe("a host that attaches to a provider", () => {
  let directory: TestDirectory;
  let socket: string;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    directory = await TestDirectory.make();
    socket = join(directory.path, "p.sock");
  });

  afterEach(async () => {
    for (const child of started.splice(0)) await end(child);
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  /** As somebody starts it in a debugger. */
  function startByHand(): ChildProcess {
    const child = spawn(fixture("hosting-provider"), [], {
      env: { PATH: process.env.PATH, TMPDIR: directory.path, ...attachEnvironment(socket) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    started.push(child);
    return child;
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  const attach = () =>
    startGestaltd({
      tmpDir: directory.path,
      runtimeProviders: { mine: { attach: socket } },
      plugins: { a: { ...fixturePlugin() }, b: { ...fixturePlugin(), cache: ["main"] } },
    });

  it("PROC-3, LOGS-1: waits for it, hosts plugins, has their logs, and leaves it running", async () => {
    const attaching = attach();
    const provider = startByHand();
    const gestaltd = await attaching;
    expect([...gestaltd.outcomes.values()].map(({ status }) => status)).toEqual(["hosted", "hosted"]);
    await gestaltd.execute("b", "cache", { key: "k", value: "v" });
    await gestaltd.execute("a", "log", { count: 3 });
    const lines = () =>
      gestaltd.admin.logs("mine", gestaltd.plugin("a").sessionId)?.filter(({ stream }) => stream === "stdout")
        .length;
    await expect.poll(lines, { timeout: 10_000 }).toBe(3);
    expect(await gestaltd.stop()).toMatchObject({ mine: { code: null, signal: null, killed: false } });
    const types = gestaltd.trace.events.map(({ type }) => type);
    expect(types.filter((type) => type === "attached" || type === "detached")).toEqual([
      "attached",
      "detached",
    ]);
    expect(types).not.toContain("signal");
    expect(provider.exitCode).toBe(null);
  });

  it("LIFE-2: takes one again that an earlier host has configured", async () => {
    startByHand();
    await (await attach()).stop();
    await using again = await attach();
    expect(again.outcomes.get("a")?.status).toBe("hosted");
  });

  it("PROC-2, PROC-3: is not deceived by the socket of one that died, nor of a host that died", async () => {
    const first = startByHand();
    await (await attach()).stop();
    await end(first, "SIGKILL");
    // As a killed host leaves its own: bound once, and nobody there.
    const killed = spawn(
      process.execPath,
      ["-e", "require('net').createServer().listen(process.argv[1], () => process.exit())", `${socket}.log`],
      { stdio: "inherit" },
    );
    await once(killed, "exit");
    expect(await directory.left()).toEqual(expect.arrayContaining(["p.sock", "p.sock.log"]));
    const attaching = attach();
    startByHand();
    await using gestaltd = await attaching;
    expect(gestaltd.outcomes.get("a")?.status).toBe("hosted");
    expect(gestaltd.plugin("b").caches.has("main")).toBe(true);
  });

  it("PROC-9: told to end while it waits, ends", async () => {
    const gestaltd = new FakeGestaltd({
      tmpDir: directory.path,
      runtimeProviders: { mine: { attach: socket } },
      plugins: { a: fixturePlugin() },
    });
    const starting = gestaltd.start();
    await expect
      .poll(() => gestaltd.trace.events.map(({ type }) => type), { timeout: 10_000 })
      .toEqual(["attached"]);
    await gestaltd.stop();
    await starting;
    expect(gestaltd.outcomes.get("a")).toMatchObject({ status: "skipped", failure: "stopped" });
  });

  it("PROC-3: says what is there instead when none comes", async () => {
    const times = { providerStartMs: 60 };
    const failure = async () =>
      (await startProvider({ attach: socket, tmpDir: directory.path, times }).catch(
        (error: unknown) => error,
      )) as HostError;
    expect(await failure()).toMatchObject({
      failure: "never-listened",
      message: `no provider served on ${socket} within 60 ms (dialling it: ENOENT); start it with GESTALT_PLUGIN_SOCKET=${socket} in its environment`,
    });
    const silent = createServer().listen(socket);
    await once(silent, "listening");
    expect(await failure()).toMatchObject({ failure: "not-grpc" });
    silent.close();
  });

  it("LOGS-1: keeps away from a log that another host keeps, and from what is no socket", async () => {
    const other = createServer().listen(`${socket}.log`);
    await once(other, "listening");
    const refused = () => startProvider({ attach: socket, tmpDir: directory.path });
    await expect(refused()).rejects.toMatchObject({
      failure: "attach-refused",
      message: `another host is attached: it keeps the log at ${socket}.log (dialling it: accepted); end that one first`,
    });
    other.close();
    await writeFile(`${socket}.log`, "notes");
    await expect(refused()).rejects.toMatchObject({
      failure: "attach-refused",
      message: `${socket}.log is in the way and no socket; it was left alone: remove it, or attach at another path`,
    });
    expect(await readFile(`${socket}.log`, "utf8")).toBe("notes");
    await rm(`${socket}.log`);
  });

  it("DIAL-2: refuses a path that can't be a socket's, and what makes no sense beside it", () => {
    const host = (provider: object) => () => new FakeGestaltd({ runtimeProviders: { a: provider } });
    expect(host({ attach: "p.sock" })).toThrow(
      new TypeError('runtimeProviders.a.attach "p.sock" is not an absolute path; resolve it first'),
    );
    expect(host({ attach: `/${"x".repeat(105)}` })).toThrow(/leaves no room for the log's socket beside it/);
    expect(host({ attach: "/p.sock", command: "/x" })).toThrow(
      new TypeError(
        "runtimeProviders.a.command is given with runtimeProviders.a.attach, which starts nothing; leave one of them out",
      ),
    );
  });
});
