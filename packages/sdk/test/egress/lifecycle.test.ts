import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEgressProxy, type EgressProxyOptions } from "../../src/egress/index.js";
import { egressPolicy } from "../../src/index.js";
import {
  connectTo,
  get,
  listen,
  okText,
  openProxy,
  patiently,
  RawClient,
  startOrigin,
  statusOf,
} from "./support.js";

const policy = egressPolicy({ allowedHosts: [], defaultAction: "deny" });

function folder(): string {
  const path = mkdtempSync("/tmp/egp-");
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Sockets, servers and pipes that this process has open. */
function openHandles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe|Connect).*Wrap$/.test(name));
}

/** What is open now and was not then; what others leave may go meanwhile. */
function openedSince(before: readonly string[]): string[] {
  const left = [...before];
  return openHandles().filter((name) => {
    const index = left.indexOf(name);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

async function denies(options: Partial<EgressProxyOptions>): Promise<number> {
  const test = await openProxy(options);
  return statusOf(await test.ask(get("http://evil.test/"), "\n\r\n"));
}

describe("where a proxy listens", () => {
  it("EGR-3: on loopback by default, on a Unix socket, at an address", async () => {
    const byDefault = await openProxy();
    expect(byDefault.proxy.address).toMatchObject({ host: "127.0.0.1" });
    const path = join(folder(), "p.sock");
    const onPath = await openProxy({ listen: { path } });
    expect(onPath.proxy.address).toEqual({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statusOf(await onPath.ask(get("http://evil.test/"), "\n\r\n"))).toBe(403);
    await onPath.proxy.close();
    expect(readdirSync(join(path, ".."))).toEqual([]);
    expect(await denies({ listen: { host: "::1" } })).toBe(403);
    const open = await openProxy({ listen: { path, mode: 0o666 } });
    expect(statSync(path).mode & 0o777).toBe(0o666);
    await open.proxy.close();
  });

  it("EGR-3: on a stale socket's place, and on nothing else that is in the way", async () => {
    const path = join(folder(), "p.sock");
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", script]), "exit");
    expect(existsSync(path)).toBe(true);
    expect(await denies({ listen: { path } })).toBe(403);
    await expect(createEgressProxy({ policy, listen: { path } })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    const file = join(folder(), "file");
    writeFileSync(file, "mine");
    await expect(createEgressProxy({ policy, listen: { path: file } })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    expect(statSync(file).size).toBe(4);
  });

  it("EGR-3: on a server that listens already, which is then its own", async () => {
    const server = createServer(() => expect.fail("the proxy accepts"));
    const port = await listen(server, "127.0.0.1");
    const test = await openProxy({ listen: { server } });
    expect(test.proxy.address).toEqual({ host: "127.0.0.1", port });
    expect(statusOf(await test.ask(get("http://evil.test/"), "\n\r\n"))).toBe(403);
    await test.proxy.close();
    await expect(RawClient.open({ address: { host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  it("EGR-3: on a listener that another process has made and sent, as from inside a guest's network", async () => {
    const script = `
      const server = require("net").createServer().listen(0, "127.0.0.1", () => process.send("it", server, () => process.exit()));`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [, server] = (await once(child, "message")) as [string, Server];
    await once(child, "exit");
    expect(await denies({ listen: { server } })).toBe(403);
  });

  it("EGR-3: on a descriptor", async () => {
    const server = createServer();
    const port = await listen(server, "127.0.0.1");
    onTestFinished(() => void server.close());
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const program = fileURLToPath(new URL("../.fixtures/egress-proxy-on-fd.mjs", import.meta.url));
    const child = spawn(program, { stdio: ["ignore", "pipe", "inherit", fd] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [bytes] = (await once(child.stdout ?? expect.fail(), "data")) as [Buffer];
    expect(JSON.parse(bytes.toString())).toEqual({ host: "127.0.0.1", port });
  });

  it.each<[string, EgressProxyOptions["listen"], string]>([
    ["a port in use", { port: -2 }, "FAILED_PRECONDITION"],
    ["no such address", { host: "203.0.113.1" }, "FAILED_PRECONDITION"],
    ["no folder", { path: "/tmp/no/such/folder/p.sock" }, "FAILED_PRECONDITION"],
    ["a port of no kind", { port: 65_536 }, "INVALID_ARGUMENT"],
    ["half a port", { port: 1.5 }, "INVALID_ARGUMENT"],
    ["a path without end", { path: `/tmp/${"p".repeat(110)}` }, "INVALID_ARGUMENT"],
    ["a relative path", { path: "p.sock" }, "INVALID_ARGUMENT"],
    ["a server that does not listen", { server: createServer() }, "INVALID_ARGUMENT"],
  ])("EGR-3: %s is told, and leaves nothing open", async (_, wanted, code) => {
    const taken = createServer();
    const port = await listen(taken, "127.0.0.1");
    onTestFinished(() => void taken.close());
    const before = openHandles();
    const where = wanted !== undefined && "port" in wanted && wanted.port === -2 ? { port } : wanted;
    await expect(
      createEgressProxy({ policy, ...(where === undefined ? {} : { listen: where }) }),
    ).rejects.toMatchObject({ code });
    await expect.poll(() => openedSince(before), patiently).toEqual([]);
  });

  it("EGR-4: a relay that is no dial target is told", async () => {
    await expect(createEgressProxy({ policy, relays: ["relay.test:443"] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('relays "relay.test:443" has no scheme') as string,
    });
  });
});

describe("a request that leads back to the proxy", () => {
  it("EGR-2: vector 67, is refused, by whatever address", async () => {
    const test = await openProxy({
      allowed: ["127.0.0.1", "allowed.test"],
      addresses: { "allowed.test": ["127.0.0.1"] },
    });
    const { address } = test.proxy;
    if (!("port" in address)) expect.fail("it listens on TCP");
    for (const host of ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "allowed.test"]) {
      const target = `${host}:${address.port}`;
      expect(statusOf(await test.ask(connectTo(target), "\n\r\n"))).toBe(403);
      expect(statusOf(await test.ask(get(`http://${target}/`), "\n\r\n"))).toBe(403);
    }
    expect(test.denied.map(({ reason }) => reason)).toEqual(Array(8).fill("loop"));
  });

  it("EGR-2: vector 67, also where it listens on all addresses", async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address }) => address);
    const hosts = ["127.0.0.1", "127.0.0.9", "::1", ...own.filter((each) => !each.startsWith("fe80"))];
    for (const host of ["0.0.0.0", "::"]) {
      const test = await openProxy({ listen: { host }, allowed: hosts });
      const { address } = test.proxy;
      if (!("port" in address)) expect.fail("it listens on TCP");
      for (const each of hosts) {
        const target = `${each.includes(":") ? `[${each}]` : each}:${address.port}`;
        expect([
          each,
          statusOf(
            await RawClient.open({ address: { host: "127.0.0.1", port: address.port } }).then((client) =>
              client.send(connectTo(target)).until("\n\r\n"),
            ),
          ),
        ]).toEqual([each, 403]);
      }
      expect(test.denied.every(({ reason }) => reason === "loop")).toBe(true);
    }
  });
});

describe("closing", () => {
  it("EGR-3: cuts what is under way, is over at once, and may be asked for twice", async () => {
    const origin = await startOrigin(() => undefined);
    const listening = openHandles();
    const test = await openProxy();
    const clients = await Promise.all([test.connect(), test.connect(), test.connect(), test.connect()]);
    clients[0].send(connectTo(`allowed.test:${origin.port}`));
    await clients[0].until("established");
    clients[1].send(get(`http://allowed.test:${origin.port}/wait`));
    await origin.saw("/wait");
    clients[2].send("GET http://allowed.test/ HTTP/1.1\r\n");
    await Promise.all([test.proxy.close(), test.proxy.close({ graceMs: 60_000 })]);
    expect([test.proxy.connections, test.proxy.tunnels]).toEqual([0, 0]);
    await Promise.all(clients.map(({ over }) => over));
    await expect
      .poll(() => origin.connections.every(({ ended, socket }) => ended || socket.destroyed), patiently)
      .toBe(true);
    for (const { socket } of [...clients, ...origin.connections]) socket.destroy();
    await expect.poll(() => openedSince(listening), patiently).toEqual([]);
    expect(test.failed).toEqual([]);
  });

  it("EGR-3: lets what is under way end where it is given the time, takes nothing new, and waits no longer than needed", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const [inRequest, inTunnel, idle] = await Promise.all([test.connect(), test.connect(), test.connect()]);
    inRequest.send(get(`http://allowed.test:${origin.port}/wait`));
    const { socket } = await origin.saw("/wait");
    inTunnel.send(`${connectTo(`allowed.test:${origin.port}`)}go`);
    const tunnel = await origin.saw("go");
    const closing = test.proxy.close({ graceMs: 600_000 });
    await expect(RawClient.open(test.proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    socket.write(okText("in the end"));
    await inRequest.until("in the end");
    tunnel.socket.end("bye");
    await inTunnel.until("bye");
    inTunnel.socket.end();
    await closing;
    await idle.over;
  });

  it("EGR-3: cuts at the end of the time that it was given", async () => {
    const origin = await startOrigin(() => undefined);
    const test = await openProxy();
    const client = await test.connect();
    client.send(`${connectTo(`allowed.test:${origin.port}`)}go`);
    await origin.saw("go");
    await test.proxy.close({ graceMs: 50 });
    await client.over;
  });

  it("EGR-3: is what the end of an await using block does", async () => {
    let address: { host: string; port: number } | undefined;
    {
      await using proxy = await createEgressProxy({ policy });
      if ("port" in proxy.address) address = proxy.address;
    }
    const socket = connect(address ?? expect.fail());
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  it("EGR-3: 300 requests and tunnels, good and bad, leave nothing behind", async () => {
    const origin = await startOrigin();
    const before = openHandles();
    const test = await openProxy();
    const one = async (round: number): Promise<void> => {
      const client = await test.connect();
      const target = `${round % 3 === 0 ? "evil.test" : "allowed.test"}:${origin.port}`;
      client.send(round % 2 === 0 ? connectTo(target) : get(`http://${target}/`));
      await client.until("\r\n\r\n");
      if (round % 5 === 0) client.socket.resetAndDestroy();
      else client.socket.destroy();
    };
    for (let round = 0; round < 300; round += 10)
      await Promise.all(Array.from({ length: 10 }, (_, index) => one(round + index)));
    for (const { socket } of origin.connections) socket.destroy();
    await expect.poll(() => [test.proxy.connections, test.proxy.tunnels], patiently).toEqual([0, 0]);
    await test.proxy.close();
    await expect.poll(() => openedSince(before), patiently).toEqual([]);
  });
});
