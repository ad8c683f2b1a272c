import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createHttp1 } from "node:http";
import { createSecureServer, createServer as createHttp2 } from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { probeHttp2, waitForHttp2, type DialTarget } from "../../src/index.js";
import { certificatePem, keyPem } from "../logs/localhost-certificate.js";

async function listening(server: Server, where?: string): Promise<DialTarget> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    if (where === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(where, resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  if (where !== undefined) return { type: "unix", path: where };
  return { type: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

function socketPath(): string {
  const folder = mkdtempSync("/tmp/l1-");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "s");
}

/** A socket's file whose server is gone. */
async function staleSocket(): Promise<string> {
  const path = socketPath();
  const server = createServer().listen(`${path}.bound`);
  await once(server, "listening");
  renameSync(`${path}.bound`, path);
  server.close();
  return path;
}

describe("probeHttp2", () => {
  it("PLUG-4: tells HTTP/2 over a Unix socket, TCP and TLS", async () => {
    expect(await probeHttp2(await listening(createHttp2(), socketPath()), 2_000)).toBe("http2");
    expect(await probeHttp2(await listening(createHttp2()), 2_000)).toBe("http2");
    const secure = await listening(
      createSecureServer({ cert: certificatePem, key: keyPem, allowHTTP1: false }),
    );
    expect(await probeHttp2({ ...secure, type: "tls" } as DialTarget, 2_000)).toBe("http2");
  });

  it("PLUG-6: tells what is no HTTP/2: nothing, silence, an echo, HTTP/1, a hang-up", async () => {
    expect(await probeHttp2({ type: "unix", path: socketPath() }, 500)).toBe("refused");
    expect(await probeHttp2(await listening(createServer()), 100)).toBe("silent");
    expect(await probeHttp2(await listening(createServer((socket) => socket.pipe(socket))), 2_000)).toBe(
      "not-http2",
    );
    expect(await probeHttp2(await listening(createHttp1()), 2_000)).toBe("not-http2");
    expect(await probeHttp2(await listening(createServer((socket) => socket.end())), 2_000)).toBe(
      "not-http2",
    );
  });
});

describe("waitForHttp2", () => {
  it("PLUG-4: waits for a listener that comes late", async () => {
    const path = socketPath();
    const seen = new Set<string>();
    const waiting = waitForHttp2(
      { type: "unix", path },
      { signal: AbortSignal.timeout(10_000), onAnswer: (answer) => seen.add(answer) },
    );
    await expect.poll(() => seen.has("refused")).toBe(true);
    await listening(createHttp2(), path);
    await waiting;
    expect([...seen]).toEqual(["refused", "http2"]);
  });

  it.each([
    ["at its place", (path: string) => listening(createHttp2(), path)],
    [
      "by a rename, as the SDK's own servers do",
      async (path: string) => {
        await listening(createHttp2(), `${path}.new`);
        renameSync(`${path}.new`, path);
      },
    ],
  ])("PLUG-4: looks at a Unix socket as soon as it appears %s", async (_, appear) => {
    const path = socketPath();
    let looks = 0;
    const waiting = waitForHttp2(
      { type: "unix", path },
      { signal: AbortSignal.timeout(20_000), intervalMs: 600_000, onAnswer: () => (looks += 1) },
    );
    await expect.poll(() => looks).toBeGreaterThan(0);
    await appear(path);
    await waiting;
  });

  it("PLUG-4: finds a Unix socket whose folder comes late", async () => {
    const path = join(socketPath(), "deep", "s");
    let looks = 0;
    const waiting = waitForHttp2(
      { type: "unix", path },
      { signal: AbortSignal.timeout(20_000), onAnswer: () => (looks += 1) },
    );
    await expect.poll(() => looks).toBeGreaterThan(0);
    mkdirSync(dirname(path), { recursive: true });
    await listening(createHttp2(), path);
    await waiting;
  });

  it("PLUG-6: a plugin that makes and removes its socket's file all the time is not looked at each time", async () => {
    const path = socketPath();
    let looks = 0;
    const cancel = new AbortController();
    const waiting = waitForHttp2(
      { type: "unix", path },
      { signal: cancel.signal, intervalMs: 600_000, onAnswer: () => (looks += 1) },
    );
    await expect.poll(() => looks).toBe(1);
    for (let round = 0; round < 2_000; round += 1) {
      writeFileSync(path, "");
      rmSync(path);
      if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    cancel.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(200);
  });

  it.each([
    ["of a socket that is not there", socketPath],
    ["of one that does not listen any more", staleSocket],
  ])("PLUG-4: ends with what its caller's function throws, told %s", async (_, where) => {
    const told = waitForHttp2(
      { type: "unix", path: await where() },
      {
        signal: AbortSignal.timeout(10_000),
        onAnswer: () => {
          throw new Error("told enough");
        },
      },
    );
    await expect(told).rejects.toThrow("told enough");
  });

  it("PLUG-7: ends with its signal's reason", async () => {
    const cancel = new AbortController();
    const waiting = waitForHttp2({ type: "unix", path: socketPath() }, { signal: cancel.signal });
    cancel.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
