import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSandbox } from "../../src/sandbox/index.js";
import { Probe } from "./probe.js";

const refused = { landlock: "EACCES", bubblewrap: "ECONNREFUSED" } as const;

for (const enforcement of ["landlock", "bubblewrap"] as const)
  describe(`the network in the host's sandbox (${enforcement})`, () => {
    let origin: Server;
    let port: number;

    beforeEach(async () => {
      origin = createHttpServer((_, response) => response.end("the origin"));
      port = await listen(origin);
    });

    afterEach(() => {
      origin.close();
    });

    it("PROC-10: TCP connections reach the proxy's port and no other", async () => {
      await using probe = await Probe.open({ enforcement });
      expect(
        await probe.try(
          { try: "connect", port: probe.sandbox.rules.connectTcpPort },
          { try: "connect", port },
          { try: "connect", port: 443 },
        ),
      ).toEqual(["ok", refused[enforcement], refused[enforcement]]);
    });

    it("PROC-10, EGR-1: the proxy lets the listed hosts through, and refuses the others with 403", async () => {
      await using probe = await Probe.open({ enforcement, egress: { allowedHosts: ["127.0.0.1"] } });
      expect(
        await probe.try(
          { try: "proxy", url: `http://127.0.0.1:${port}/` },
          { try: "proxy", url: `http://localhost:${port}/` },
          { try: "tunnel", host: "127.0.0.1", port },
          { try: "tunnel", host: "localhost", port },
        ),
      ).toEqual(["200 the origin", expect.stringMatching(/^403 /), "200", "403"]);
    });

    it("PROC-10: without a list the proxy refuses all", async () => {
      await using probe = await Probe.open({ enforcement });
      const [answer] = await probe.try({ try: "proxy", url: `http://127.0.0.1:${port}/` });
      expect(answer).toMatch(/^403 /);
    });

    it("PROC-10: HTTP_PROXY and HTTPS_PROXY name it", async () => {
      await using probe = await Probe.open({ enforcement });
      const url = `http://127.0.0.1:${probe.sandbox.rules.connectTcpPort}`;
      expect(probe.sandbox.environment).toEqual({ TMPDIR: probe.tmp, HTTP_PROXY: url, HTTPS_PROXY: url });
    });

    it("PROC-10: listening, UDP and Unix sockets are not restricted", async () => {
      await using probe = await Probe.open({ enforcement });
      const outside = join(probe.socketFolder, "host.sock");
      const server = createServer((socket) => socket.end());
      await new Promise<void>((resolve) => server.listen(outside, resolve));
      const receiver = createSocket("udp4");
      const received = await bind(receiver);
      expect(
        await probe.try(
          { try: "listen" },
          { try: "listen-unix", path: join(probe.tmp, "own.sock") },
          { try: "connect-unix", path: outside },
          { try: "send-udp", port: received.port },
        ),
      ).toEqual(["ok", "ok", "ok", "ok"]);
      // Bubblewrap's network holds nothing but the proxy: datagrams may be sent, and reach nobody.
      if (enforcement === "landlock") expect(await received.message).toBe("hello");
      receiver.close();
      server.close();
    });
  });

describe("the stricter reading of the host's rules", () => {
  it("PROC-10: refuses to listen on TCP ports, and on nothing else", async () => {
    await using probe = await Probe.open({ enforcement: "landlock", tcpListen: "refused" });
    expect(
      await probe.try({ try: "listen" }, { try: "listen-unix", path: join(probe.tmp, "own.sock") }),
    ).toEqual(["EACCES", "ok"]);
  });

  it("can't be had of bubblewrap, which says so", async () => {
    await expect(
      openSandbox({ program: "/x/y", socketFolder: "/tmp", enforcement: "bubblewrap", tcpListen: "refused" }),
    ).rejects.toThrow(
      "the host's sandbox can't be had on this machine, and the provider is not started without it. bubblewrap: " +
        "it can't refuse TCP listeners (tcpListen: refused). ",
    );
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );
}

function bind(socket: UdpSocket): Promise<{ readonly port: number; readonly message: Promise<string> }> {
  const message = new Promise<string>((resolve) =>
    socket.once("message", (data) => resolve(data.toString())),
  );
  return new Promise((resolve) =>
    socket.bind(0, "127.0.0.1", () => resolve({ port: socket.address().port, message })),
  );
}
