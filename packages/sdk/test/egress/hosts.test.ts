import { describe, expect, it } from "vitest";
import { egressPolicy } from "../../src/index.js";
import {
  connectTo,
  evilHost,
  get,
  names,
  okText,
  openProxy,
  originHost,
  startOrigin,
  statusOf,
  type Origin,
  type TestProxy,
} from "./support.js";

const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

/** Asks for a host in both ways, and looks at the origin: an answer of 200 got there, any other did not. */
async function ask(host: string, origin: Origin, test: TestProxy): Promise<string> {
  const before = origin.connections.length;
  const url = `http://${host}:${origin.port}/`;
  const viaGet = await test.ask(
    `GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    /\r\n\r\n[^]+/,
  );
  const byGet = origin.connections.length - before;
  const tunnel = await test.connect();
  const viaConnect = await tunnel.send(connectTo(`${host}:${origin.port}`)).until("\r\n\r\n");
  if (statusOf(viaConnect) === 200) await origin.saw((tunnel.send("tunnel!\r\n"), "tunnel!"));
  const byConnect = origin.connections.length - before - byGet;
  const statuses = [statusOf(viaGet), statusOf(viaConnect)];
  expect([byGet, byConnect]).toEqual(statuses.map((status) => (status === 200 ? 1 : 0)));
  for (const { socket } of origin.connections) socket.destroy();
  return statuses.join(" ");
}

describe("which hosts are reached", () => {
  it.each([
    ["1 exact", "allowed.test"],
    ["2 case", "ALLOWED.Test"],
    ["3 trailing dot", "allowed.test."],
    ["5 below a suffix", "x.wild.test"],
    ["6 far below a suffix", "a.b.wild.test"],
    ["10 ASCII form of an international name", "xn--bcher-kva.wild.test"],
    ["13 underscore", "under_score.wild.test"],
    ["15 listed address", originHost],
    ["16 listed address in hex", "0x7f.9"],
    ["18 listed address inside IPv6", "[::ffff:127.0.0.9]"],
  ])("EGR-1: vector %s reaches the origin", async (_, host) => {
    const origin = await startOrigin();
    const test = await openProxy();
    expect(await ask(host, origin, test)).toBe("200 200");
    expect(test.denied).toEqual([]);
  });

  const denied = "403 403";
  const malformed = "400 400";
  it.each([
    ["4 two trailing dots", "allowed.test..", malformed],
    ["7 the suffix itself", "wild.test", denied],
    ["8 longer name", "xwild.test", denied],
    ["8 name in front", "notallowed.test", denied],
    ["8 name behind", "allowed.test.evil.test", denied],
    ["8 name with a dash", "evil-allowed.test", denied],
    ["10 international name as bytes, which HTTP does not take", utf8("bücher.wild.test"), malformed],
    ["11 fullwidth digits", utf8("１２７.0.0.1"), malformed],
    ["11 fullwidth dots", utf8("x。wild。test"), malformed],
    ["12 %00", "127.0.0.1%00.allowed.test", malformed],
    ["12 percent", "%61llowed.test", malformed],
    ["12 NUL", "evil.test\0.allowed.test", malformed],
    ["12 tab", "evil.test\t.allowed.test", malformed],
    ["12 space", "evil.test .allowed.test", malformed],
    ["12 CR LF", "evil.test\r\n.allowed.test", malformed],
    ["12 backslash", "evil.test\\.allowed.test", malformed],
    ["12 slash", "/.allowed.test", malformed],
    ["12 hash", "evil.test#.allowed.test", malformed],
    ["14 empty label", "x..wild.test", malformed],
    ["14 empty first label", ".allowed.test", malformed],
    ["14 empty host", "", malformed],
    ["14 254 bytes", `${"a.".repeat(122)}wild.test.x`, malformed],
    ["14 label of 64", `${"a".repeat(64)}.wild.test`, malformed],
    ["15 IPv4", "127.0.0.1", denied],
    ["15 IPv4, public", "192.0.2.1", denied],
    ["16 decimal", "2130706433", denied],
    ["16 hex", "0x7f000001", denied],
    ["16 octal", "0177.0.0.1", denied],
    ["16 short", "127.1", denied],
    ["16 mixed", "0x7f.0.01", denied],
    ["16 zero", "0", denied],
    ["16 too large", "4294967296", malformed],
    ["17 IPv6 loopback", "[::1]", denied],
    ["18 mapped", "[::ffff:127.0.0.1]", denied],
    ["19 mapped in hex", "[::ffff:7f00:1]", denied],
    ["20 NAT64", "[64:ff9b::7f00:1]", denied],
    ["20 6to4", "[2002:7f00:1::]", denied],
    ["20 Teredo", "[2001:0:7f00:1::]", denied],
    ["21 zone", "[fe80::1%25lo]", malformed],
    ["21 bare zone", "[fe80::1%lo]", malformed],
    ["22 unspecified", "0.0.0.0", denied],
    ["22 unspecified IPv6", "[::]", denied],
    ["23 metadata address", "169.254.169.254", denied],
    ["23 metadata name", "metadata.google.internal", denied],
    ["24 private", "10.0.0.1", denied],
    ["24 carrier", "100.64.0.1", denied],
    ["25 multicast", "224.0.0.1", denied],
    ["25 broadcast", "255.255.255.255", denied],
    ["brackets around a name", "[allowed.test]", malformed],
    ["an open bracket", "[::1", malformed],
  ])("EGR-1: vector %s reaches nothing", async (_, host, statuses) => {
    const origins = [await startOrigin(undefined, originHost), await startOrigin(undefined, evilHost)];
    const test = await openProxy();
    for (const origin of origins) expect(await ask(host, origin, test)).toBe(statuses);
    expect(origins.map(({ connections }) => connections)).toEqual([[], []]);
    expect(test.lookups).toEqual([]);
    const reason = statuses === denied ? "not-allowed" : "malformed";
    expect(test.denied.map((event) => event.reason)).toEqual([reason, reason, reason, reason]);
  });

  it("EGR-1: vector 25, a lone asterisk lets nothing through", async () => {
    const origin = await startOrigin();
    const test = await openProxy({ allowed: ["*", "*.", "*.*"] });
    for (const host of ["allowed.test", "a.b", originHost, "[::1]"])
      expect(await ask(host, origin, test)).toBe("403 403");
  });

  it("EGR-1: vector 9, an empty list with deny refuses all, without it nothing", async () => {
    const origin = await startOrigin();
    const closed = await openProxy({ policy: egressPolicy({ allowedHosts: [], defaultAction: "deny" }) });
    expect(await ask("allowed.test", origin, closed)).toBe("403 403");
    const policy = egressPolicy({ allowedHosts: [], defaultAction: "allow" });
    // Open for every name, which the proxy before it resolves; not for the machine itself.
    const before = await startOrigin((head) =>
      head.startsWith("CONNECT") ? "HTTP/1.1 200 OK\r\n\r\n" : okText("ok"),
    );
    const open = await openProxy({ policy, upstream: `http://${originHost}:${before.port}` });
    expect(statusOf(await open.ask(get("http://any.test/"), "ok"))).toBe(200);
    expect(statusOf(await open.ask(connectTo("any.test:443"), "\r\n\r\n"))).toBe(200);
    expect(before.received()).toContain("CONNECT any.test:443 HTTP/1.1\r\n");
    const direct = await openProxy({ policy });
    expect(await ask("allowed.test", origin, direct)).toBe("403 403");
    expect(await ask(originHost, origin, direct)).toBe("403 403");
    expect(direct.denied.map(({ reason }) => reason)).toEqual(["address", "address", "address", "address"]);
  });

  it("EGR-3: a refusal names the host and the reason, to the client and as an event", async () => {
    const test = await openProxy();
    const answer = await test.ask(get("http://Evil.Test:8080/secret-path?secret-query"), /\r\n\r\n.+\n/s);
    expect(answer).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Length: \d+\r\nProxy-Status: gestalt-egress; error=http_request_denied\r\n/,
    );
    expect(answer.endsWith("\r\n\r\nthe egress policy does not allow evil.test\n")).toBe(true);
    expect(test.denied).toEqual([
      {
        reason: "not-allowed",
        message: "the egress policy does not allow evil.test",
        status: 403,
        method: "GET",
        host: "evil.test",
        port: 8080,
      },
    ]);
    const tunnel = await test.ask(connectTo("evil.test"));
    expect(tunnel).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(test.denied[1]).toMatchObject({ method: "CONNECT", host: "evil.test", port: 443 });
  });

  it("EGR-1: the port of a request is ignored where no ports are configured, and checked where they are", async () => {
    const [origin, other] = [await startOrigin(), await startOrigin()];
    expect(await ask("allowed.test", other, await openProxy())).toBe("200 200");
    const test = await openProxy({ allowedPorts: [origin.port] });
    expect(await ask("allowed.test", origin, test)).toBe("200 200");
    const before = other.connections.length;
    expect(await ask("allowed.test", other, test)).toBe("403 403");
    expect(other.connections.length).toBe(before);
    expect(test.denied.map(({ reason }) => reason)).toEqual(["port", "port"]);
    expect(names["allowed.test"]).toEqual([originHost]);
  });
});
