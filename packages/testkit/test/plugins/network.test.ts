import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSocket } from "node:dgram";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerCredentials } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { startCache } from "./cache-service.js";
import { startPlugin } from "./running-plugin.js";

it.each(["", "unix://"])("BIND-2: reaches the cache by a Unix socket (%s...)", async (scheme) => {
  const cache = await startCache();
  const plugin = await startPlugin({ env: { GESTALT_CACHE_SOCKET: `${scheme}${cache.address}` } });
  await plugin.ready();
  expect(await plugin.call("cache", { key: "k", value: "žluťoučký" })).toEqual({
    found: true,
    value: "žluťoučký",
  });
  expect(await plugin.call("cache", { key: "none", action: "get" })).toEqual({ found: false, value: "" });
  expect(await plugin.call("cache", { key: "t", action: "set", ttlMs: 1_500 })).toMatchObject({
    found: true,
  });
  expect(cache.lifetimes).toEqual([undefined, 1_500]);
  expect(await plugin.call("cache", { key: "k", action: "delete" })).toMatchObject({ deleted: true });
  expect([...cache.entries.keys()]).toEqual(["t"]);
  expect(cache.tokens).toEqual([undefined, undefined]);
});

it("BIND-3: reaches a relayed cache by tcp:// with its token", async () => {
  const cache = await startCache("tcp");
  const plugin = await startPlugin({
    env: { GESTALT_CACHE_SOCKET_B: `tcp://${cache.address}`, GESTALT_CACHE_SOCKET_B_TOKEN: "secret" },
  });
  await plugin.ready();
  const params = { key: "k", value: "v", envVar: "GESTALT_CACHE_SOCKET_B" };
  expect(await plugin.call("cache", params)).toEqual({ found: true, value: "v" });
  expect(cache.tokens).toEqual(["secret"]);
});

it("BIND-3: reaches a relayed cache by tls://, trusting SSL_CERT_FILE", async () => {
  const { cert, key, certFile } = await selfSigned();
  const credentials = ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
  const cache = await startCache("tcp", credentials);
  const address = `tls://${cache.address.replace("127.0.0.1", "localhost")}`;
  const trusting = await startPlugin({ env: { GESTALT_CACHE_SOCKET: address, SSL_CERT_FILE: certFile } });
  await trusting.ready();
  expect(await trusting.call("cache", { key: "k", value: "v" })).toEqual({ found: true, value: "v" });
  const other = await startPlugin({ env: { GESTALT_CACHE_SOCKET: address } });
  await other.ready();
  expect(await other.execute("cache", { key: "k", timeoutMs: 500 })).toMatchObject({ status: 500 });
});

it("fetches a URL directly, and tells why it could not", async () => {
  const origin = await serve((request, response) =>
    response.end(`${request.url ?? ""} of ${request.headers.host ?? ""}`),
  );
  const plugin = await startPlugin({
    env: { HTTP_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" },
  });
  await plugin.ready();
  expect(await plugin.call("fetch", { url: `http://${origin}/a?b=c` })).toEqual({
    ok: true,
    via: "direct",
    status: 200,
    body: `/a?b=c of ${origin}`,
  });
  expect((await plugin.execute("fetch", { url: "http://127.0.0.1:1/" })).body).toMatchObject({
    ok: false,
    via: "direct",
    code: "ECONNREFUSED",
  });
});

it("EGR-3: fetches by a proxy, with an absolute URI or CONNECT, sending credentials at once", async () => {
  const origin = await serve((_request, response) => response.end("origin"));
  const seen: string[] = [];
  const proxy = await serveProxy(seen, origin);
  const plugin = await startPlugin({ env: { MY_PROXY: `http://user:p%40ss@${proxy}` } });
  await plugin.ready();
  const url = "http://known.to.the.proxy.test/path";
  expect(await plugin.call("fetch", { url, proxyEnv: "MY_PROXY" })).toMatchObject({
    ok: true,
    via: "absolute-uri",
    body: `proxied ${url}`,
  });
  expect(await plugin.call("fetch", { url, proxyEnv: "MY_PROXY", connect: true })).toMatchObject({
    ok: true,
    via: "connect",
    body: "origin",
  });
  const basic = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;
  expect(seen).toEqual([`GET ${url} ${basic}`, `CONNECT known.to.the.proxy.test:80 ${basic}`]);
  const refused = await plugin.execute("fetch", { url: "https://refused.test/", proxy: `http://${proxy}` });
  expect(refused.body).toMatchObject({ ok: false, via: "connect", proxyStatus: 403 });
});

it("fetches https:// directly and through a tunnel", async () => {
  const { cert, key } = await selfSigned();
  const origin = await listen(createTlsServer({ cert, key }, (_request, response) => response.end("secure")));
  const seen: string[] = [];
  const proxy = await serveProxy(seen, origin);
  const plugin = await startPlugin();
  await plugin.ready();
  const url = `https://${origin}/`;
  const secure = { ok: true, status: 200, body: "secure" };
  expect(await plugin.call("fetch", { url, insecureTls: true })).toMatchObject({ ...secure, via: "direct" });
  const tunnelled = { url: "https://known.to.the.proxy.test/", proxy: `http://${proxy}`, insecureTls: true };
  expect(await plugin.call("fetch", tunnelled)).toMatchObject({ ...secure, via: "connect" });
  expect(seen).toEqual([`CONNECT known.to.the.proxy.test:443 -`]);
  expect((await plugin.execute("fetch", { url })).body).toMatchObject({
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
});

it("EGR-2: tries ways past a proxy, also from a child, and tells which led somewhere", async () => {
  const origin = await serve((_request, response) => response.end());
  const udp = createSocket("udp4");
  udp.on("message", (message, { address, port }) => {
    if (message.length >= 12) message.writeUInt16BE(0x81_83, 2);
    udp.send(message, port, address);
  });
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    udp.close();
  });
  const plugin = await startPlugin();
  await plugin.ready();
  const host = "127.0.0.1";
  for (const inChild of [false, true]) {
    const [tcp, datagrams] = [
      { how: "tcp", host, inChild } as const,
      { host, port: udp.address().port, inChild },
    ];
    expect(await plugin.call("reach", { ...tcp, port: Number(origin.split(":")[1]) })).toEqual({
      reached: true,
    });
    expect((await plugin.execute("reach", { ...tcp, port: 1 })).body).toMatchObject({ reached: false });
    for (const how of ["udp", "dns"] as const) {
      expect(await plugin.call("reach", { ...datagrams, how })).toEqual({ reached: true });
      const nowhere = await plugin.execute("reach", { ...datagrams, how, port: 1, timeoutMs: 200 });
      expect(nowhere.body).toMatchObject({ reached: false });
    }
  }
});

it("gives up a fetch that gets no answer", async () => {
  const origin = await serve(() => undefined);
  const plugin = await startPlugin();
  await plugin.ready();
  const { body } = await plugin.execute("fetch", { url: `http://${origin}/`, timeoutMs: 100 });
  expect(body).toMatchObject({ ok: false, error: expect.stringContaining("timeout") as string });
});

function serve(answer: RequestListener): Promise<string> {
  return listen(createServer(answer));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that leads every name to one origin, but for one that it refuses. */
async function serveProxy(seen: string[], origin: string): Promise<string> {
  const note = (method: string, url = "", credentials = "-"): number =>
    seen.push(`${method} ${url} ${credentials}`);
  const server = createServer((request, response) => {
    note("GET", request.url, request.headers["proxy-authorization"]);
    response.end(`proxied ${request.url ?? ""}`);
  });
  server.on("connect", (request, client: Socket) => {
    if (request.url?.startsWith("refused.test") === true) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    note("CONNECT", request.url, request.headers["proxy-authorization"]);
    const [host = "", port] = origin.split(":");
    const upstream = connect(Number(port), host, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    upstream.pipe(client).pipe(upstream);
    for (const socket of [upstream, client]) socket.on("error", () => undefined);
  });
  return listen(server);
}

async function selfSigned(): Promise<{ cert: Buffer; key: Buffer; certFile: string }> {
  const directory = await mkdtemp(join(tmpdir(), "cert-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [certFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const made = spawnSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(
      " ",
    ),
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", keyFile, "-out", certFile],
  ]);
  expect(made.stderr.toString() + String(made.status)).toMatch(/0$/);
  return { cert: await readFile(certFile), key: await readFile(keyFile), certFile };
}
