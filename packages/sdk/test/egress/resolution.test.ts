import { describe, expect, it } from "vitest";
import { closedAddressKind } from "../../src/egress/addresses.js";
import { egressPolicy } from "../../src/index.js";
import { connectTo, get, openProxy, originHost, startOrigin, statusOf } from "./support.js";

const loopback = "a loopback address";
const metadata = "a cloud's metadata service";
const linkLocal = "a link-local address";
const unspecified = "an unspecified address";
const multicast = "a multicast or broadcast address";

describe("closedAddressKind", () => {
  it.each([
    ["127.0.0.1", loopback],
    ["127.255.255.254", loopback],
    ["::1", loopback],
    ["::ffff:127.0.0.1", loopback],
    ["::127.0.0.1", loopback],
    ["64:ff9b::127.0.0.1", loopback],
    ["64:ff9b:1::7f00:1", loopback],
    ["2002:7f00:1::", loopback],
    ["2001:0:7f00:1::", loopback],
    ["2001:0:808:808::80ff:fffe", loopback],
    ["2001:db8::5efe:127.0.0.1", loopback],
    ["fe80::200:5efe:127.0.0.1", linkLocal],
    ["169.254.169.254", metadata],
    ["64:ff9b::a9fe:a9fe", metadata],
    ["169.254.170.2", metadata],
    ["100.100.100.200", metadata],
    ["168.63.129.16", metadata],
    ["192.0.0.192", metadata],
    ["fd00:ec2::254", metadata],
    ["fd20:ce::254", metadata],
    ["169.254.1.1", linkLocal],
    ["fe80::1", linkLocal],
    ["febf::1", linkLocal],
    ["0.0.0.0", unspecified],
    ["0.1.2.3", unspecified],
    ["::", unspecified],
    ["224.0.0.251", multicast],
    ["239.255.255.250", multicast],
    ["255.255.255.255", multicast],
    ["ff02::1", multicast],
    ["fe80::1%eth0", "no address that can be checked"],
    ["evil.test:80", "no address that can be checked"],
  ])("EGR-2: %s is %s", (address, kind) => {
    expect(closedAddressKind(address)).toBe(kind);
  });

  it.each([
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.1",
    "8.8.8.8",
    "fd00::1",
    "2001:db8::1",
    "2606:4700::1111",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2001:0:808:808::f7f7:f7f7",
    "::8.8.8.8",
    "126.255.255.255",
    "128.0.0.1",
    "fec0::1",
  ])("EGR-1: %s is left to the policy", (address) => {
    expect(closedAddressKind(address)).toBeUndefined();
  });
});

describe("where a listed name leads", () => {
  const closed = [
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "0.0.0.0",
    "::ffff:127.0.0.1",
    "fe80::1",
    "64:ff9b::7f00:1",
  ];
  it.each(closed)("EGR-2: vector 26, to %s it leads nowhere", async (address) => {
    const origin = await startOrigin(undefined, "127.0.0.1");
    const test = await openProxy({ addresses: { "allowed.test": [address] } });
    const url = `http://allowed.test:${origin.port}/`;
    expect(statusOf(await test.ask(get(url), "\n\r\n"))).toBe(403);
    expect(statusOf(await test.ask(connectTo(`allowed.test:${origin.port}`), "\n\r\n"))).toBe(403);
    expect(origin.connections).toEqual([]);
    expect(test.denied.map(({ reason }) => reason)).toEqual(["address", "address"]);
    expect(test.denied[0]?.message).toContain(`allowed.test leads to ${address}, `);
  });

  it("EGR-2: vector 27, one closed address among others closes the name", async () => {
    const origin = await startOrigin();
    for (const addresses of [
      [originHost, "127.0.0.1"],
      ["169.254.169.254", originHost],
      ["::1", originHost],
    ]) {
      const test = await openProxy({ addresses: { "allowed.test": addresses } });
      expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`), "\n\r\n"))).toBe(403);
    }
    expect(origin.connections).toEqual([]);
  });

  it("EGR-1: a listed name may lead to a private address, and the next one is tried where the first refuses", async () => {
    const origin = await startOrigin();
    // Nobody listens on the first.
    const test = await openProxy({
      allowed: ["allowed.test", originHost, "127.0.0.11"],
      addresses: { "allowed.test": ["127.0.0.11", originHost] },
    });
    expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`), "ok"))).toBe(200);
    expect(statusOf(await test.ask(connectTo(`allowed.test:${origin.port}`), "\r\n\r\n"))).toBe(200);
  });

  it("EGR-2: vector 28, a name is looked up once a request and what was checked is what is dialled", async () => {
    const origin = await startOrigin();
    const loopbackOrigin = await startOrigin(undefined, "127.0.0.1");
    const answers = [[originHost], ["127.0.0.1"], [originHost, "127.0.0.11"], ["127.0.0.1"]];
    let lookups = 0;
    const test = await openProxy({
      allowed: ["allowed.test", originHost, "127.0.0.11"],
      resolve: () => Promise.resolve(answers[lookups++] ?? []),
    });
    const url = `http://allowed.test:${origin.port}/`;
    // On one connection, which the proxy might be tempted to use again.
    const client = await test.connect();
    expect(statusOf(await client.send(get(url)).until("ok"))).toBe(200);
    expect(lookups).toBe(1);
    client.received = "";
    expect(statusOf(await client.send(get(url)).until("\n\r\n"))).toBe(403);
    expect(lookups).toBe(2);
    // Several addresses go through another way of connecting.
    expect(statusOf(await test.ask(connectTo(`allowed.test:${origin.port}`), "\r\n\r\n"))).toBe(200);
    expect(lookups).toBe(3);
    expect(statusOf(await test.ask(connectTo(`allowed.test:${loopbackOrigin.port}`), "\r\n\r\n"))).toBe(403);
    expect(loopbackOrigin.connections).toEqual([]);
  });

  it("EGR-1: vector 29, the policy is about the name that was asked for, whatever it is an alias of", async () => {
    const origin = await startOrigin();
    // The resolver has followed the alias: allowed.test -> evil.test -> address.
    const test = await openProxy({ addresses: { "allowed.test": [originHost], "evil.test": [originHost] } });
    expect(statusOf(await test.ask(get(`http://allowed.test:${origin.port}/`), "ok"))).toBe(200);
    expect(statusOf(await test.ask(get(`http://evil.test:${origin.port}/`), "\n\r\n"))).toBe(403);
    expect(origin.connections.length).toBe(1);
  });

  it("EGR-3: vector 30, what can't be resolved is told apart", async () => {
    const failing = (code: string) => (): Promise<never> =>
      Promise.reject(Object.assign(new Error("x"), { code }));
    const cases = [
      [failing("ENOTFOUND"), 502, "unknown-host", "allowed.test is not known (ENOTFOUND)"],
      [failing("ENODATA"), 502, "unknown-host", "allowed.test is not known (ENODATA)"],
      [(): Promise<string[]> => Promise.resolve([]), 502, "unknown-host", "allowed.test has no address"],
      [failing("EAI_AGAIN"), 504, "resolver-failed", "allowed.test can't be found now (EAI_AGAIN)"],
      [failing("ESERVFAIL"), 504, "resolver-failed", "allowed.test can't be found now (ESERVFAIL)"],
      [() => new Promise<never>(() => undefined), 504, "resolver-failed", "were not found within 30 ms"],
      [() => Promise.resolve(["evil.test"]), 504, "resolver-failed", 'the resolver gave "evil.test"'],
    ] as const;
    for (const [resolve, status, reason, message] of cases)
      for (const request of [get("http://allowed.test/"), connectTo("allowed.test:443")]) {
        const test = await openProxy({ resolve, limits: { resolveTimeoutMs: 30 } });
        const answer = await test.ask(request, /\r\n\r\n.+\n/s);
        expect(statusOf(answer)).toBe(status);
        expect(answer).toContain(
          message.replace("allowed.test can't", "the addresses of allowed.test can't"),
        );
        expect(test.failed).toMatchObject([{ reason, status, host: "allowed.test" }]);
        expect(test.denied).toEqual([]);
      }
  });

  it("EGR-1: the system's resolver knows localhost, and only a policy that lists it opens it", async () => {
    const origin = await startOrigin(undefined, "127.0.0.1");
    const url = `http://localhost:${origin.port}/`;
    const ask = async (...list: string[]): Promise<number> => {
      const test = await openProxy({ addresses: "system", allowed: list });
      return statusOf(await test.ask(get(url), "\n\r\n"));
    };
    const open = egressPolicy({ allowedHosts: [], defaultAction: "allow" });
    const test = await openProxy({ addresses: "system", policy: open });
    expect(statusOf(await test.ask(get(url), "\n\r\n"))).toBe(403);
    expect(test.denied).toMatchObject([{ reason: "address" }]);
    expect(await ask("allowed.test")).toBe(403);
    expect(await ask("*.localhost")).toBe(403);
    expect(await ask("127.0.0.1")).toBe(403);
    expect(origin.connections).toEqual([]);
    expect(await ask("localhost")).toBe(200);
    expect(origin.connections.length).toBe(1);
  });
});
