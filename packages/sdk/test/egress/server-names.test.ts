import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { readClientHello } from "../../src/egress/client-hello.js";
import { certificate } from "./certificate.js";
import { extension, hello, helloMessage, realHello, records, serverName } from "./client-hellos.js";
import {
  connectTo,
  openProxy,
  originHost,
  patiently,
  startOrigin,
  type Origin,
  type RawClient,
  type TestProxy,
} from "./support.js";

const grease = extension(0x0a0a, Buffer.alloc(1));
/** An encrypted inner hello, as clients send it for real and as decoys. */
const encrypted = extension(0xfe0d, Buffer.alloc(200, 9));

interface Opened {
  readonly client: RawClient;
  readonly origin: Origin;
  readonly test: TestProxy;
}

async function openTunnel(host = "allowed.test", clientHelloTimeoutMs = 20_000): Promise<Opened> {
  const origin = await startOrigin(() => undefined);
  const test = await openProxy({ serverNames: "match", limits: { clientHelloTimeoutMs } });
  const client = await test.connect();
  await client.send(connectTo(`${host}:${origin.port}`)).until("established\r\n\r\n");
  return { client, origin, test };
}

async function expectThrough({ client, origin, test }: Opened, bytes: Buffer): Promise<void> {
  client.send("and what follows");
  await origin.saw("and what follows");
  expect(origin.received()).toBe(`${bytes.toString("latin1")}and what follows`);
  expect(test.denied).toEqual([]);
}

async function expectCut({ client, origin, test }: Opened, message: string | RegExp): Promise<void> {
  await client.over;
  await expect
    .poll(() => test.denied, patiently)
    .toMatchObject([{ reason: "server-name", method: "CONNECT" }]);
  expect(test.denied[0]?.message).toMatch(message);
  await expect.poll(() => test.proxy.tunnels, patiently).toBe(0);
  expect(origin.received()).toBe("");
  expect(client.received).toMatch(/^HTTP\/1\.1 200 [^\r]*\r\n\r\n$/);
}

describe("tunnels whose server name is checked", () => {
  it("EGR-1: vector 42, TLS for the host that was asked for goes through, end to end", async () => {
    const origin = await startOrigin(undefined, originHost, (handle) => createTlsServer(certificate, handle));
    const test = await openProxy({ serverNames: "match" });
    const client = await test.connect();
    await client.send(connectTo(`allowed.test:${origin.port}`)).until("established\r\n\r\n");
    client.socket.removeAllListeners("data");
    const tls = connectTls({ socket: client.socket, servername: "allowed.test", ca: certificate.cert });
    tls.write("GET / HTTP/1.1\r\n\r\n");
    const [bytes] = await new Promise<[Buffer]>((resolve) =>
      tls.once("data", (data: Buffer) => resolve([data])),
    );
    expect(String(bytes)).toMatch(/ok$/);
    tls.destroy();
  });

  it.each([
    ["42 a real client", () => realHello({ servername: "allowed.test" })],
    ["42 in other letters", () => hello(serverName("ALLOWED.test"))],
    ["45 in records of one byte", () => records(helloMessage(serverName("allowed.test")), 1)],
    ["45 in records of 50 bytes", () => records(helloMessage(serverName("allowed.test")), 50)],
    ["46 close to the limit", () => hello(extension(21, Buffer.alloc(16_000)), serverName("allowed.test"))],
    ["47 with decoys", () => hello(grease, encrypted, serverName("allowed.test"), grease)],
  ])("EGR-1: vector %s, whole and byte by byte", async (_, make) => {
    const bytes = await make();
    const whole = await openTunnel();
    whole.client.send(bytes);
    await expectThrough(whole, bytes);
    const slow = await openTunnel();
    slow.client.socket.setNoDelay(true);
    for (const byte of bytes.subarray(0, 300)) {
      slow.client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.client.send(bytes.subarray(300));
    await expectThrough(slow, bytes);
  });

  it("EGR-1: vector 35, what comes with the CONNECT is looked at too", async () => {
    const origin = await startOrigin(() => undefined);
    for (const [name, isThrough] of [
      ["allowed.test", true],
      ["evil.test", false],
    ] as const) {
      const test = await openProxy({ serverNames: "match" });
      const client = await test.connect();
      client.send(
        Buffer.concat([Buffer.from(connectTo(`allowed.test:${origin.port}`)), hello(serverName(name))]),
      );
      if (isThrough) await origin.saw(name);
      else await client.over;
    }
    expect(origin.received()).not.toContain("evil.test");
  });

  it("EGR-1: for an address no name is wanted, and none but a name for it is taken", async () => {
    const nameless = await openTunnel(originHost);
    nameless.client.send(hello(grease));
    await expectThrough(nameless, hello(grease));
    const named = await openTunnel(originHost);
    named.client.send(hello(serverName("allowed.test")));
    await expectCut(named, `the tunnel for ${originHost} asks for "allowed.test"`);
  });

  it.each([
    ["43 another server", hello(serverName("evil.test")), 'asks for "evil.test"'],
    ["43 a name below", hello(serverName("x.allowed.test")), 'asks for "x.allowed.test"'],
    [
      "43 a name with NUL",
      hello(serverName("allowed.test\0.evil.test")),
      /asks for "allowed\.test.+evil\.test"/,
    ],
    [
      "43 a real name in front of an encrypted one",
      hello(serverName("front.test"), encrypted),
      'asks for "front.test"',
    ],
    ["43 two names", hello(serverName("allowed.test", "evil.test")), "does not begin with a TLS ClientHello"],
    ["43 two extensions", hello(serverName("allowed.test"), serverName("evil.test")), "does not begin with"],
    ["43 an empty name", hello(serverName("")), "does not begin with"],
    ["44 no name", hello(grease), "names no server"],
    [
      "46 more than 16 KiB",
      hello(extension(21, Buffer.alloc(17_000)), serverName("allowed.test")),
      "does not begin with",
    ],
    ["46 a length of 16 MiB", records(Buffer.from([1, 0xff, 0xff, 0xff, 3, 3])), "does not begin with"],
    ["46 an endless row of tiny records", records(Buffer.alloc(20_000, 1), 1), "does not begin with"],
    ["46 a record without end", Buffer.from([22, 3, 1, 0xff, 0xff]), "does not begin with"],
    ["46 an empty record", Buffer.from([22, 3, 1, 0, 0]), "does not begin with"],
    ["48 plain HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"), "does not begin with"],
    ["48 SSH", Buffer.from("SSH-2.0-x\r\n"), "does not begin with"],
    [
      "48 another record",
      records(helloMessage(serverName("allowed.test")), 16_384, 23),
      "does not begin with",
    ],
    ["48 another message", records(Buffer.from([2, 0, 0, 0])), "does not begin with"],
    ["48 a hello cut short inside", records(Buffer.from([1, 0, 0, 4, 3, 3, 0, 0])), "does not begin with"],
    [
      "45 half a hello, and silence",
      hello(serverName("allowed.test")).subarray(0, 40),
      "did not say within 150 ms",
    ],
    ["45 silence", Buffer.alloc(0), "did not say within 150 ms"],
  ])("EGR-1: vector %s is cut, and the origin gets nothing", async (_, bytes, message) => {
    const isPatient = typeof message !== "string" || !message.includes("150 ms");
    const opened = await openTunnel(undefined, isPatient ? undefined : 150);
    opened.client.send(bytes);
    await expectCut(opened, message);
  });

  it("EGR-1: a client that ends before it has named a server is cut at once", async () => {
    const opened = await openTunnel();
    opened.client.socket.end(hello(serverName("allowed.test")).subarray(0, 40));
    await expectCut(opened, "does not begin with");
  });

  it("EGR-1: nothing of this is looked at where it is not asked for", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const client = await test.connect();
    client.send(
      Buffer.concat([Buffer.from(connectTo(`allowed.test:${origin.port}`)), hello(serverName("evil.test"))]),
    );
    await origin.saw("evil.test");
  });
});

describe("readClientHello", () => {
  it("EGR-1: says no more of any beginning of a hello than that more is needed", async () => {
    const bytes = await realHello({ servername: "allowed.test", ALPNProtocols: ["h2", "http/1.1"] });
    for (let length = 0; length < bytes.length; length += 1)
      expect(readClientHello(bytes.subarray(0, length))).toEqual({ how: "more" });
    const verdict = { how: "hello", serverName: "allowed.test" };
    expect(readClientHello(bytes)).toEqual(verdict);
    expect(readClientHello(Buffer.concat([bytes, Buffer.from("what follows is not looked at")]))).toEqual(
      verdict,
    );
  });

  it("EGR-1: survives any change of a byte, and never reads a name that is not there", () => {
    const bytes = hello(serverName("allowed.test"), grease);
    for (let at = 0; at < bytes.length; at += 1)
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        const verdict = readClientHello(changed);
        if (verdict.how === "hello" && verdict.serverName !== undefined)
          expect(changed.toString("latin1")).toContain(verdict.serverName);
      }
  });
});
