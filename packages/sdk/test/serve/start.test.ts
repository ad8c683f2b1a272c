import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { basename, dirname, join } from "node:path";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { PluginRuntimeProvider } from "../../src/protocol/index.js";
import {
  accepts,
  leftIn,
  open,
  ProviderProcess,
  startProvider,
  temporaryFolder,
  until,
} from "./provider-process.js";

async function listenOn(path: string, backlog?: number): Promise<Server> {
  const server = createServer();
  server.listen({ path, ...(backlog !== undefined && { backlog }) });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

/** Leaves the file of a listener that is dead. */
async function leaveStaleSocket(path: string): Promise<void> {
  const child = spawn(
    process.execPath,
    ["-e", `require("net").createServer().listen(process.argv[1], () => console.log("up"))`, path],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(lstatSync(path).isSocket()).toBe(true);
  expect(await accepts(path)).toBe(false);
}

/** A path of exactly this many bytes below a folder, the last part of the given length. */
function pathOfBytes(folder: string, bytes: number, nameBytes: number): string {
  const middle = "d".repeat(bytes - Buffer.byteLength(folder) - nameBytes - 2);
  mkdirSync(join(folder, middle));
  const path = join(folder, middle, "s".repeat(nameBytes));
  expect(Buffer.byteLength(path)).toBe(bytes);
  return path;
}

describe("the socket's variable", () => {
  it.each([undefined, ""])(
    "PROC-1: without GESTALT_PLUGIN_SOCKET (%j) it ends with 1 and names it",
    async (value) => {
      const provider = new ProviderProcess({ env: { GESTALT_PLUGIN_SOCKET: value } });
      expect(await provider.exit).toEqual({ code: 1, signal: null });
      expect(provider.stderr).toContain(
        "GESTALT_PLUGIN_SOCKET is not set: it names the Unix socket to serve on; gestaltd sets it when it starts a provider",
      );
      expect(provider.stderr).not.toContain("    at ");
      expect(provider.stdout).toBe("");
    },
  );

  it("PROC-1: a relative path is refused by name", async () => {
    const provider = new ProviderProcess({ env: { GESTALT_PLUGIN_SOCKET: "run/p.sock" } });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(
      'GESTALT_PLUGIN_SOCKET "run/p.sock" is not absolute; give an absolute path',
    );
  });

  it("PROC-1: a folder that is missing is refused with what to look at", async () => {
    const path = join(temporaryFolder(), "missing", "p.sock");
    const provider = new ProviderProcess({ socketPath: path });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain("does its directory exist and may this user write there?");
    expect(provider.stderr).toContain(dirname(path));
  });

  it.each(["with space", "per%20cent", "quest?ion", "ha#sh", "co:lon", "ümläut-日本", "eq=ual"])(
    "PROC-1: serves at a path with odd characters: %s",
    async (name) => {
      const socketPath = join(temporaryFolder(), name);
      const provider = await startProvider({ socketPath });
      expect(leftIn(dirname(socketPath))).toEqual([name]);
      expect((await provider.runtime.getSession({ sessionId: "a" })).state).toBe("running");
    },
  );

  it("PROC-1: gRPC with prior knowledge on the socket, with :authority localhost", async () => {
    const provider = await startProvider();
    const session = connectHttp2("http://localhost", {
      createConnection: () => connect(provider.socketPath),
    });
    onTestFinished(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": "/gestalt.provider.v1.ProviderLifecycle/GetProviderIdentity",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(Buffer.alloc(5));
    stream.resume();
    const [trailers] = (await once(stream, "trailers")) as [Record<string, string>];
    expect(trailers["grpc-status"]).toBe("0");
  });
});

describe("what stands at the path already", () => {
  it("PROC-2: replaces a stale socket", async () => {
    const socketPath = join(temporaryFolder(), "p.sock");
    await leaveStaleSocket(socketPath);
    const before = lstatSync(socketPath).ino;
    const provider = new ProviderProcess({ socketPath });
    await until(() => lstatSync(socketPath, { throwIfNoEntry: false })?.ino !== before, "a new socket");
    expect(
      await open(socketPath)
        .client(PluginRuntimeProvider)
        .getSession({ sessionId: "a" })
        .catch((error: unknown) => error),
    ).toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 0, signal: null });
    expect(leftIn(dirname(socketPath))).toEqual([]);
  });

  it("PROC-2: replaces a stale socket also where no temporary name fits", async () => {
    const socketPath = pathOfBytes(temporaryFolder(), 107, 1);
    await leaveStaleSocket(socketPath);
    const provider = new ProviderProcess({ socketPath });
    let up = false;
    while (!up) {
      up = await accepts(socketPath);
      expect(provider.ended).toBe(false);
    }
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 0, signal: null });
    expect(leftIn(dirname(socketPath))).toEqual([]);
  });

  it.each([
    ["a file", (path: string) => writeFileSync(path, "precious")],
    ["a directory", (path: string) => mkdirSync(path)],
    ["a symbolic link", (path: string) => symlinkSync("/nowhere", path)],
    ["a symbolic link to a file", (path: string) => symlinkSync(import.meta.filename, path)],
  ])("PROC-2: refuses %s and leaves it alone", async (_, put) => {
    const socketPath = join(temporaryFolder(), "p.sock");
    put(socketPath);
    const before = lstatSync(socketPath);
    const provider = new ProviderProcess({ socketPath });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(
      `${socketPath} is in the way and no socket; it was left alone: remove it, or serve at another path`,
    );
    const after = lstatSync(socketPath);
    expect({ ino: after.ino, mode: after.mode, size: after.size }).toEqual({
      ino: before.ino,
      mode: before.mode,
      size: before.size,
    });
    if (after.isFile()) expect(readFileSync(socketPath, "utf8")).toBe("precious");
    expect(leftIn(dirname(socketPath))).toEqual(["p.sock"]);
  });

  it("PROC-2: refuses a path where another process listens", async () => {
    const socketPath = join(temporaryFolder(), "p.sock");
    await listenOn(socketPath);
    const provider = new ProviderProcess({ socketPath });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(
      `another process listens on ${socketPath} (dialling it: connected); end it, or serve at another path`,
    );
    expect(await accepts(socketPath)).toBe(true);
    expect(leftIn(dirname(socketPath))).toEqual(["p.sock"]);
  });

  it("PROC-2: refuses also where the listener is too busy to take one more connection", async () => {
    const socketPath = join(temporaryFolder(), "p.sock");
    const busy = spawn(
      process.execPath,
      [
        "-e",
        `require("net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
           require("fs").writeSync(1, "up");
           for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
         })`,
        socketPath,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    onTestFinished(() => void busy.kill("SIGKILL"));
    await once(busy.stdout, "data");
    let full = false;
    while (!full) {
      const waiting = connect(socketPath);
      onTestFinished(() => void waiting.destroy());
      full = await new Promise((resolve) => {
        waiting.on("connect", () => resolve(false)).on("error", () => resolve(true));
      });
    }
    const { ino } = lstatSync(socketPath);
    const provider = new ProviderProcess({ socketPath });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(`another process listens on ${socketPath} (dialling it: EAGAIN)`);
    expect(lstatSync(socketPath).ino).toBe(ino);
    expect(leftIn(dirname(socketPath))).toEqual(["p.sock"]);
  });
});

describe("the path's length", () => {
  it("DIAL-2: serves at a path of 107 bytes, with and without room for a temporary name", async () => {
    for (const nameBytes of [20, 9, 1]) {
      const socketPath = pathOfBytes(temporaryFolder(), 107, nameBytes);
      const provider = await startProvider({ socketPath });
      expect((await provider.runtime.getSession({ sessionId: "a" })).state).toBe("running");
      expect(leftIn(dirname(socketPath))).toEqual([basename(socketPath)]);
      provider.child.kill();
      expect(await provider.exit).toEqual({ code: 0, signal: null });
      expect(leftIn(dirname(socketPath))).toEqual([]);
    }
  });

  it.each([108, 109, 120])("DIAL-2: refuses a path of %i bytes at once", async (bytes) => {
    const socketPath = pathOfBytes(temporaryFolder(), bytes, 6);
    const provider = new ProviderProcess({ socketPath });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(
      `GESTALT_PLUGIN_SOCKET "${socketPath}" has ${bytes} bytes, more than the 107 that a Unix socket's address holds (DIAL-2); use a shorter directory`,
    );
    expect(leftIn(dirname(socketPath))).toEqual([]);
  });

  it("DIAL-2: counts bytes and not characters", async () => {
    const folder = temporaryFolder();
    const socketPath = join(folder, "ü".repeat(50));
    const provider = new ProviderProcess({ socketPath });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain(`has ${Buffer.byteLength(socketPath)} bytes`);
    expect(leftIn(folder)).toEqual([]);
  });
});

describe("when the path appears", () => {
  it("PROC-3: it accepts at once, and no other name is left", async () => {
    for (let round = 0; round < 8; round += 1) {
      const folder = temporaryFolder();
      const socketPath = join(folder, "p.sock");
      const provider = new ProviderProcess({ socketPath });
      while (!existsSync(socketPath)) {
        // Nothing else may run between the sight of the file and the dial.
        if (provider.ended) throw new Error(provider.stderr);
        const end = performance.now() + 2;
        while (!existsSync(socketPath) && performance.now() < end);
        if (!existsSync(socketPath)) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await accepts(socketPath)).toBe(true);
      expect(leftIn(folder)).toEqual(["p.sock"]);
      provider.child.kill("SIGTERM");
      expect(await provider.exit).toEqual({ code: 0, signal: null });
      expect(leftIn(folder)).toEqual([]);
    }
  });
});

describe("the environment", () => {
  it("PROC-4: runs with nothing but its socket in the environment", async () => {
    const provider = await startProvider({
      env: { PATH: undefined, GESTALT_PLUGIN_PARENT_PID: undefined },
    });
    const { metadata } = await provider.runtime.startSession({ pluginName: "environment" });
    expect(metadata).toEqual({ GESTALT_PLUGIN_SOCKET: provider.socketPath });
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 0, signal: null });
  });
});
