import { describe, expect, it } from "vitest";
import { connectTo, get, okText, openProxy, patiently, startOrigin, statusOf } from "./support.js";

describe("limits", () => {
  it("EGR-3: vector 63, headers past maxHeaderBytes are refused with 431, below it they pass", async () => {
    const origin = await startOrigin();
    const test = await openProxy({ limits: { maxHeaderBytes: 4_096 } });
    const url = `http://allowed.test:${origin.port}/`;
    expect(statusOf(await test.ask(get(url, `X: ${"x".repeat(3_000)}\r\n`), "ok"))).toBe(200);
    const seen = origin.connections.length;
    for (const headers of [`X: ${"x".repeat(5_000)}\r\n`, "Name: value\r\n".repeat(1_000)]) {
      const answer = await test.ask(get(url, headers));
      expect(answer).toMatch(/^HTTP\/1\.1 431 [^]*longer than maxHeaderBytes\n$/);
    }
    expect(statusOf(await test.ask(connectTo("allowed.test:443", `X: ${"x".repeat(5_000)}\r\n`)))).toBe(431);
    expect(statusOf(await test.ask(get(`${url}${"x".repeat(5_000)}`)))).toBe(431);
    expect(origin.connections.length).toBe(seen);
    expect(test.denied.map(({ reason, status }) => [reason, status])).toEqual(
      Array(4).fill(["malformed", 431]),
    );
  });

  it("EGR-3: no field is lost in a crowd of others", async () => {
    const origin = await startOrigin(
      () => `HTTP/1.1 200 OK\r\n${"A:\r\n".repeat(3_000)}Content-Length: 2\r\n\r\nok`,
    );
    const test = await openProxy();
    const url = `http://allowed.test:${origin.port}/`;
    const crowd = "A:\r\n".repeat(3_000);
    expect(statusOf(await test.ask(get(url, `${crowd}Host: evil.test\r\n`)))).toBe(400);
    expect(origin.connections).toEqual([]);
    expect(await test.ask(get(url, `${crowd}Proxy-Authorization: Basic x\r\nLast: 1\r\n`), "ok")).toContain(
      "Content-Length: 2\r\n",
    );
    expect(origin.received()).toContain("\r\nLast: 1\r\n");
    expect(origin.received()).not.toContain("Proxy-Authorization");
  });

  it("EGR-3: vector 63, a client that dribbles its headers is refused with 408, one that says nothing too", async () => {
    const test = await openProxy({ limits: { headersTimeoutMs: 200 } });
    const [dribbling, silent] = [await test.connect(), await test.connect()];
    dribbling.send("GET http://allowed.test/ HTTP/1.1\r\n");
    const timer = setInterval(() => dribbling.send("X: 1\r\n"), 20);
    await Promise.all([dribbling.over, silent.over]);
    clearInterval(timer);
    for (const client of [dribbling, silent])
      expect(client.received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*did not come in time\n$/);
    expect(test.lookups).toEqual([]);
  });

  it("EGR-3: a connection that waits for its next request is closed after keepAliveTimeoutMs", async () => {
    const test = await openProxy({ limits: { keepAliveTimeoutMs: 100 } });
    const client = await test.connect();
    await client.send(get("http://evil.test/")).until("evil.test\n");
    await client.over;
    expect(test.denied.length).toBe(1);
  });

  it("EGR-3: past maxConnections a connection is closed at once, and there is room again afterwards", async () => {
    const test = await openProxy({ limits: { maxConnections: 3 } });
    const clients = [await test.connect(), await test.connect(), await test.connect()];
    await expect.poll(() => test.proxy.connections, patiently).toBe(3);
    const extra = await test.connect();
    await extra.over;
    expect(extra.received).toBe("");
    await expect
      .poll(() => test.denied, patiently)
      .toMatchObject([
        { reason: "limit", status: 503, method: "", message: "3 connections are open, which is the limit" },
      ]);
    clients[0]?.socket.destroy();
    await expect.poll(() => test.proxy.connections, patiently).toBe(2);
    expect(statusOf(await test.ask(get("http://evil.test/"), "\n\r\n"))).toBe(403);
  });

  it("EGR-3: a client that pipelines without end is cut, and makes no connection for it", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const client = await test.connect();
    client.send(get(`http://allowed.test:${origin.port}/`).repeat(5_000));
    await client.over;
    expect(client.received).toBe("");
    expect(origin.connections.length).toBeLessThan(2);
    await expect.poll(() => test.proxy.connections, patiently).toBe(0);
    expect(test.denied.every(({ reason }) => reason === "limit")).toBe(true);
  });

  it("EGR-3: of pipelined requests one is served at a time: a connection makes one connection", async () => {
    const origin = await startOrigin((head) => (head.includes("/end") ? okText("end") : undefined));
    const test = await openProxy();
    const client = await test.connect();
    const base = `http://allowed.test:${origin.port}`;
    client.send(get(`${base}/1`) + get(`${base}/2`) + get(`${base}/3`) + get(`${base}/4`));
    const { socket } = await origin.saw("/1");
    // Another client's request comes and goes, and still the second has not been sent.
    await test.ask(get(`${base}/end`), "end");
    expect(origin.received().match(/^GET .*$/gm)).toEqual(["GET /1 HTTP/1.1", "GET /end HTTP/1.1"]);
    socket.write(okText("first"));
    await client.until("first");
    await origin.saw("/2");
  });

  it("EGR-3: an origin that is silent for idleTimeoutMs is told as 504, one that stops midway is cut", async () => {
    const origin = await startOrigin((head) =>
      head.includes("/midway") ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf" : undefined,
    );
    const test = await openProxy({ limits: { idleTimeoutMs: 100 } });
    const url = `http://allowed.test:${origin.port}`;
    const silent = await test.ask(get(`${url}/`), /\n$/);
    expect(silent).toMatch(/^HTTP\/1\.1 504 [^]*nothing moved for 100 ms\n$/);
    expect(await test.ask(get(`${url}/midway`))).toMatch(/half$/);
    await expect
      .poll(() => test.failed.map(({ reason }) => reason), patiently)
      .toEqual(["timeout", "bad-answer"]);
  });

  it("EGR-3: a client that stops sending its body is cut, and so is the origin", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy({ limits: { idleTimeoutMs: 100 } });
    const client = await test.connect();
    client.send(
      `POST http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this`,
    );
    await origin.saw("only this");
    expect(await client.until(/\n$/)).toMatch(/^HTTP\/1\.1 504 /);
    await expect.poll(() => origin.connections[0]?.ended, patiently).toBe(true);
  });

  it("EGR-3: a slow reader slows the origin down instead of filling memory", async () => {
    const piece = Buffer.alloc(1 << 20);
    let sent = 0;
    const origin = await startOrigin((_, { socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const more = (): void => {
        while (sent < 200 << 20) {
          sent += piece.length;
          if (!socket.write(piece)) return void socket.once("drain", more);
        }
        socket.end();
      };
      more();
      return undefined;
    });
    const test = await openProxy();
    const client = await test.connect();
    client.socket.pause();
    client.send(get(`http://allowed.test:${origin.port}/`));
    let before = -1;
    // Until it stands still.
    await expect
      .poll(() => before === (before = sent) && sent > 0, { timeout: 10_000, interval: 200 })
      .toBe(true);
    expect(sent).toBeLessThan(50 << 20);
    client.socket.destroy();
  });

  it.each([
    ["maxTunnels", 0],
    ["maxHeaderBytes", -1],
    ["idleTimeoutMs", Number.NaN],
    ["connectTimeoutMs", 1.5],
    ["resolveTimeoutMs", 2 ** 31],
    ["tunnelTimeoutMs", -1],
    ["keepAliveTimeoutMs", Infinity],
  ])("EGR-3: limits.%s %s is refused with the mend", async (name, value) => {
    const least = name === "tunnelTimeoutMs" ? 0 : 1;
    await expect(openProxy({ limits: { [name]: value } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `limits.${name} ${value} is no limit; give a whole number from ${least} to 2147483647`,
    });
  });
});
