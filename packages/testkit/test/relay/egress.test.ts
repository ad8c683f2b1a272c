import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { createEgressProxy, egressPolicy } from "@gestalt-runtime/sdk/egress";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPublicListener, type EgressClaims, type PublicListener } from "../../src/host/index.js";
import { TestDirectory } from "../host/fixtures.js";
import { tls } from "./support.js";

const claims: EgressClaims = {
  plugin: "p",
  sessionId: "s",
  allowedHosts: ["api.example.com", "*.wide.example.com", "nobody.example.com"],
  defaultAction: "allow",
};
const addresses: Record<string, readonly string[]> = { "nobody.example.com": [] };

const basic = (token: string, user = "gestalt-egress-proxy"): string =>
  `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;

describe("EGR-3: the public egress proxy", () => {
  let directory: TestDirectory;
  let listener: PublicListener;
  let origin: Server;
  let reached: string[];
  let port: number;

  beforeEach(async () => {
    directory = await TestDirectory.make();
    reached = [];
    origin = createServer((incoming, response) => {
      reached.push(`${incoming.method ?? ""} ${incoming.headers.host ?? ""}${incoming.url ?? ""}`);
      let length = 0;
      incoming.on("data", (chunk: Buffer) => (length += chunk.length));
      incoming.on("end", () =>
        response.end(`got ${length} bytes, ${incoming.headers["proxy-authorization"] ?? "no"} credentials`),
      );
    });
    origin.listen(0, "127.0.0.1");
    await once(origin, "listening");
    port = (origin.address() as AddressInfo).port;
    listener = await openPublicListener({
      tmpDir: directory.path,
      times: { egressTunnelMs: 400 },
      resolve: (host) => Promise.resolve(addresses[host] ?? ["127.0.0.1"]),
    });
  });
  afterEach(async () => {
    origin.closeAllConnections();
    origin.close();
    await listener.close();
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const token = (faults = {}, changed: Partial<EgressClaims> = {}): Promise<string> =>
    listener.tokens.egress({ ...claims, ...changed }, faults);

  const ask = async (
    url: string,
    headers: Record<string, string>,
    body?: Buffer,
  ): Promise<{ readonly status: number; readonly body: string; readonly challenge: boolean }> => {
    const { port: proxyPort } = listener.address;
    const method = body === undefined ? "GET" : "POST";
    const sent = request({ host: "127.0.0.1", port: proxyPort, agent: false, method, path: url, headers });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return {
      status: answer.statusCode ?? 0,
      body: text,
      challenge: answer.headers["proxy-authenticate"] !== undefined,
    };
  };

  const tunnel = async (
    target: string,
    headers: Record<string, string>,
  ): Promise<{ readonly status: number; readonly socket: Socket; readonly challenge: boolean }> => {
    const { port: proxyPort } = listener.address;
    const sent = request({
      host: "127.0.0.1",
      port: proxyPort,
      agent: false,
      method: "CONNECT",
      path: target,
      headers,
    });
    sent.end();
    const [answer, socket] = (await once(sent, "connect")) as [IncomingMessage, Socket];
    socket.on("error", () => undefined);
    const challenge = answer.headers["proxy-authenticate"] !== undefined;
    if (answer.statusCode !== 200) socket.destroy();
    return { status: answer.statusCode ?? 0, socket, challenge };
  };

  it("serves an absolute URI for an allowed host, with Basic and with Bearer; the token goes no further", async () => {
    const url = `http://api.example.com:${port}/a?b`;
    for (const credentials of [
      basic(await token()),
      basic(await token(), "other"),
      `Bearer ${await token()}`,
    ])
      expect(
        await ask(url, { "proxy-authorization": credentials, host: `api.example.com:${port}` }),
      ).toMatchObject({
        status: 200,
        body: "got 0 bytes, no credentials",
      });
    expect(reached).toEqual(Array(3).fill(`GET api.example.com:${port}/a?b`));
  });

  it("passes a body on whole", async () => {
    const headers = { "proxy-authorization": basic(await token()) };
    const body = Buffer.alloc(3 << 20, 1);
    expect(await ask(`http://x.wide.example.com:${port}/`, headers, body)).toMatchObject({
      status: 200,
      body: `got ${body.length} bytes, no credentials`,
    });
  });

  it("opens a tunnel to an allowed host, and cuts it when its time is over", async () => {
    const { status, socket } = await tunnel(`api.example.com:${port}`, {
      "proxy-authorization": `Bearer ${await token()}`,
    });
    expect(status).toBe(200);
    socket.write(`GET /in-tunnel HTTP/1.1\r\nhost: api.example.com\r\n\r\n`);
    const [first] = (await once(socket, "data")) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.resume();
    // By nobody but the proxy: both ends would stay.
    await once(socket, "close");
    expect(reached).toEqual(["GET api.example.com/in-tunnel"]);
  });

  it("a tunnel's halves end one by one", async () => {
    const echo = createTcp({ allowHalfOpen: true }, (socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("end", () => socket.end(Buffer.concat(chunks)));
      socket.on("error", () => undefined);
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    const { port: echoPort } = echo.address() as AddressInfo;
    const { socket } = await tunnel(`api.example.com:${echoPort}`, {
      "proxy-authorization": basic(await token()),
    });
    socket.end("until the end");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe("until the end");
    echo.close();
  });

  it("without credentials nothing is a proxy request: 404, and no challenge", async () => {
    expect(await ask(`http://api.example.com:${port}/`, {})).toMatchObject({ status: 404, challenge: false });
    expect(await tunnel(`api.example.com:${port}`, {})).toMatchObject({ status: 404, challenge: false });
    // Nor is one that names no target.
    const headers = { "proxy-authorization": basic(await token()) };
    expect(await ask("/", headers)).toMatchObject({ status: 404, challenge: false });
    expect(reached).toEqual([]);
  });

  it("wrong credentials: 407, of each kind and for each form of request", async () => {
    const wrong = [
      "Basic nonsense",
      "Digest x",
      basic(await token({ key: "another" })),
      basic(await token({ lifetimeMs: -1_000 })),
      basic(await token({ audience: "gestalt-host-service-relay" })),
      `Bearer ${await listener.tokens.relay({ plugin: "p", sessionId: "s", service: "c", envVar: "C", methodPrefix: "/" })}`,
    ];
    for (const credentials of wrong) {
      const headers = { "proxy-authorization": credentials };
      expect(await ask(`http://api.example.com:${port}/`, headers)).toMatchObject({
        status: 407,
        challenge: true,
      });
      expect(await tunnel(`api.example.com:${port}`, headers)).toMatchObject({
        status: 407,
        challenge: true,
      });
    }
    expect(reached).toEqual([]);
  });

  it("EGR-1: a host that the token's policy does not list: 403; the request's port does not count", async () => {
    const headers = { "proxy-authorization": basic(await token()) };
    for (const host of ["other.example.com", "wide.example.com", "127.0.0.1", "localhost"]) {
      expect((await ask(`http://${host}:${port}/`, headers)).status).toBe(403);
      expect((await tunnel(`${host}:${port}`, headers)).status).toBe(403);
    }
    expect((await ask(`http://API.example.com:${port}/`, headers)).status).toBe(200);
    const denied = {
      "proxy-authorization": basic(await token({}, { allowedHosts: [], defaultAction: "deny" })),
    };
    expect((await ask(`http://api.example.com:${port}/`, denied)).status).toBe(403);
    const open = { "proxy-authorization": basic(await token({}, { allowedHosts: [] })) };
    expect((await ask(`http://127.0.0.1:${port}/`, open)).status).toBe(200);
  });

  it("SUP-4: the public host itself: 403, listed or not", async () => {
    const headers = { "proxy-authorization": basic(await token({}, { allowedHosts: ["localhost"] })) };
    const { port: own } = listener.address;
    expect((await tunnel(`localhost:${own}`, headers)).status).toBe(403);
    expect((await ask(`http://localhost:${own}/`, headers)).status).toBe(403);
  });

  it("nothing there: 502", async () => {
    const headers = { "proxy-authorization": basic(await token()) };
    const gone = createTcp();
    gone.listen(0, "127.0.0.1");
    await once(gone, "listening");
    const { port: free } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, "close");
    for (const target of [`api.example.com:${free}`, `nobody.example.com:${port}`]) {
      expect((await ask(`http://${target}/`, headers)).status).toBe(502);
      expect((await tunnel(target, headers)).status).toBe(502);
    }
  });

  it("CONNECT without a port means 443", async () => {
    const asked: string[] = [];
    await using other = await openPublicListener({
      tmpDir: directory.path,
      resolve: (host) => {
        asked.push(host);
        return Promise.resolve(["127.0.0.1"]);
      },
    });
    const socket = connect(other.address.port, "127.0.0.1");
    const credentials = basic(await other.tokens.egress(claims));
    socket.write(`CONNECT api.example.com HTTP/1.1\r\nproxy-authorization: ${credentials}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    // Nothing serves port 443 of this machine: what counts is that the target was understood, and dialled.
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 (502 Bad Gateway|200 OK)/);
    expect(asked).toEqual(["api.example.com"]);
    socket.destroy();
  });

  it("SUP-4: a runtime's own proxy chains to it over TLS, as the URL in the environment says", async () => {
    await using secure = await openPublicListener({
      tls,
      tmpDir: directory.path,
      resolve: () => Promise.resolve(["127.0.0.1"]),
    });
    const url = secure.proxyUrl(await secure.tokens.egress(claims));
    await using own = await createEgressProxy({
      policy: egressPolicy({ allowedHosts: ["api.example.com"], defaultAction: "allow" }),
      upstream: { url, ca: tls.cert },
    });
    if (!("port" in own.address)) throw new Error("no port");
    const sent = request({
      host: "127.0.0.1",
      port: own.address.port,
      path: `http://api.example.com:${port}/chained`,
      agent: false,
    });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(reached).toEqual([`GET api.example.com:${port}/chained`]);
  });
});
