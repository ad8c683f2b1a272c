import { createServer as createHttp2Server } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  connectTo,
  get,
  listen,
  openProxy,
  originHost,
  patiently,
  startDeafListener,
  startOrigin,
  statusOf,
} from "./support.js";

const established = "HTTP/1.1 200 Connection established\r\n\r\n";

describe("CONNECT", () => {
  it.each([
    ["31 port 0", "allowed.test:0"],
    ["31 port 65536", "allowed.test:65536"],
    ["31 port 443abc", "allowed.test:443abc"],
    ["31 port -1", "allowed.test:-1"],
    ["31 port in hex", "allowed.test:0x1bb"],
    ["31 port with a sign", "allowed.test:+443"],
    ["31 empty port", "allowed.test:"],
    ["31 port of many digits", "allowed.test:000443"],
    ["31 no host", ":443"],
    ["32 userinfo", "allowed.test@evil.test:443"],
    ["32 userinfo for a listed host", "u:p@allowed.test:443"],
    ["33 a URI", "http://allowed.test:443/"],
    ["33 a URI without a path", "https://allowed.test"],
    ["33 a path", "allowed.test:443/x"],
    ["IPv6 without brackets", "::1:443"],
    ["two ports", "allowed.test:443:443"],
    ["a query", "allowed.test:443?x"],
  ])("EGR-3: vector %s is refused and reaches nothing", async (_, authority) => {
    const test = await openProxy();
    const answer = await test.ask(`CONNECT ${authority} HTTP/1.1\r\nHost: allowed.test\r\n\r\n`);
    expect(statusOf(answer)).toBe(400);
    expect(test.lookups).toEqual([]);
    expect(test.denied).toMatchObject([{ reason: "malformed", method: "CONNECT" }]);
  });

  it("EGR-3: vector 31, without a port it is 443", async () => {
    const test = await openProxy({ allowedPorts: [80] });
    expect(statusOf(await test.ask("CONNECT allowed.test HTTP/1.1\r\nHost: allowed.test\r\n\r\n"))).toBe(403);
    expect(test.denied).toMatchObject([{ reason: "port", host: "allowed.test", port: 443 }]);
  });

  it("EGR-1: vectors 31 and 34, any port is open, and Host says nothing", async () => {
    const origin = await startOrigin();
    const evil = await startOrigin(undefined, "127.0.0.10");
    const test = await openProxy();
    for (const head of [`Host: evil.test:${evil.port}\r\n\r\n`, "\r\n"]) {
      const client = await test.connect();
      client.send(`CONNECT allowed.test:${origin.port} HTTP/1.1\r\n${head}`);
      expect(await client.until("\r\n\r\n")).toBe(established);
      await origin.saw((client.send("hello"), "hello"));
    }
    const old = await test.connect();
    expect(await old.send(`CONNECT allowed.test:${origin.port} HTTP/1.0\r\n\r\n`).until("\r\n\r\n")).toBe(
      established,
    );
    expect(evil.connections).toEqual([]);
  });

  it("EGR-3: vector 35, what comes with the request arrives once, and first", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const client = await test.connect();
    client.send(`${connectTo(`allowed.test:${origin.port}`)}early `);
    await client.until(established);
    client.send("late");
    await origin.saw("late");
    expect(origin.received()).toBe("early late");
  });

  it("EGR-3: vector 36, each half closes by itself", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const clientFirst = await test.connect();
    clientFirst.send(connectTo(`allowed.test:${origin.port}`));
    await clientFirst.until(established);
    clientFirst.socket.end("question");
    const { socket } = await origin.saw("question");
    await expect.poll(() => origin.connections[0]?.ended, patiently).toBe(true);
    expect(clientFirst.ended).toBe(false);
    socket.end("answer");
    await clientFirst.over;
    expect(clientFirst.received).toBe(`${established}answer`);

    const originFirst = await test.connect();
    originFirst.send(`${connectTo(`allowed.test:${origin.port}`)}go`);
    await origin.saw("go");
    origin.connections[1]?.socket.end("all there is");
    await originFirst.over;
    expect(originFirst.received).toBe(`${established}all there is`);
    originFirst.send("still talking");
    await origin.saw("still talking");
    originFirst.socket.end();
    await expect.poll(() => test.proxy.tunnels, patiently).toBe(0);
    await expect.poll(() => test.proxy.connections, patiently).toBe(0);
  });

  it("EGR-3: vector 37, an origin that refuses is told as 502", async () => {
    const origin = await startOrigin();
    const { port } = origin;
    const test = await openProxy({
      allowed: ["allowed.test", "127.0.0.11"],
      addresses: { "allowed.test": ["127.0.0.11"] },
    });
    for (const request of [connectTo(`allowed.test:${port}`), get(`http://allowed.test:${port}/`)]) {
      const answer = await test.ask(request, /\r\n\r\n.+\n/s);
      expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(answer).toContain(`allowed.test, port ${port}, can't be reached (ECONNREFUSED)\n`);
    }
    expect(test.failed).toMatchObject([{ reason: "unreachable" }, { reason: "unreachable" }]);
  });

  it("EGR-3: vector 37, an origin that resets takes the client's connection with it", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const client = await test.connect();
    client.send(`${connectTo(`allowed.test:${origin.port}`)}go`);
    (await origin.saw("go")).socket.resetAndDestroy();
    await expect.poll(() => client.error?.code, patiently).toBe("ECONNRESET");
    await expect.poll(() => test.proxy.tunnels, patiently).toBe(0);
  });

  it("EGR-3: vector 38, an origin that does not answer is told as 504", async () => {
    const port = await startDeafListener(originHost);
    const test = await openProxy({ limits: { connectTimeoutMs: 100 } });
    for (const request of [connectTo(`allowed.test:${port}`), get(`http://allowed.test:${port}/`)]) {
      const answer = await test.ask(request, /\r\n\r\n.+\n/s);
      expect(answer).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
      expect(answer).toContain(`allowed.test, port ${port}, was not reached within 100 ms\n`);
    }
    expect(test.failed).toMatchObject([{ reason: "timeout" }, { reason: "timeout" }]);
  });

  it("EGR-3: vector 39, a quiet tunnel is cut, a busy one is not, however long it lives", async () => {
    const origin = await startOrigin((_, { socket }) => void socket.write("pong\r\n\r\n"));
    const test = await openProxy({ limits: { idleTimeoutMs: 600 } });
    const [quiet, busy] = [await test.connect(), await test.connect()];
    for (const client of [quiet, busy])
      await client.send(connectTo(`allowed.test:${origin.port}`)).until(established);
    const round = async (): Promise<void> => {
      busy.received = "";
      await busy.send("ping\r\n\r\n").until("pong");
    };
    // Until the quiet one is cut, and for as long again.
    let rounds = 0;
    for (; !quiet.ended && quiet.error === undefined; rounds += 1) await round();
    for (; rounds > 0; rounds -= 1) await round();
    expect(busy.ended).toBe(false);
    expect(test.proxy.tunnels).toBe(1);
    expect(origin.connections.filter(({ ended }) => ended).length).toBeLessThan(2);
  });

  it("EGR-3: a tunnel may be given a longest life", async () => {
    const origin = await startOrigin((_, { socket }) => void socket.write("pong\r\n\r\n"));
    const test = await openProxy({ limits: { tunnelTimeoutMs: 50 } });
    const client = await test.connect();
    await client.send(connectTo(`allowed.test:${origin.port}`)).until(established);
    const timer = setInterval(() => client.send("ping\r\n\r\n"), 5);
    onTestFinished(() => clearInterval(timer));
    await client.over;
    await expect.poll(() => test.proxy.tunnels, patiently).toBe(0);
  });

  it("EGR-3: vector 40, past the limit of tunnels there is 503, until one ends", async () => {
    const origin = await startOrigin();
    const test = await openProxy({ limits: { maxTunnels: 2 } });
    const target = connectTo(`allowed.test:${origin.port}`);
    const [first, second] = [await test.connect(), await test.connect()];
    for (const client of [first, second]) await client.send(target).until(established);
    const answer = await test.ask(target);
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*2 tunnels are open, which is the limit\n$/);
    expect(test.denied).toMatchObject([{ reason: "limit", status: 503 }]);
    expect(origin.connections.length).toBe(2);
    first.socket.resetAndDestroy();
    await expect.poll(() => test.proxy.tunnels, patiently).toBe(1);
    expect(statusOf(await test.ask(target, "\r\n\r\n"))).toBe(200);
    // Plain requests are not tunnels.
    expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`), "ok"))).toBe(200);
  });

  it("EGR-3: vector 41, a client that leaves frees the origin, at any moment", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const inTunnel = await test.connect();
    inTunnel.send(`${connectTo(`allowed.test:${origin.port}`)}go`);
    await origin.saw("go");
    const inRequest = await test.connect();
    inRequest.send(get(`http://allowed.test:${origin.port}/wait`));
    await origin.saw("/wait");
    inTunnel.socket.resetAndDestroy();
    inRequest.socket.destroy();
    await expect
      .poll(() => origin.connections.map(({ socket, ended }) => ended || socket.destroyed), patiently)
      .toEqual([true, true]);
    await expect.poll(() => test.proxy.connections, patiently).toBe(0);
    expect(test.failed).toEqual([]);

    let dialled: (() => void) | undefined;
    const slow = await openProxy({
      resolve: () =>
        new Promise((resolve) => {
          dialled = () => resolve([originHost]);
        }),
    });
    const before = origin.connections.length;
    const inLookup = await slow.connect();
    inLookup.send(connectTo(`allowed.test:${origin.port}`));
    await expect.poll(() => dialled, patiently).toBeDefined();
    inLookup.socket.resetAndDestroy();
    await expect.poll(() => slow.proxy.tunnels, patiently).toBe(0);
    dialled?.();
    // A request of another client shows that nothing was dialled for the first.
    const other = await slow.connect();
    dialled = undefined;
    other.send(connectTo(`allowed.test:${origin.port}`));
    await expect.poll(() => dialled, patiently).toBeDefined();
    (dialled as unknown as () => void)();
    await other.until(established);
    expect(origin.connections.length).toBe(before + 1);
  });

  it("EGR-3: 64 MiB go through whole in both directions, whatever their pieces", async () => {
    const origin = await startOrigin(() => undefined, originHost);
    const test = await openProxy();
    const client = await test.connect();
    client.socket.removeAllListeners("data");
    client.send(connectTo(`allowed.test:${origin.port}`));
    const piece = Buffer.alloc(1 << 20, "0123456789abcdef");
    let back = 0;
    client.socket.on("data", (bytes: Buffer) => (back += bytes.length));
    await expect.poll(() => origin.connections.length, patiently).toBe(1);
    const { socket } = origin.connections[0] ?? expect.fail();
    socket.removeAllListeners("data");
    let there = 0;
    socket.on("data", (bytes: Buffer) => {
      there += bytes.length;
      if (!socket.write(bytes)) {
        socket.pause();
        socket.once("drain", () => socket.resume());
      }
    });
    socket.once("end", () => socket.end());
    for (let count = 0; count < 64; count += 1)
      if (!client.socket.write(piece)) await new Promise((resolve) => client.socket.once("drain", resolve));
    client.socket.end();
    await client.over;
    expect([there, back - established.length]).toEqual([64 << 20, 64 << 20]);
  });

  it("EGR-3: gRPC's transport, HTTP/2, goes through a tunnel", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("over h2");
    });
    const port = await listen(server, originHost);
    onTestFinished(() => void server.close());
    const test = await openProxy();
    const client = await test.connect();
    client.socket.removeAllListeners("data");
    const answer = new Promise<Buffer>((resolve) => client.socket.once("data", resolve));
    client.send(connectTo(`allowed.test:${port}`));
    const bytes = await answer;
    client.socket.pause();
    expect(bytes.toString("latin1")).toContain(established);
    client.socket.unshift(bytes.subarray(established.length));
    const session = connectHttp2("http://allowed.test", { createConnection: () => client.socket });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/" });
    let text = "";
    for await (const bytes of stream) text += String(bytes);
    expect(text).toBe("over h2");
  });
});

describe("upgrades", () => {
  const upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n";

  it("EGR-3: vector 61, a WebSocket opens through an absolute URI, with what came early, in both directions", async () => {
    const origin = await startOrigin((head) =>
      head.includes("Upgrade: websocket")
        ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\nfirst words"
        : undefined,
    );
    const test = await openProxy();
    const client = await test.connect();
    client.send(`${get(`http://allowed.test:${origin.port}/chat`, upgrade)}early`);
    expect(await client.until("first words")).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\nVia: 1.1 gestalt-egress\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst words",
    );
    await origin.saw("early");
    client.send("later");
    const { socket } = await origin.saw("earlylater");
    expect(origin.received()).toBe(
      `GET /chat HTTP/1.1\r\nHost: allowed.test:${origin.port}\r\nSec-WebSocket-Key: k\r\nVia: 1.1 gestalt-egress\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearlylater`,
    );
    expect(test.proxy.tunnels).toBe(1);
    socket.end("bye");
    await client.until("bye");
    client.socket.end();
    await expect.poll(() => test.proxy.tunnels, patiently).toBe(0);
  });

  it("EGR-3: vector 61, and through CONNECT", async () => {
    const origin = await startOrigin(
      () => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    const test = await openProxy();
    const client = await test.connect();
    await client.send(connectTo(`allowed.test:${origin.port}`)).until(established);
    await client.send(`GET /chat HTTP/1.1\r\nHost: allowed.test\r\n${upgrade}\r\n`).until("101");
    expect(origin.received()).toContain("Connection: keep-alive, Upgrade\r\n");
  });

  it("EGR-3: an origin that does not switch is heard, and the connection ends", async () => {
    const origin = await startOrigin(() => "HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
    const test = await openProxy();
    const answer = await test.ask(get(`http://allowed.test:${origin.port}/`, upgrade));
    expect(answer).toMatch(/^HTTP\/1\.1 426 No\r\n[^]*\r\nConnection: close\r\n\r\nno$/);
  });

  it("EGR-1: a host that is not allowed is not asked", async () => {
    const evil = await startOrigin(undefined, "127.0.0.10");
    const test = await openProxy();
    const answer = await test.ask(get(`http://evil.test:${evil.port}/`, upgrade));
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(evil.connections).toEqual([]);
    expect(test.denied).toMatchObject([{ reason: "not-allowed", host: "evil.test", method: "GET" }]);
  });

  it("EGR-3: an origin that dies after the request is told as 502", async () => {
    const origin = await startOrigin((_, { socket }) => void socket.destroy());
    const test = await openProxy();
    expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`, upgrade)))).toBe(502);
  });
});
