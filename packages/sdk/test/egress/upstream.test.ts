import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { createEgressProxy, upstreamProxyUrl, type EgressProxyOptions } from "../../src/egress/index.js";
import { egressPolicy } from "../../src/index.js";
import { certificate } from "./certificate.js";
import {
  connectTo,
  evilHost,
  get,
  okText,
  openProxy,
  originHost,
  patiently,
  startDeafListener,
  startOrigin,
  statusOf,
  type Origin,
  type Reply,
} from "./support.js";

const secret = "t0ken:with/odd@signs";
const credentials = `gestalt-egress-proxy:${encodeURIComponent(secret)}@`;
const sent = `Proxy-Authorization: Basic ${Buffer.from(`gestalt-egress-proxy:${secret}`).toString("base64")}\r\n`;

/** A proxy that opens a tunnel to itself, in which it answers requests. */
const proxying: Reply = (head) =>
  head.startsWith("CONNECT") ? "HTTP/1.1 200 OK\r\nX: 1\r\n\r\n" : okText("from upstream");
const url = (origin: Origin, user = credentials): string => `http://${user}${originHost}:${origin.port}`;
const everything = egressPolicy({ allowedHosts: [], defaultAction: "allow" });

describe("a proxy before this one", () => {
  it("EGR-3: tunnels are asked of it, credentials sent at once, names left for it to resolve", async () => {
    const upstream = await startOrigin(proxying);
    const test = await openProxy({ upstream: url(upstream), policy: everything });
    const client = await test.connect();
    client.send(`${connectTo("any.test:8443", "Proxy-Authorization: Basic bWluZQ==\r\n")}early `);
    await client.until("established\r\n\r\n");
    client.send("late\r\n\r\n");
    await client.until("from upstream");
    expect(upstream.received()).toBe(
      `CONNECT any.test:8443 HTTP/1.1\r\nHost: any.test:8443\r\n${sent}Connection: close\r\n\r\nearly late\r\n\r\n`,
    );
    expect(test.lookups).toEqual([]);
  });

  it("EGR-3: plain requests go to it with their URI, and share its connections", async () => {
    const upstream = await startOrigin(proxying);
    const test = await openProxy({ upstream: url(upstream), policy: everything });
    for (const host of ["any.test", "other.test:8080", "[2001:db8::1]:81"])
      await test.ask(
        get(`http://${host}/p?q`, "Proxy-Authorization: Basic bWluZQ==\r\nX: 1\r\n"),
        "from upstream",
      );
    expect(upstream.received().match(/^GET .*$/gm)).toEqual([
      "GET http://any.test:80/p?q HTTP/1.1",
      "GET http://other.test:8080/p?q HTTP/1.1",
      "GET http://[2001:db8::1]:81/p?q HTTP/1.1",
    ]);
    expect(upstream.received().split(sent).length - 1).toBe(3);
    expect(upstream.received()).not.toContain("bWluZQ==");
    expect(upstream.received()).toContain("Host: any.test\r\nX: 1\r\nVia: 1.1 gestalt-egress\r\n");
    expect(upstream.connections.length).toBe(1);
    await test.ask(
      `POST http://any.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`,
      "from upstream",
    );
    await test.ask("OPTIONS http://any.test HTTP/1.1\r\nHost: x\r\n\r\n", "from upstream");
    expect(upstream.received()).toContain("\r\n\r\nhello");
    expect(upstream.received()).toContain("OPTIONS http://any.test:80 HTTP/1.1\r\n");
  });

  it("EGR-3: without credentials none are sent", async () => {
    const upstream = await startOrigin(proxying);
    const test = await openProxy({ upstream: url(upstream, ""), policy: everything });
    await test.ask(get("http://any.test/"), "from upstream");
    await test.ask(connectTo("any.test"), "\r\n\r\n");
    expect(upstream.received()).not.toMatch(/authorization/i);
  });

  it("EGR-1: the policy is kept here already", async () => {
    const upstream = await startOrigin(proxying);
    const test = await openProxy({ upstream: url(upstream) });
    for (const [host, reason] of [
      ["evil.test", "not-allowed"],
      ["127.0.0.1", "not-allowed"],
    ] as const) {
      expect(statusOf(await test.ask(get(`http://${host}/`), "\n\r\n"))).toBe(403);
      expect(statusOf(await test.ask(connectTo(host), "\n\r\n"))).toBe(403);
      expect(test.denied.at(-1)).toMatchObject({ reason, host });
    }
    const open = await openProxy({ upstream: url(upstream), policy: everything });
    for (const host of ["127.0.0.1", "[::1]", "169.254.169.254", "0x7f.1"])
      expect(statusOf(await open.ask(get(`http://${host}/`), "\n\r\n"))).toBe(403);
    expect(upstream.connections).toEqual([]);
    expect(statusOf(await open.ask(get("http://192.0.2.7/"), "from upstream"))).toBe(200);
  });

  it("EGR-4, SUP-4: relays are reached directly, under any policy, and nothing else of their host", async () => {
    const [upstream, relay] = [await startOrigin(proxying), await startOrigin(undefined, evilHost)];
    const test = await openProxy({
      upstream: url(upstream),
      policy: egressPolicy({ allowedHosts: [], defaultAction: "deny" }),
      relays: [`tls://Relay.Test:${relay.port}`, `tcp://${evilHost}:${relay.port}`, "unix:///run/x.sock"],
      addresses: { "relay.test": [evilHost] },
    });
    for (const host of ["relay.test", "RELAY.test.", evilHost, "0x7f.10"]) {
      const client = await test.connect();
      await client.send(connectTo(`${host}:${relay.port}`)).until("established\r\n\r\n");
      await relay.saw((client.send(`to ${host};`), `to ${host};`));
      expect(statusOf(await test.ask(get(`http://${host}:${relay.port}/`), "ok"))).toBe(200);
    }
    for (const request of [
      connectTo(`relay.test:${relay.port + 1}`),
      connectTo("relay.test"),
      connectTo(`x.relay.test:${relay.port}`),
    ])
      expect(statusOf(await test.ask(request, "\n\r\n"))).toBe(403);
    expect(upstream.connections).toEqual([]);
    expect(test.lookups).toEqual(Array(4).fill("relay.test"));
  });

  it("EGR-3: it may be reached by TLS, and has to prove who it is", async () => {
    const upstream = await startOrigin(proxying, originHost, (handle) =>
      createTlsServer(certificate, handle),
    );
    const secure = `https://${credentials}${originHost}:${upstream.port}`;
    const test = await openProxy({ upstream: { url: secure, ca: certificate.cert }, policy: everything });
    expect(statusOf(await test.ask(get("http://any.test/"), "from upstream"))).toBe(200);
    const client = await test.connect();
    await client.send(connectTo("any.test")).until("established\r\n\r\n");
    await client.send("x\r\n\r\n").until("from upstream");
    expect(upstream.received().split(sent).length - 1).toBe(2);
    const seen = upstream.received();

    const stranger = await openProxy({ upstream: secure, policy: everything });
    for (const request of [get("http://any.test/"), connectTo("any.test")]) {
      const answer = await stranger.ask(request, /\r\n\r\n.+\n/s);
      expect(answer).toMatch(
        /^HTTP\/1\.1 502 [^]*the proxy before this one failed: TLS with 127\.0\.0\.9 can't be reached/,
      );
    }
    expect(stranger.failed.map(({ reason }) => reason)).toEqual(["upstream-failed", "upstream-failed"]);
    expect(upstream.received()).toBe(seen);
  });

  it("EGR-3: for an https URI it opens a tunnel, in which this proxy speaks TLS", async () => {
    const upstream = await openProxy({ credentials: { username: "u", password: "p" } });
    const origin = await startOrigin(undefined, originHost, (handle) => createTlsServer(certificate, handle));
    const { address } = upstream.proxy;
    if (!("port" in address)) expect.fail("it listens on TCP");
    const test = await openProxy({ upstream: `http://u:p@127.0.0.1:${address.port}`, ca: certificate.cert });
    expect(statusOf(await test.ask(get(`https://allowed.test:${origin.port}/s`), "ok"))).toBe(200);
    expect(origin.received()).toContain("GET /s HTTP/1.1\r\n");
    expect(origin.received()).not.toMatch(/proxy/i);
    expect(test.lookups).toEqual([]);
    expect(upstream.lookups).toEqual(["allowed.test"]);
  });

  it("EGR-3: upgrades go through it", async () => {
    const upstream = await startOrigin((head) =>
      head.includes("Upgrade: websocket")
        ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        : undefined,
    );
    const test = await openProxy({ upstream: url(upstream), policy: everything });
    const client = await test.connect();
    await client
      .send(get("http://any.test/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n"))
      .until("101");
    client.send("frames");
    await upstream.saw("frames");
    expect(upstream.received()).toMatch(/^GET http:\/\/any\.test:80\/chat HTTP\/1\.1\r\n/);
    expect(upstream.received()).toContain(sent);
  });

  const answers: [string, string | undefined, string, number, string][] = [
    [
      "403",
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
      "upstream",
      403,
      "refuses any.test:443 (403)",
    ],
    [
      "407",
      "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\n\r\n",
      "upstream-failed",
      502,
      "does not take the credentials",
    ],
    ["404", "HTTP/1.1 404 Not Found\r\n\r\n", "upstream-failed", 502, "answered 404 for any.test:443"],
    ["502", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "upstream-failed", 502, "answered 502 for any.test:443"],
    [
      "302",
      "HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n",
      "upstream-failed",
      502,
      "answered 302 for any.test:443",
    ],
    ["nonsense", "nonsense\r\n\r\n", "upstream-failed", 502, "broke off"],
    [
      "headers without end",
      `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`,
      "upstream-failed",
      502,
      "broke off",
    ],
    ["an end", undefined, "upstream-failed", 502, "broke off"],
  ];
  it.each(answers)(
    "EGR-3: what it says to CONNECT with %s is told",
    async (_, reply, reason, status, message) => {
      const upstream = await startOrigin((__, { socket }) => {
        if (reply === undefined) socket.destroy();
        return reply;
      });
      const test = await openProxy({ upstream: url(upstream), policy: everything });
      const answer = await test.ask(connectTo("any.test"), /\r\n\r\n.+\n/s);
      expect(statusOf(answer)).toBe(status);
      expect(answer).toContain(message);
      const events = [...test.denied, ...test.failed];
      expect(events).toMatchObject([{ reason, status, host: "any.test", port: 443 }]);
      expect(reason === "upstream" ? test.denied.length : test.failed.length).toBe(1);
      expect(`${JSON.stringify(events)}${answer}`).not.toMatch(/t0ken|dDBrZW4/);
      await expect
        .poll(() => upstream.connections.every(({ socket, ended }) => ended || socket.destroyed), patiently)
        .toBe(true);
    },
  );

  it("EGR-3: what it says to a plain request is passed on, but for its wish for credentials", async () => {
    const refusing = await startOrigin(() => "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const test = await openProxy({ upstream: url(refusing), policy: everything });
    expect(await test.ask(get("http://any.test/"), "no")).toMatch(/^HTTP\/1\.1 403 /);
    const asking = await startOrigin(
      () => "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    );
    const other = await openProxy({ upstream: url(asking), policy: everything });
    expect(await other.ask(get("http://any.test/"), /credentials that it was sent\n/)).toMatch(
      /^HTTP\/1\.1 502 /,
    );
    expect(other.failed).toMatchObject([{ reason: "upstream-failed" }]);
  });

  it("EGR-3: one that is not there is 502, one that says nothing 504", async () => {
    const gone = await openProxy({ upstream: "http://127.0.0.11:9", policy: everything });
    const deaf = await openProxy({
      upstream: `http://${originHost}:${await startDeafListener(originHost)}`,
      policy: everything,
      limits: { connectTimeoutMs: 100 },
    });
    const mute = await startOrigin(() => undefined);
    const silent = await openProxy({
      upstream: url(mute),
      policy: everything,
      limits: { connectTimeoutMs: 100 },
    });
    const unknown = await openProxy({
      upstream: "http://no-such-proxy.invalid:1",
      policy: everything,
      limits: { connectTimeoutMs: 5_000 },
    });
    for (const request of [get("http://any.test/"), connectTo("any.test")]) {
      expect(await gone.ask(request, /\r\n\r\n.+\n/s)).toMatch(/^HTTP\/1\.1 502 [^]*\(ECONNREFUSED\)/);
      expect(await deaf.ask(request, /\r\n\r\n.+\n/s)).toMatch(
        /^HTTP\/1\.1 504 [^]*was not reached within 100 ms/,
      );
      expect(await unknown.ask(request, /\r\n\r\n.+\n/s)).toMatch(/^HTTP\/1\.1 50[24] /);
    }
    expect(await silent.ask(connectTo("any.test"), /\r\n\r\n.+\n/s)).toMatch(/^HTTP\/1\.1 504 /);
    await expect.poll(() => mute.connections[0]?.ended, patiently).toBe(true);
  });

  it("EGR-3: two proxies in a row, each with a policy and credentials of its own", async () => {
    const origin = await startOrigin();
    const outer = await openProxy({
      credentials: { username: "outer", password: "o" },
      allowed: [originHost, "allowed.test"],
    });
    const { address } = outer.proxy;
    if (!("port" in address)) expect.fail("it listens on TCP");
    const inner = await openProxy({
      upstream: `http://outer:o@127.0.0.1:${address.port}`,
      credentials: { username: "inner", password: "i" },
      allowed: ["allowed.test", "x.wild.test"],
    });
    const auth = `Proxy-Authorization: Basic ${Buffer.from("inner:i").toString("base64")}\r\n`;
    const both = async (host: string): Promise<number[]> => [
      statusOf(await inner.ask(get(`http://${host}:${origin.port}/`, auth), /\r\n\r\n.+/s)),
      statusOf(await inner.ask(connectTo(`${host}:${origin.port}`, auth), "\r\n\r\n")),
    ];
    expect(await both("allowed.test")).toEqual([200, 200]);
    expect(await both("x.wild.test")).toEqual([403, 403]);
    expect(outer.denied.map(({ reason }) => reason)).toEqual(["not-allowed", "not-allowed"]);
    expect(inner.denied.map(({ reason }) => reason)).toEqual(["upstream"]);
    expect(await both("evil.test")).toEqual([403, 403]);
    expect(outer.denied.length).toBe(2);
  });
});

describe("an upstream's URL", () => {
  it.each([
    "",
    "http://",
    "ftp://p:1",
    "socks5://p:1",
    "http://u:s3cret@p:x",
    "http://u:s3cret@",
    "http://p:99999",
    "http://a b",
  ])("EGR-3: %j is refused, and nothing of it is repeated", async (text) => {
    const options: EgressProxyOptions = { policy: everything, upstream: text };
    await expect(createEgressProxy(options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        "upstream is no proxy's URL; write http://host:port or https://host:port, with user:password@ before the host where it wants them",
    });
  });

  it("EGR-3: without a scheme it is http, without a port the scheme's own", async () => {
    const upstream = await startOrigin(proxying);
    const test = await openProxy({ upstream: `${originHost}:${upstream.port}`, policy: everything });
    expect(statusOf(await test.ask(get("http://any.test/"), "from upstream"))).toBe(200);
    const [plain, secure] = await Promise.all(
      ["http://127.0.0.11", "https://127.0.0.11"].map((text) =>
        openProxy({ upstream: text, policy: everything }),
      ),
    );
    expect(await plain?.ask(get("http://any.test/"), /\r\n\r\n.+\n/s)).toContain("127.0.0.11, port 80,");
    expect(await secure?.ask(get("http://any.test/"), /\r\n\r\n.+\n/s)).toContain("127.0.0.11, port 443,");
  });

  it("EGR-5: is read from the request's environment, in either case of letters", () => {
    const a = "http://a:1";
    expect(upstreamProxyUrl({})).toBeUndefined();
    expect(upstreamProxyUrl({ HTTP_PROXY: "", NO_PROXY: "x", ALL_PROXY: a })).toBeUndefined();
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
      expect(upstreamProxyUrl({ [name]: a, PATH: "/bin" })).toBe(a);
    expect(upstreamProxyUrl({ HTTP_PROXY: "http://b:2", HTTPS_PROXY: a })).toBe(a);
  });
});
