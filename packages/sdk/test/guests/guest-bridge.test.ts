import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { guestBridge, type GuestExec, type GuestTool } from "../../src/guests/index.js";
import { dial, endOf, readAll, startBridge } from "../bridge/support.js";
import { has, localGuest, pipeStream, temporaryFolder, type Guest } from "./guest.js";

const tools: GuestTool[] = ["python3", "perl", "node", "socat"];

interface Listener {
  readonly target: string;
  accept(): Promise<Socket>;
}

/** A listener in the guest; the test is the plugin behind it. */
async function listen(type: "unix" | "tcp", path = join(temporaryFolder(), "p.sock")): Promise<Listener> {
  const server: Server = createServer({ allowHalfOpen: true });
  const accepted: Socket[] = [];
  server.on("connection", (socket) => {
    accepted.push(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => {
    if (type === "unix") server.listen({ path }, resolve);
    else server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  const taken = new Set<Socket>();
  return {
    target: type === "unix" ? `unix://${path}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accept: async () => {
      for (;;) {
        const socket = accepted.find((one) => !taken.has(one));
        if (socket !== undefined) {
          taken.add(socket);
          return socket;
        }
        await once(server, "connection");
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Carried by a stream of its own, or by what calls back. */
const modes = ["stream", "exec"] as const;

function bridgeOf(
  guest: Guest,
  mode: (typeof modes)[number],
  tool: GuestTool,
): ReturnType<typeof guestBridge> {
  return guestBridge({ exec: guest.exec, tools: [tool], ...(mode === "stream" && { stream: guest.stream }) });
}

const never = (): AbortSignal => new AbortController().signal;

/** Carries a connection; how it ends is looked at where it matters. */
async function carry(
  guest: Guest,
  mode: (typeof modes)[number],
  tool: GuestTool,
  target: string,
): Promise<Duplex> {
  const stream = await bridgeOf(guest, mode, tool).dialTo(target)(never());
  stream.on("error", () => undefined);
  onTestFinished(() => void stream.destroy());
  return stream;
}

for (const tool of tools) {
  describe.skipIf(!has(tool))(`a connection by ${tool}`, () => {
    describe.each(modes)("over %s", (mode) => {
      it.each(["unix", "tcp"] as const)("carries every byte both ways to a %s listener", async (type) => {
        const plugin = await listen(type);
        const bridge = bridgeOf(localGuest(), mode, tool);
        const stream = await bridge.dialTo(plugin.target)(never());
        const guest = await plugin.accept();
        const [up, down] = [randomBytes(3_000_000), randomBytes(3_000_000)];
        const received = readAll(guest);
        const answered = readAll(stream);
        stream.end(up);
        guest.write(down);
        expect((await received).equals(up)).toBe(true);
        // T17: the client has ended its half, and still gets the answer.
        guest.end("last");
        expect((await answered).equals(Buffer.concat([down, Buffer.from("last")]))).toBe(true);
      });

      it("T17: the plugin's death is seen while the client says nothing", async () => {
        const plugin = await listen("unix");
        const stream = await carry(localGuest(), mode, tool, plugin.target);
        const guest = await plugin.accept();
        const ended = endOf(stream);
        guest.destroy();
        expect(await ended).toBe("end");
        stream.destroy();
      });

      it("T17: a listener that is not there ends the stream without a byte, and the next one works", async () => {
        const path = join(temporaryFolder(), "late.sock");
        const guest = localGuest();
        const first = await carry(guest, mode, tool, `unix://${path}`);
        const received: Buffer[] = [];
        first.on("data", (bytes: Buffer) => received.push(bytes));
        // Only what tells how the program ended can tell that apart from an orderly end.
        if (mode === "exec") expect(await endOf(first)).toBe("UNAVAILABLE");
        else await endOf(first);
        expect(received).toEqual([]);
        const plugin = await listen("unix", path);
        const second = await carry(guest, mode, tool, `unix://${path}`);
        (await plugin.accept()).end("there now");
        second.end();
        expect((await readAll(second)).toString()).toBe("there now");
      });
    });

    it.skipIf(tool === "socat").each(["sockets", "pipes"] as const)(
      "T17: a plugin that has ended its half still hears the client, over %s",
      async (kind) => {
        const plugin = await listen("unix");
        const guest = localGuest();
        const stream = await carry(
          kind === "pipes" ? { ...guest, stream: pipeStream(guest) } : guest,
          "stream",
          tool,
          plugin.target,
        );
        const there = await plugin.accept();
        const heard = readAll(there);
        there.end("last word");
        expect((await readAll(stream)).toString()).toBe("last word");
        stream.write("but ");
        stream.end("I am not done");
        expect((await heard).toString()).toBe("but I am not done");
      },
    );

    it("a path with characters that mean something elsewhere is a path", async () => {
      const plugin = await listen("unix", join(temporaryFolder(), "a,b:c!d (e) 'f' \"g\".sock"));
      const stream = await carry(localGuest(), "stream", tool, plugin.target);
      (await plugin.accept()).end("hello");
      stream.end();
      expect((await readAll(stream)).toString()).toBe("hello");
    });

    it("a stream that is destroyed leaves no program", async () => {
      const plugin = await listen("unix");
      const stream = await carry(localGuest(), "stream", tool, plugin.target);
      const guest = await plugin.accept();
      const ended = endOf(guest);
      stream.destroy();
      expect(await ended).toMatch(/^(end|ECONNRESET)$/);
    });
  });

  describe.skipIf(!has(tool))(`a forward by ${tool}`, () => {
    it.each([
      ["a port to a plugin's Unix socket", "tcp", "unix"],
      ["a Unix socket to a port", "unix", "tcp"],
    ] as const)("T23: leads %s, half by half", async (_, from, to) => {
      const plugin = await listen(to);
      const guest = localGuest();
      const at = from === "unix" ? `unix://${guest.folder}/f.sock` : `tcp://127.0.0.1:${await freePort()}`;
      const forward = await bridgeOf(guest, "stream", tool).forward(at, plugin.target);
      onTestFinished(() => forward.stop());
      expect(forward.tool).toBe(tool);
      // One after the other, and at once.
      for (const clients of [1, 3]) {
        await Promise.all(
          Array.from({ length: clients }, async () => {
            const client = await dial(at);
            const bytes = randomBytes(1_000_000);
            const heard = readAll(client);
            client.end(bytes);
            const there = await plugin.accept();
            expect((await readAll(there)).length).toBe(bytes.length);
            there.end("answer");
            expect((await heard).toString()).toBe("answer");
          }),
        );
      }
      const half = await dial(at);
      const there = await plugin.accept();
      there.end("last word");
      expect((await readAll(half)).toString()).toBe("last word");
      const heard = readAll(there);
      half.end("still talking");
      expect((await heard).toString()).toBe("still talking");
    });

    it("ends with its stop: nothing listens, nothing is connected, nothing is left", async () => {
      const plugin = await listen("tcp");
      const guest = localGuest();
      const at = `unix://${guest.folder}/f.sock`;
      const forward = await bridgeOf(guest, "stream", tool).forward(at, plugin.target);
      const client = await dial(at);
      const there = await plugin.accept();
      const ends = Promise.all([endOf(client), endOf(there)]);
      await forward.stop();
      await forward.stop();
      for (const end of await ends) expect(end).toMatch(/^(end|ECONNRESET|closed)$/);
      expect(await forward.ended).toEqual({ how: "exit", code: 0 });
      expect(existsSync(join(guest.outside, "f.sock"))).toBe(false);
    });

    it("says why it can't listen, and goes on when a connection leads nowhere", async () => {
      const taken = await listen("tcp");
      const guest = localGuest();
      const bridge = bridgeOf(guest, "stream", tool);
      await expect(bridge.forward(taken.target, "unix:///nowhere.sock")).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringMatching(
          new RegExp(`^listen in the guest with ${tool}: exit code \\d+: [^]*in use`, "i"),
        ) as unknown,
      });
      const at = `unix://${guest.folder}/f.sock`;
      const path = join(temporaryFolder(), "late.sock");
      const forward = await bridge.forward(at, `unix://${path}`);
      onTestFinished(() => forward.stop());
      expect(await endOf(await dial(at))).toMatch(/^(end|ECONNRESET)$/);
      const plugin = await listen("unix", path);
      const client = await dial(at);
      (await plugin.accept()).end("there now");
      client.end();
      expect((await readAll(client)).toString()).toBe("there now");
    });
  });
}

describe("which program is taken", () => {
  const exits =
    (codes: Record<string, number>, asked: string[] = []): GuestExec =>
    ([program = ""]) => {
      asked.push(program);
      const code = codes[program];
      return code === undefined
        ? Promise.reject(new Error(`${program} not found`))
        : Promise.resolve({ how: "exit", code });
    };

  it("the first that is there and works, looked for once", async () => {
    const asked: string[] = [];
    const bridge = guestBridge({ exec: exits({ python3: 1, node: 0, socat: 0 }, asked) });
    expect(await Promise.all([bridge.tool(), bridge.tool()])).toEqual(["node", "node"]);
    expect(await bridge.tool()).toBe("node");
    expect(asked).toEqual(["python3", "perl", "node"]);
    expect(await guestBridge({ exec: exits({ node: 0, socat: 0 }), tools: ["socat", "node"] }).tool()).toBe(
      "socat",
    );
  });

  it("none: what was tried and how each failed is told, and it is tried again", async () => {
    const codes: Record<string, number> = { python3: 127, perl: 2 };
    const bridge = guestBridge({ exec: exits(codes) });
    await expect(bridge.dialTo("unix:///p.sock")(never())).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        "no program in the guest can carry connections; tried python3 (exit code 127), perl (exit code 2), node (look for node in the guest: node not found), socat (look for socat in the guest: socat not found): put one of them into the image",
    });
    codes.socat = 0;
    expect(await bridge.tool()).toBe("socat");
  });

  it("T18: an exec that never answers ends in time, for each caller by its own signal", async () => {
    const hanging: GuestExec = () => new Promise(() => undefined);
    const bridge = guestBridge({ exec: hanging, timeoutMs: 20, tools: ["perl"] });
    await expect(bridge.tool()).rejects.toThrow(
      "tried perl (look for perl in the guest: no answer from the guest in 20 ms)",
    );
    const patient = guestBridge({ exec: hanging, timeoutMs: 600_000 });
    const impatient = new AbortController();
    const waiting = patient.dialTo("unix:///p.sock")(impatient.signal);
    impatient.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(patient.tool(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });

  it("DIAL-1: a target that no guest's program reaches is told at once", () => {
    const bridge = guestBridge({ exec: exits({}) });
    expect(() => bridge.dialTo("tls://x:1")).toThrow(
      'the guest\'s target "tls://x:1" is TLS; inside a guest only unix:// and tcp:// are reached',
    );
    expect(() => bridge.dialTo("/p.sock")).toThrow("has no scheme");
  });
});

describe("a bridge to a guest", () => {
  it("PLUG-5: openBridge and guestBridge together are the host's way in", async () => {
    const plugin = await listen("unix");
    const guest = localGuest();
    const inside = guestBridge({ exec: guest.exec, stream: guest.stream });
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: inside.dialTo(plugin.target) });
    const client = await dial(bridge.target);
    client.end("hello");
    const there = await plugin.accept();
    expect((await readAll(there)).toString()).toBe("hello");
    there.end("and back");
    expect((await readAll(client)).toString()).toBe("and back");
  });

  it("an exec that can't be slowed down breaks off before it fills the memory", async () => {
    const plugin = await listen("unix");
    const stream: Duplex = await guestBridge({ exec: localGuest().exec, tools: ["node"] }).dialTo(
      plugin.target,
    )(never());
    const guest = await plugin.accept();
    const broken = once(stream, "error") as Promise<[Error]>;
    guest.write(Buffer.alloc(64 * 1024 * 1024));
    expect((await broken)[0].message).toContain("wrote 16777216 bytes that nobody has read");
    expect(stream.readableLength).toBeLessThan(17 * 1024 * 1024);
  });
});
