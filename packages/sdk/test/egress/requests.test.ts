import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificate } from "./certificate.js";
import {
  evilHost,
  get,
  listen,
  okText,
  openProxy,
  originHost,
  patiently,
  startOrigin,
  statusOf,
} from "./support.js";

/** The head of what an origin has received, without what the client said itself. */
const headOf = (received: string): string[] => received.split("\r\n\r\n")[0]?.split("\r\n") ?? [];

describe("requests with an absolute URI", () => {
  it("EGR-3: vector 49, the URI decides where it goes and what Host says", async () => {
    const [origin, evil] = [await startOrigin(), await startOrigin(undefined, evilHost)];
    const test = await openProxy();
    const target = `allowed.test:${origin.port}`;
    for (const host of ["evil.test", `evil.test:${evil.port}`, ""])
      await test.ask(`GET http://${target}/p?q=%20 HTTP/1.1\r\nHost: ${host}\r\n\r\n`, "ok");
    expect(origin.received()).not.toContain("evil");
    expect(headOf(origin.received())).toEqual([
      "GET /p?q=%20 HTTP/1.1",
      `Host: ${target}`,
      "Via: 1.1 gestalt-egress",
      "Connection: keep-alive",
    ]);
    expect(evil.connections).toEqual([]);
  });

  it("EGR-3: Host is the one spelling of the URI's host, without the scheme's own port", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    for (const [host, name] of [
      ["ALLOWED.test.", "allowed.test"],
      ["0x7f.9", originHost],
    ]) {
      await test.ask(get(`http://${host}:${origin.port}`), "ok");
      expect(origin.received()).toContain(`GET / HTTP/1.1\r\nHost: ${name}:${origin.port}\r\n`);
    }
  });

  it.each([
    ["50 userinfo", "GET http://allowed.test@evil.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    [
      "50 userinfo before a listed host",
      "GET http://u:p@allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n",
      400,
    ],
    [
      "51 two Host fields",
      "GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nHost: evil.test\r\n\r\n",
      400,
    ],
    [
      "51 two equal ones",
      "GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nhost: allowed.test\r\n\r\n",
      400,
    ],
    ["52 no Host", "GET http://allowed.test/ HTTP/1.1\r\n\r\n", 400],
    ["53 origin form", "GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["53 origin form of a URI", "GET /http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["53 asterisk form", "OPTIONS * HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["55 ftp", "GET ftp://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["55 ws", "GET ws://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["a fragment", "GET http://allowed.test/#x HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["an empty port", "GET http://allowed.test:/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["port 0", "GET http://allowed.test:0/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["port 65536", "GET http://allowed.test:65536/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["two ports", "GET http://allowed.test:80:80/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 400],
    ["HTTP/0.9", "GET http://allowed.test/\r\n\r\n", 400],
    ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["TRACE", "TRACE http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", 405],
    [
      "another expectation",
      "POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nExpect: x\r\nContent-Length: 0\r\n\r\n",
      417,
    ],
  ])("EGR-3: vector %s is refused and reaches nothing", async (_, request, status) => {
    const origin = await startOrigin();
    const test = await openProxy();
    const answer = await test.ask(request.replaceAll(/(test)(?=\/ )/g, `test:${origin.port}`));
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain("\r\nConnection: close\r\n");
    expect(answer).toContain("Proxy-Status: gestalt-egress; error=http_request_error");
    expect(origin.connections).toEqual([]);
    expect(test.lookups).toEqual([]);
    expect(test.denied).toMatchObject([{ reason: "malformed", status }]);
  });

  it("EGR-3: vector 52, HTTP/1.0 needs no Host, and gets one on the way", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const answer = await test.ask(`GET http://allowed.test:${origin.port}/ HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n\r\nok$/);
    expect(origin.received()).toContain(`Host: allowed.test:${origin.port}\r\nVia: 1.0 gestalt-egress\r\n`);
  });

  it("EGR-3: vector 54, the proxy speaks TLS itself for an https URI, and checks the certificate", async () => {
    const origin = await startOrigin(undefined, originHost, (handle) =>
      createTlsServer({ ...certificate, pskCallback: () => null } as object, handle),
    );
    const test = await openProxy({ ca: certificate.cert });
    const url = `https://allowed.test:${origin.port}/secret`;
    expect(statusOf(await test.ask(get(url), "ok"))).toBe(200);
    expect(origin.received()).toContain(`GET /secret HTTP/1.1\r\nHost: allowed.test:${origin.port}\r\n`);
    const seen = origin.received();
    const untrusting = await openProxy();
    expect(await untrusting.ask(get(url), /\r\n\r\n.+\n/s)).toMatch(
      /^HTTP\/1\.1 502 [^]*DEPTH_ZERO_SELF_SIGNED_CERT/,
    );
    const other = await openProxy({
      ca: certificate.cert,
      allowed: ["other.test", originHost],
      addresses: { "other.test": [originHost] },
    });
    expect(await other.ask(get(url.replace("allowed", "other")), /\r\n\r\n.+\n/s)).toMatch(
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    );
    expect(await test.ask(get("https://evil.test/"), "\n\r\n")).toMatch(/^HTTP\/1\.1 403/);
    expect(origin.received()).toBe(seen);
    expect(other.failed).toMatchObject([{ reason: "unreachable", status: 502 }]);
  });

  it("EGR-1: vector 56, each request of a connection is judged by itself", async () => {
    const [origin, evil] = [await startOrigin(), await startOrigin(undefined, evilHost)];
    const test = await openProxy();
    const client = await test.connect();
    const good = get(`http://allowed.test:${origin.port}/`);
    const bad = get(`http://evil.test:${evil.port}/`);
    for (const [request, status] of [
      [good, 200],
      [bad, 403],
      [good, 200],
      [bad, 403],
    ] as const) {
      client.received = "";
      expect(statusOf(await client.send(request).until(/\r\n\r\n.+/s))).toBe(status);
    }
    expect(evil.connections).toEqual([]);
    expect(client.ended).toBe(false);
  });

  it("EGR-1: vector 57, pipelined requests are answered in order, each by its own judgement", async () => {
    const origin = await startOrigin((head, { socket }) => {
      // The first takes longer than the second.
      if (!head.includes("/slow")) return okText(/ (\/\w+)/.exec(head)?.[1] ?? "");
      setTimeout(() => socket.write(okText("/slow")), 20);
      return undefined;
    });
    const evil = await startOrigin(undefined, evilHost);
    const test = await openProxy();
    const client = await test.connect();
    const base = `http://allowed.test:${origin.port}`;
    client.send(get(`${base}/slow`) + get(`http://evil.test:${evil.port}/`) + get(`${base}/fast`));
    const received = await client.until(/\/fast$/);
    expect(received.match(/HTTP\/1\.1 \d+|\/slow|\/fast/g)).toEqual([
      "HTTP/1.1 200",
      "/slow",
      "HTTP/1.1 403",
      "HTTP/1.1 200",
      "/fast",
    ]);
    expect(evil.connections).toEqual([]);
  });

  it("EGR-3: vector 59, what is for one connection stays there, in both directions", async () => {
    const origin = await startOrigin(() =>
      okText(
        "ok",
        "Connection: X-Answer-Hop, keep-alive\r\nX-Answer-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nX-End: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nTrailer: x\r\n",
      ),
    );
    const test = await openProxy();
    const answer = await test.ask(
      get(
        `http://allowed.test:${origin.port}/`,
        "Connection: X-Hop, Keep-Alive\r\nConnection: x-second-hop\r\nX-Hop: 1\r\nX-Second-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic c2VjcmV0\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX-End: 1\r\nX-End: 2\r\nVia: 1.0 fred\r\nAuthorization: for the origin\r\n",
      ),
      "ok",
    );
    expect(headOf(origin.received()).slice(2)).toEqual([
      "X-End: 1",
      "X-End: 2",
      "Via: 1.0 fred",
      "Authorization: for the origin",
      "Via: 1.1 gestalt-egress",
      "Connection: keep-alive",
    ]);
    expect(headOf(answer)).toEqual([
      "HTTP/1.1 200 OK",
      "Content-Length: 2",
      "X-End: 1",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Via: 1.1 gestalt-egress",
      "Connection: keep-alive",
      "Keep-Alive: timeout=60",
    ]);
  });

  it("EGR-3: vector 59, Connection can take away neither Host nor a body's length", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const named = "Connection: host, content-length, transfer-encoding, via\r\n";
    const url = `http://allowed.test:${origin.port}/`;
    await test.ask(`POST ${url} HTTP/1.1\r\nHost: x\r\n${named}Content-Length: 5\r\n\r\nhello`, "ok");
    await origin.saw("hello");
    expect(origin.received()).toContain(`Host: allowed.test:${origin.port}\r\nContent-Length: 5\r\nVia: `);
  });

  it("EGR-3: vector 60, a client that waits for 100 gets the origin's", async () => {
    const origin = await startOrigin((head, { socket }) => {
      if (head.startsWith("POST")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      return undefined;
    });
    const test = await openProxy();
    const client = await test.connect();
    const url = `http://allowed.test:${origin.port}/`;
    client.send(`POST ${url} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await client.until("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    const { socket } = await origin.saw("hello");
    socket.write(okText("done"));
    expect(await client.until("done")).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it("EGR-3: vector 60, an origin that refuses the headers is heard without the body", async () => {
    const origin = await startOrigin(() => "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    const test = await openProxy();
    const client = await test.connect();
    const url = `http://allowed.test:${origin.port}/`;
    client.send(`POST ${url} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await client.over;
    expect(client.received).toMatch(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n\r\n$/);
    expect(origin.received()).not.toContain("hello");
  });

  it("EGR-3: hints before the answer are passed on", async () => {
    const origin = await startOrigin(
      () =>
        `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${okText("ok")}`,
    );
    const test = await openProxy();
    const answer = await test.ask(get(`http://allowed.test:${origin.port}/`), "ok");
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 103", "HTTP/1.1 102", "HTTP/1.1 200"]);
    expect(await test.ask(`GET http://allowed.test:${origin.port}/ HTTP/1.0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200/,
    );
  });

  it("EGR-1: vector 62, a redirect is the client's to follow, and is judged anew", async () => {
    const evil = await startOrigin(undefined, evilHost);
    const location = `http://evil.test:${evil.port}/`;
    const origin = await startOrigin(
      () => `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    );
    const test = await openProxy();
    const answer = await test.ask(get(`http://allowed.test:${origin.port}/`), "\r\n\r\n");
    expect(answer).toContain(`Location: ${location}\r\n`);
    expect(evil.connections).toEqual([]);
    expect(statusOf(await test.ask(get(location), "\n\r\n"))).toBe(403);
    expect(evil.connections).toEqual([]);
  });

  it("EGR-3: bodies of both kinds arrive as they are, in both directions", async () => {
    const server = createHttpServer((request, response) => {
      if (request.url === "/length") response.setHeader("Content-Length", 300_000);
      request.pipe(response);
    });
    const port = await listen(server, originHost);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const test = await openProxy();
    const body = Buffer.alloc(300_000, "0123456789");
    const chunks = Buffer.concat([
      Buffer.from(`${(100_000).toString(16)};extension="x"\r\n`),
      body.subarray(0, 100_000),
      Buffer.from(`\r\n${(200_000).toString(16)}\r\n`),
      body.subarray(100_000),
      Buffer.from("\r\n0\r\n\r\n"),
    ]);
    for (const path of ["/length", "/chunked"]) {
      const url = `http://allowed.test:${port}${path}`;
      const close = "Connection: close\r\n";
      const byLength = await test.ask(
        Buffer.concat([
          Buffer.from(`POST ${url} HTTP/1.1\r\nHost: x\r\n${close}Content-Length: 300000\r\n\r\n`),
          body,
        ]),
      );
      const byChunks = await test.ask(
        Buffer.concat([
          Buffer.from(`POST ${url} HTTP/1.1\r\nHost: x\r\n${close}Transfer-Encoding: chunked\r\n\r\n`),
          chunks,
        ]),
      );
      for (const answer of [byLength, byChunks]) {
        const text = answer.slice(answer.indexOf("\r\n\r\n") + 4);
        const plain =
          path === "/length" ? text : text.replaceAll(/(^|\r\n)[\da-f]+\r\n/g, "").replace(/\r\n$/, "");
        expect(plain.length).toBe(300_000);
        expect(plain === body.toString()).toBe(true);
      }
    }
  });

  it("EGR-3: an answer that ends with its connection is passed on, also to HTTP/1.0", async () => {
    const origin = await startOrigin((_, { socket }) => {
      socket.end("HTTP/1.1 200 OK\r\n\r\nto the end");
      return undefined;
    });
    const test = await openProxy();
    const url = `http://allowed.test:${origin.port}/`;
    expect(await test.ask(get(url), "0\r\n\r\n")).toMatch(
      /Transfer-Encoding: chunked\r\n\r\na\r\nto the end\r\n0/,
    );
    expect(await test.ask(`GET ${url} HTTP/1.0\r\n\r\n`)).toMatch(/\r\n\r\nto the end$/);
  });

  it("EGR-3: methods without bodies send none, HEAD brings none, and trailers follow", async () => {
    const origin = await startOrigin((head) =>
      head.startsWith("HEAD")
        ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: x\r\n\r\n",
    );
    const test = await openProxy();
    const url = `http://allowed.test:${origin.port}/`;
    expect(await test.ask(`HEAD ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
      /Content-Length: 99\r\n[^]*\r\n\r\n$/,
    );
    const answer = await test.ask(`POST ${url} HTTP/1.1\r\nHost: x\r\n\r\n`, /\r\n0\r\n.*\r\n\r\n/s);
    expect(answer).toMatch(/\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    expect(origin.received()).toContain("Content-Length: 0\r\n");
    for (const method of ["GET", "DELETE", "OPTIONS"])
      await test.ask(`${method} ${url} HTTP/1.1\r\nHost: x\r\n\r\n`, /\r\n0\r\n/);
    expect(origin.received().match(/Content-Length|Transfer-Encoding/g)).toEqual(["Content-Length"]);
  });

  it("EGR-3: OPTIONS may ask how far it got", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const options = (authority: string, left: number): string =>
      `OPTIONS http://${authority} HTTP/1.1\r\nHost: x\r\nMax-Forwards: ${left}\r\n\r\n`;
    expect(await test.ask(options(`allowed.test:${origin.port}`, 0), "\r\n\r\n")).toMatch(/^HTTP\/1\.1 204/);
    expect(origin.connections).toEqual([]);
    expect(statusOf(await test.ask(options("evil.test", 0), "\r\n\r\n"))).toBe(403);
    await test.ask(options(`allowed.test:${origin.port}`, 5), "ok");
    expect(origin.received()).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n[^]*Max-Forwards: 4\r\n/);
  });

  it("EGR-3: an origin that breaks off or makes no sense is told as that, and never as a whole answer", async () => {
    const broken: [string, RegExp][] = [
      ["", /^HTTP\/1\.1 502 [^]*the origin gave no proper answer \(ECONNRESET\)\n$/],
      ["nonsense\r\n\r\n", /^HTTP\/1\.1 502 [^]*\(HPE_INVALID_CONSTANT\)\n$/],
      ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", /^HTTP\/1\.1 502 /],
      [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        /^HTTP\/1\.1 502 [^]*not chunked\n$/,
      ],
      [
        `HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
        /^HTTP\/1\.1 502 [^]*\(HPE_HEADER_OVERFLOW\)\n$/,
      ],
      ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", /^HTTP\/1\.1 502 /],
    ];
    for (const [reply, expected] of broken) {
      const origin = await startOrigin((_, { socket }) => {
        socket.end(reply);
        return undefined;
      });
      const test = await openProxy();
      expect(await test.ask(get(`http://allowed.test:${origin.port}/`), /\r\n\r\n.+\n/s)).toMatch(expected);
      expect(test.failed).toMatchObject([{ reason: "bad-answer", host: "allowed.test", status: 502 }]);
    }
    for (const reply of [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
    ]) {
      const origin = await startOrigin((_, { socket }) => {
        socket.write(reply, () => socket.end());
        return undefined;
      });
      const test = await openProxy();
      const answer = await test.ask(get(`http://allowed.test:${origin.port}/`));
      expect(answer).toMatch(/hel(\r\n)?$/);
      await expect.poll(() => test.failed.length, patiently).toBe(1);
    }
  });

  it("EGR-3: a connection that the origin closed while it waited costs no request", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const client = await test.connect();
    const url = `http://allowed.test:${origin.port}/`;
    for (let round = 0; round < 20; round += 1) {
      client.received = "";
      expect(statusOf(await client.send(get(url)).until("ok"))).toBe(200);
      // Just when the next request takes it again.
      for (const { socket } of origin.connections) socket.destroy();
    }
    expect(test.failed).toEqual([]);
  });

  it("EGR-3: waiting connections are used again for the same addresses", async () => {
    const origin = await startOrigin();
    const test = await openProxy();
    const url = `http://allowed.test:${origin.port}/`;
    for (let round = 0; round < 5; round += 1) await test.ask(get(url), "ok");
    expect(origin.connections.length).toBe(1);
  });
});
