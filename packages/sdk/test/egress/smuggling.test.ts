import { describe, expect, it } from "vitest";
import { connectTo, evilHost, get, openProxy, patiently, startOrigin, statusOf } from "./support.js";

/** What a request hides; the policy would let it through. */
const hiddenFor = (port: number): string =>
  `GET http://allowed.test:${port}/hidden HTTP/1.1\r\nHost: x\r\n\r\n`;
/** Stands for it, and for its length, in the tables. */
const [hidden, length] = ["{hidden}", "{length}"];

function withHidden(text: string, port: number): string {
  const request = hiddenFor(port);
  return text.replaceAll(hidden, request).replaceAll(length, String(request.length));
}

/** All statuses in what a client has received. */
const statuses = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe("requests that can be read in two ways", () => {
  const refusedWhole: [string, string, number][] = [
    ["CL.TE", `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    [
      "TE.CL",
      `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\nabcd\r\n0\r\n\r\n${hidden}\r\n0\r\n\r\n`,
      400,
    ],
    ["TE.TE xchunked", `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`, 501],
    ["TE.TE twice", `Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${hidden}`, 400],
    [
      "TE.TE twice, the other way",
      `Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      501,
    ],
    ["TE chunked, identity", `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["TE identity", `Transfer-Encoding: identity\r\n\r\n${hidden}`, 501],
    ["TE gzip, chunked", `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`, 501],
    ["TE chunked twice", `Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["TE with a vertical tab", `Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["TE with a space before the colon", `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["TE folded", `Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["two lengths", `Content-Length: 0\r\nContent-Length: ${length}\r\n\r\n${hidden}`, 400],
    ["two equal lengths", `Content-Length: 2\r\nContent-Length: 2\r\n\r\nab${hidden}`, 400],
    ["two lengths in one", `Content-Length: 0, ${length}\r\n\r\n${hidden}`, 400],
    ["length with a sign", `Content-Length: +5\r\n\r\nhello`, 400],
    ["length below zero", `Content-Length: -5\r\n\r\nhello`, 400],
    ["length in hex", `Content-Length: 0x5\r\n\r\nhello`, 400],
    ["length past all numbers", `Content-Length: 99999999999999999999\r\n\r\nhello`, 400],
    ["length beside a body of another", `Content-Length: 5\r\ncontent-length: 6\r\n\r\nhello!`, 400],
    ["a bare line feed", `X: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["a bare carriage return", `X: 1\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
    ["a folded header", `X: 1\r\n Content-Length: 5\r\n\r\nhello`, 400],
    ["a NUL in a header", `X: 1\0\r\n\r\n`, 400],
    ["a header without a name", `: 1\r\n\r\n`, 400],
    ["a header without a colon", `Transfer-Encoding\r\n\r\n`, 400],
  ];
  it.each(refusedWhole)(
    "EGR-3: vector 58, %s is refused, and what hides in it is never read",
    async (_, rest, status) => {
      const [origin, evil] = [await startOrigin(), await startOrigin(undefined, evilHost)];
      const test = await openProxy();
      const client = await test.connect();
      client.send(
        `POST http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: allowed.test\r\n${withHidden(rest, origin.port)}`,
      );
      await client.over;
      expect(statuses(client.received)).toEqual([status]);
      expect(client.received).toContain("\r\nConnection: close\r\n");
      expect([origin.connections, evil.connections, test.lookups]).toEqual([[], [], []]);
      expect(test.denied.length).toBeGreaterThan(0);
      expect(test.denied.every(({ reason }) => reason === "malformed")).toBe(true);
    },
  );

  it("EGR-3: vector 58, chunked coding is not taken from HTTP/1.0", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const head = `POST http://allowed.test:${origin.port}/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(statuses(await test.ask(`${head}0\r\n\r\n${hiddenFor(origin.port)}`))).toEqual([400]);
    expect(origin.connections).toEqual([]);
  });

  it("EGR-3: vector 58, a body is passed on as that, whatever it looks like", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const inside = hiddenFor(origin.port);
    const client = await test.connect();
    client.send(
      `POST http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${inside.length}\r\n\r\n${inside}`,
    );
    await origin.saw("/hidden");
    await client.until("ok");
    expect(origin.received()).toBe(
      `POST / HTTP/1.1\r\nHost: allowed.test:${origin.port}\r\nContent-Length: ${inside.length}\r\nVia: 1.1 gestalt-egress\r\nConnection: close\r\n\r\n${inside}`,
    );
    expect(statuses(client.received)).toEqual([200]);
    expect(test.lookups).toEqual(["allowed.test"]);
  });

  it("EGR-3: vector 58, chunks are framed anew: extensions stay behind, trailers that frame or name do too", async () => {
    const origin = await startOrigin((_, { received }) =>
      received.includes("0\r\n") ? undefined : "HTTP/1.1 100 Continue\r\n\r\n",
    );
    const test = await openProxy();
    const client = await test.connect();
    const trailers = "X-Sum: 7\r\nHost: evil.test\r\nAuthorization: x\r\nProxy-Authorization: x\r\n";
    client.send(
      `PUT http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n5;ext="\\"a"\r\nhello\r\n0;x=y\r\n${trailers}\r\n`,
    );
    await origin.saw("X-Sum: 7");
    expect(origin.received()).toBe(
      `PUT / HTTP/1.1\r\nHost: allowed.test:${origin.port}\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nVia: 1.1 gestalt-egress\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n`,
    );
  });

  it.each([
    ["a size that is no number", "zz\r\nhello\r\n0\r\n\r\n"],
    ["a size below zero", "-5\r\nhello\r\n0\r\n\r\n"],
    ["a size with a space", " 5\r\nhello\r\n0\r\n\r\n"],
    ["a size past all numbers", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
    ["more than its size", "3\r\nhello\r\n0\r\n\r\n"],
    ["lines that end in a line feed alone", "5\nhello\n0\n\n"],
    ["a length in its trailers", "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"],
    ["a coding in its trailers", "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["an extension with a line feed", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
  ])(
    "EGR-3: vector 58, a chunk with %s ends the connection, and no origin takes the body for whole",
    async (_, body) => {
      const origin = await startOrigin(() => undefined);
      const test = await openProxy();
      const client = await test.connect();
      client.send(
        `POST http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}${hiddenFor(origin.port)}`,
      );
      await client.over;
      expect(statuses(client.received)).toEqual([]);
      await expect
        .poll(
          () => origin.connections.every(({ socket }) => socket.closed || socket.readableEnded),
          patiently,
        )
        .toBe(true);
      expect(origin.received()).not.toMatch(/0\r\n\r\n$/);
      expect(origin.received()).not.toContain("hidden");
      expect(test.denied).toMatchObject([{ reason: "malformed" }]);
    },
  );

  it("EGR-3: vector 12, nothing of a request's line gets into another", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    for (const path of ["/a%0d%0aX: 1", "/a%00", "/a%20HTTP/1.1"]) {
      const answer = await test.ask(
        get(`http://allowed.test:${origin.port}${path.replace(" ", "%20")}`),
        "ok",
      );
      expect(statusOf(answer)).toBe(200);
    }
    expect(origin.received().match(/^.*HTTP\/1\.1$/gm)).toEqual([
      "GET /a%0d%0aX:%201 HTTP/1.1",
      "GET /a%00 HTTP/1.1",
      "GET /a%20HTTP/1.1 HTTP/1.1",
    ]);
  });

  it.each([
    ["a length", `Content-Length: ${length}\r\n`],
    ["chunks", "Transfer-Encoding: chunked\r\n"],
  ])(
    "EGR-3: CONNECT with %s is refused: its body would be the tunnel's first bytes to some",
    async (_, header) => {
      const origin = await startOrigin();
      const test = await openProxy();
      const client = await test.connect();
      client.send(withHidden(connectTo(`allowed.test:${origin.port}`, header) + hidden, origin.port));
      await client.over;
      expect(statuses(client.received)).toEqual([400]);
      expect(origin.connections).toEqual([]);
    },
  );

  it("EGR-3: an upgrade with a body is refused", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const client = await test.connect();
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    client.send(
      `GET http://allowed.test:${origin.port}/ HTTP/1.1\r\nHost: x\r\n${upgrade}${withHidden(`Content-Length: ${length}\r\n\r\n${hidden}`, origin.port)}`,
    );
    await client.over;
    expect(statuses(client.received)).toEqual([400]);
    expect(origin.connections).toEqual([]);
  });

  it("EGR-3: a tunnel asked for behind a request without an answer is cut: the two would run into each other", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const client = await test.connect();
    client.send(get(`http://allowed.test:${origin.port}/`) + connectTo(`allowed.test:${origin.port}`));
    await client.over;
    expect(client.received).toBe("");
    await expect.poll(() => test.denied, patiently).toMatchObject([{ reason: "limit", method: "CONNECT" }]);
    expect(origin.connections.length).toBeLessThan(2);
  });
});
