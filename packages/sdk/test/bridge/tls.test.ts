import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { describe, expect, it } from "vitest";
import type { Bridge } from "../../src/index.js";
import {
  collectLogs,
  dial,
  dialledEnd,
  dialTls,
  endOf,
  expectSockets,
  firstPair,
  listenAt,
  openSockets,
  readAll,
  startBridge,
  startDial,
  startEcho,
  startOrigin,
  type LogLine,
} from "./support.js";

async function tlsBridge(): Promise<{ bridge: Bridge; lines: LogLine[] }> {
  const { logger, lines } = collectLogs();
  const echo = await startEcho();
  const bridge = await startBridge({ listen: listenAt("tls"), upstream: echo.target, logger });
  return { bridge, lines };
}

const reason =
  "this is a gRPC endpoint: negotiate ALPN h2 in the TLS handshake (DIAL-3); this connection negotiated no protocol";

describe("the TLS of a bridge", () => {
  it("DIAL-3: is verified by its roots and negotiates h2, with TLS 1.2 and 1.3", async () => {
    const { bridge } = await tlsBridge();
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const client = await dialTls(bridge.target, { minVersion: version, maxVersion: version });
      expect([client.authorized, client.alpnProtocol, client.getProtocol()]).toEqual([true, "h2", version]);
      client.end("hello");
      expect((await readAll(client)).toString()).toBe("hello");
    }
  });

  it("DIAL-3: refuses TLS 1.1 in the handshake, and says so", async () => {
    const { bridge, lines } = await tlsBridge();
    // Old versions are off by OpenSSL's own security level, too.
    const old: ConnectionOptions = {
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    };
    expect(await dialledEnd(bridge.target, old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    await expect.poll(() => lines.map(({ text }) => text)).toEqual(["a TLS handshake failed"]);
    expect(lines[0]?.fields.reason).toMatch(/unsupported protocol/i);
  });

  it("DIAL-3: an offer without h2 gets TLS's own alert, and the reason is logged", async () => {
    const { bridge, lines } = await tlsBridge();
    const end = await dialledEnd(bridge.target, { ALPNProtocols: ["http/1.1"] });
    expect(end).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    await expect
      .poll(() => lines)
      .toMatchObject([
        {
          text: "a TLS handshake failed",
          fields: {
            reason:
              "it offered ALPN without h2, which gRPC needs (DIAL-3); it got the alert no_application_protocol",
          },
        },
      ]);
  });

  it("DIAL-3: an HTTP/2 client without ALPN is told why in a GOAWAY, and reaches nothing", async () => {
    const { logger, lines } = collectLogs();
    const bridge = await startBridge({
      listen: listenAt("tls"),
      upstream: () => Promise.reject(new Error("the upstream was dialled")),
      logger,
    });
    const session = connectHttp2("https://localhost", {
      createConnection: () => startDial(bridge.target, { ALPNProtocols: [] }),
    });
    session.on("error", () => undefined);
    const closed = new Promise((resolve) => session.once("close", resolve));
    const [code, said] = await new Promise<[number, Buffer]>((resolve) =>
      session.once("goaway", (code, _, data: Buffer) => resolve([code, data])),
    );
    expect([code, said.toString()]).toEqual([0xc, reason]);
    await closed;
    expect(lines).toMatchObject([{ level: "warn", text: "a TLS client was refused", fields: { reason } }]);
  });

  it.each([
    ["speaks HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["says nothing", ""],
    ["closes at once", undefined],
  ])("DIAL-3: a client without ALPN that %s is told why in words", async (_, first) => {
    const { bridge } = await tlsBridge();
    const client = await dial(bridge.target, { ALPNProtocols: [] });
    const answer = readAll(client);
    if (first === undefined) client.end();
    else client.write(first);
    expect((await answer).toString()).toMatch(
      new RegExp(`^HTTP/1\\.1 403 Forbidden\r\n[^]*\r\n\r\n${reason.replace(/[()]/g, "\\$&")}\n$`),
    );
  });

  it("a client that never ends its refusal is cut off", async () => {
    const { bridge } = await tlsBridge();
    const client = await dial(bridge.target, { ALPNProtocols: [] });
    client.on("error", () => undefined);
    const closed = new Promise((resolve) => client.once("close", resolve));
    const talking = setInterval(() => client.write("GET "), 50);
    client.resume();
    await closed;
    clearInterval(talking);
  });

  it("a flood of refused clients is one line, and counted", async () => {
    const { bridge, lines } = await tlsBridge();
    for (let time = 0; time < 20; time += 1) await dialledEnd(bridge.target, { ALPNProtocols: ["http/1.1"] });
    expect(lines).toHaveLength(1);
  });

  it("plaintext, and a client that leaves in the handshake, harm nobody", async () => {
    const { bridge, lines } = await tlsBridge();
    const before = openSockets();
    const plain = bridge.target.replace("tls://localhost", "tcp://127.0.0.1");
    const client = await dial(plain);
    client.write("GET / HTTP/1.1\r\n\r\n");
    expect(await endOf(client)).toBe("end");
    client.destroy();
    (await dial(plain)).resetAndDestroy();
    const good = await dial(bridge.target);
    good.end("hello");
    expect((await readAll(good)).toString()).toBe("hello");
    good.destroy();
    await expectSockets(before);
    expect(lines.map(({ fields }) => fields.reason)).toEqual([expect.stringMatching(/http request/i)]);
  });
});

describe("a TLS upstream", () => {
  it("is verified by name, and refused when it is another's", async () => {
    const bridged = await tlsBridge();
    // No root of this system signed the test's certificate.
    const { logger, lines } = collectLogs();
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: bridged.bridge.target, logger });
    expect(await dialledEnd(bridge.target)).toBe("ECONNRESET");
    expect(lines[0]?.fields.reason).toMatch(/self-signed certificate/);
  });

  it("may be given by a function, with roots of its own", async () => {
    const { bridge: inner } = await tlsBridge();
    const origin = await startOrigin();
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: async () => {
        const socket = connectTls({
          host: "127.0.0.1",
          port: Number(inner.target.split(":").at(-1)),
          servername: "localhost",
          ca: [firstPair.cert],
          ALPNProtocols: ["h2"],
        });
        await once(socket, "secureConnect");
        return socket;
      },
    });
    const client = await dial(bridge.target);
    client.end("through two bridges");
    expect((await readAll(client)).toString()).toBe("through two bridges");
    expect(origin.server.listening).toBe(true);
  });
});
