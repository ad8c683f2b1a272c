import { mkdtempSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { probeHttp2, waitForHttp2, type DialTarget } from "../../src/index.js";
import { certificatePem, keyPem } from "../logs/localhost-certificate.js";

const identity = { cert: certificatePem, key: keyPem };

async function tlsTarget(server: Server): Promise<DialTarget> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { type: "tls", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

/** TCP sockets that this process has open. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

describe("probeHttp2 over TLS", () => {
  it("DIAL-3: a server that negotiates no ALPN is no HTTP/2 server, whatever it speaks", async () => {
    // An HTTP/2 server's first frame, sent without negotiation.
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const target = await tlsTarget(createTlsServer(identity, (socket) => void socket.write(settings)));
    expect(await probeHttp2(target, 2_000)).toBe("not-http2");
  });

  it("DIAL-3: a server that chooses another protocol is no HTTP/2 server", async () => {
    const server = createTlsServer({ ...identity, ALPNCallback: () => "http/1.1" });
    server.on("tlsClientError", () => undefined);
    expect(await probeHttp2(await tlsTarget(server), 2_000)).toBe("not-http2");
  });

  it("PLUG-6: plaintext where TLS is expected, and silence in the handshake, are told", async () => {
    const echo = createServer((socket) => void socket.on("error", () => undefined).pipe(socket));
    expect(await probeHttp2(await tlsTarget(echo), 2_000)).toBe("not-http2");
    expect(await probeHttp2(await tlsTarget(createServer()), 100)).toBe("silent");
  });
});

describe("what a probe leaves", () => {
  it("PLUG-4: no socket, whatever it found", async () => {
    const folder = mkdtempSync("/tmp/l1-");
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const secure = await tlsTarget(createSecureServer(identity));
    // Those of the tests before are still on their way out.
    await expect.poll(openSockets).toBe(0);
    const looks: [DialTarget, number][] = [
      [{ type: "unix", path: join(folder, "none") }, 1_000],
      [secure, 1_000],
      [{ ...secure, type: "tcp" } as DialTarget, 50],
    ];
    for (const [target, timeoutMs] of looks) await probeHttp2(target, timeoutMs);
    const { signal } = new AbortController();
    await waitForHttp2(secure, { signal });
    // The server's ends of these connections, in this same process, go with ours.
    await expect.poll(openSockets).toBe(0);
  });

  it("PLUG-7: with a signal that is aborted already it does not wait", async () => {
    const silent = await tlsTarget(createServer());
    expect(await probeHttp2(silent, 600_000, AbortSignal.abort())).toBe("refused");
    await expect(waitForHttp2(silent, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });

  it("PLUG-7: the wait between two looks ends with the signal's own reason", async () => {
    const cancel = new AbortController();
    const waiting = waitForHttp2(
      { type: "unix", path: "/nowhere/at/all.sock" },
      {
        signal: cancel.signal,
        intervalMs: 600_000,
        onAnswer: () => setImmediate(() => cancel.abort(new Error("enough"))),
      },
    );
    await expect(waiting).rejects.toThrow(/^enough$/);
  });
});
