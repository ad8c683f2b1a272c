import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPublicListener, relayTokenHeader, type PublicListener } from "../../src/host/index.js";
import { TestDirectory } from "../host/fixtures.js";
import { tls } from "./support.js";

const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };

describe("HOST: the public listener", () => {
  let directory: TestDirectory;
  let listener: PublicListener;
  beforeEach(async () => {
    directory = await TestDirectory.make();
    listener = await openPublicListener({ tmpDir: directory.path });
  });
  afterEach(async () => {
    await listener.close();
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const statusOverHttp2 = async (headers: Record<string, string>): Promise<number | undefined> => {
    const session = connectHttp2(`http://127.0.0.1:${listener.address.port}`);
    const stream = session.request(headers);
    stream.end();
    const [answer] = (await once(stream, "response")) as [{ ":status"?: number }];
    stream.resume();
    session.close();
    return answer[":status"];
  };

  it("a gRPC request without a relay token is an ordinary one: 404", async () => {
    const path = "/gestalt.provider.v1.Cache/Get";
    expect(await statusOverHttp2({ ...grpc, ":path": path })).toBe(404);
    expect(await statusOverHttp2({ ":method": "GET", ":path": "/" })).toBe(404);
  });

  it("a relay token makes no gRPC request of what is none: 404", async () => {
    const token = { [relayTokenHeader]: "x" };
    expect(await statusOverHttp2({ ...token, ":method": "POST", ":path": "/a/b" })).toBe(404);
    expect(await statusOverHttp2({ ...token, ...grpc, ":method": "GET", ":path": "/a/b" })).toBe(404);
    const answer = await overHttp1({ ...token, "content-type": "application/grpc" });
    expect(answer).toBe(404);
  });

  const overHttp1 = async (headers: Record<string, string>): Promise<number | undefined> => {
    const { port } = listener.address;
    const sent = request({ port, host: "127.0.0.1", agent: false, method: "POST", path: "/a/b", headers });
    sent.end();
    const [answer] = (await once(sent, "response")) as [{ statusCode?: number; resume(): void }];
    answer.resume();
    return answer.statusCode;
  };

  it("closes connections that say nothing known, whole or in pieces, and goes on", async () => {
    for (const pieces of [
      ["\x16\x03\x01\x00"],
      ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"],
      ["P", "R", "I * NONSENSE\r\n\r\n"],
    ]) {
      const socket: Socket = connect(listener.address.port, "127.0.0.1");
      socket.resume();
      socket.on("error", () => undefined);
      const closed = once(socket, "close");
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      socket.end();
      await closed;
    }
    expect(await statusOverHttp2({ ":method": "GET", ":path": "/" })).toBe(404);
  });

  it("HTTP/2 whose first bytes come one by one is HTTP/2", async () => {
    const session = connectHttp2("http://localhost", {
      createConnection: () => {
        const socket = connect(listener.address.port, "127.0.0.1");
        const write = socket._write.bind(socket);
        socket._write = (chunk: Buffer, encoding, done) => {
          write(chunk.subarray(0, 1), encoding, () =>
            setTimeout(() => write(chunk.subarray(1), encoding, done), 20),
          );
        };
        socket._writev = undefined as never;
        return socket;
      },
    });
    const stream = session.request({ ":path": "/" });
    const [answer] = (await once(stream, "response")) as [{ ":status"?: number }];
    expect(answer[":status"]).toBe(404);
    stream.resume();
    session.close();
  });

  it("BIND-3: names itself by its base URL, and by its own address without one", async () => {
    const { port } = listener.address;
    expect([listener.baseUrl, listener.dialTarget]).toEqual([
      `http://localhost:${port}`,
      `tcp://localhost:${port}`,
    ]);
    const named = async (baseUrl: string): Promise<readonly string[]> => {
      await using other = await openPublicListener({ baseUrl, tmpDir: directory.path });
      return [other.publicHost, other.dialTarget, other.proxyUrl("t")];
    };
    expect(await named("https://gestalt.example.test/")).toEqual([
      "gestalt.example.test",
      "tls://gestalt.example.test:443",
      "https://gestalt-egress-proxy:t@gestalt.example.test",
    ]);
    expect(await named("https://[::1]:8443")).toEqual([
      "::1",
      "tls://[::1]:8443",
      "https://gestalt-egress-proxy:t@[::1]:8443",
    ]);
  });

  it("DIAL-3: with TLS it offers h2 and http/1.1, from TLS 1.2 on", async () => {
    await using secure = await openPublicListener({ tls, tmpDir: directory.path });
    const { port } = secure.address;
    const agreed = async (options: object): Promise<string> => {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        servername: "localhost",
        ca: tls.cert,
        ...options,
      });
      await once(socket, "secureConnect");
      const found = socket.alpnProtocol;
      socket.destroy();
      return String(found);
    };
    expect(await agreed({ ALPNProtocols: ["h2"] })).toBe("h2");
    expect(await agreed({ ALPNProtocols: ["http/1.1"], maxVersion: "TLSv1.2" })).toBe("http/1.1");
    await expect(agreed({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1" })).rejects.toThrow();
  });
});
