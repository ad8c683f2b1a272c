import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { egressProxyEnvironment } from "../../src/egress/index.js";
import { connectTo, get, openProxy, startOrigin, statusOf } from "./support.js";

const basic = (text: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(text).toString("base64")}\r\n`;
const credentials = { username: "session-1", password: "s3cret:with colon" };

describe("a proxy with credentials", () => {
  it.each([
    ["none", ""],
    ["a wrong password", basic("session-1:s3cret")],
    ["a wrong user", basic("session-2:s3cret:with colon")],
    ["another session's", basic("session-2:other")],
    ["another scheme", "Proxy-Authorization: Digest x\r\n"],
    ["no scheme", "Proxy-Authorization: x\r\n"],
    ["an empty field", "Proxy-Authorization: \r\n"],
    ["an empty password", basic("session-1:")],
    ["a wrong token", "Proxy-Authorization: Bearer x\r\n"],
    ["the origin's field", basic("session-1:s3cret:with colon").replace("Proxy-", "")],
  ])("EGR-3: vector 64, with %s there is 407, and nothing is reached or looked up", async (_, header) => {
    const origin = await startOrigin();
    const test = await openProxy({ credentials });
    for (const ask of [
      get(`http://allowed.test:${origin.port}/`, header),
      connectTo(`allowed.test:${origin.port}`, header),
    ]) {
      const answer = await test.ask(ask, /\r\n\r\n.+\n/s);
      expect(answer).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required\r\n/);
      expect(answer).toContain('\r\nProxy-Authenticate: Basic realm="gestalt-egress"\r\n');
    }
    expect(origin.connections).toEqual([]);
    expect(test.lookups).toEqual([]);
    expect(test.denied.map(({ reason }) => reason)).toEqual(["credentials", "credentials"]);
    expect(JSON.stringify(test.denied)).not.toContain("s3cret");
  });

  it.each([
    ["Basic", basic("session-1:s3cret:with colon")],
    ["basic in small letters", basic("session-1:s3cret:with colon").replace("Basic", "basic")],
    ["Bearer", "Proxy-Authorization: Bearer s3cret\r\n"],
  ])(
    "EGR-3: vector 64, with the session's own as %s both ways are open, and the origin sees none of it",
    async (_, header) => {
      const origin = await startOrigin();
      const password = header.includes("Bearer") ? "s3cret" : credentials.password;
      const test = await openProxy({ credentials: { ...credentials, password } });
      expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`, header), "ok"))).toBe(200);
      expect(statusOf(await test.ask(connectTo(`allowed.test:${origin.port}`, header), "\r\n\r\n"))).toBe(
        200,
      );
      expect(origin.received()).not.toContain("uthorization");
    },
  );

  it("EGR-3: vector 64, each session's proxy takes its own alone", async () => {
    const [a, b] = [
      await openProxy({ credentials: { username: "a", password: "1" } }),
      await openProxy({ credentials: { username: "b", password: "2" } }),
    ];
    for (const [proxy, user, status] of [
      [a, "a:1", 403],
      [a, "b:2", 407],
      [b, "a:1", 407],
      [b, "b:2", 403],
    ] as const)
      expect(statusOf(await proxy.ask(get("http://evil.test/", basic(user)), "\n\r\n"))).toBe(status);
  });
});

describe("egressProxyEnvironment", () => {
  it("EGR-3: names the proxy in both cases of letters, with credentials that clients read back", async () => {
    const special = { username: "s/1", password: "p@ss:w/ord%?#ü" };
    const test = await openProxy({ credentials: special });
    const { address } = test.proxy;
    if (!("port" in address)) expect.fail("it listens on TCP");
    const env = egressProxyEnvironment({ ...address, credentials: special });
    const url = `http://s%2F1:p%40ss%3Aw%2Ford%25%3F%23%C3%BC@127.0.0.1:${address.port}`;
    expect(env).toEqual({ HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url });
    const { username, password, hostname, port } = new URL(url);
    const status = await new Promise((resolve) =>
      httpRequest({
        host: hostname,
        port,
        path: "http://evil.test/",
        headers: {
          host: "evil.test",
          "proxy-authorization": `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`,
        },
        agent: false,
      })
        .on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .end(),
    );
    expect(status).toBe(403);
    expect(egressProxyEnvironment({ host: "::1", port: 1 })).toMatchObject({ http_proxy: "http://[::1]:1" });
  });
});
