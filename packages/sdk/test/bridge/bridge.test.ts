import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { parseDialTarget, parseHostDialTarget } from "../../src/index.js";
import { dial, endOf, listenAt, readAll, startBridge, startEcho, startOrigin } from "./support.js";

const types = ["unix", "tcp", "tls"] as const;
const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe.each(types)("a bridge at a %s target", (type) => {
  it("DIAL-1: names a target that the host can dial, and carries every byte both ways", async () => {
    const origin = await startEcho();
    const bridge = await startBridge({ listen: listenAt(type), upstream: origin.target });
    expect(parseHostDialTarget(bridge.target).type).toBe(type);
    // Odd pieces, large ones after small ones, so that buffers grow and shrink.
    const pieces = [1, 7, 70_000, 3, 1_000_000, 16_384, 5, 4_000_000, 1].map((size) => randomBytes(size));
    const client = await dial(bridge.target);
    const received = readAll(client);
    for (const piece of pieces) client.write(piece);
    client.end();
    expect(digest(await received)).toBe(digest(Buffer.concat(pieces)));
  });

  it("T17: a client that has ended its half still gets the answer", async () => {
    const origin = await startOrigin();
    const bridge = await startBridge({ listen: listenAt(type), upstream: origin.target });
    const client = await dial(bridge.target);
    client.end("question");
    const guest = await origin.accept();
    expect((await readAll(guest)).toString()).toBe("question");
    const answer = readAll(client);
    guest.end("answer");
    expect((await answer).toString()).toBe("answer");
  });

  it("T17: a plugin that has ended its half still hears the client", async () => {
    const origin = await startOrigin();
    const bridge = await startBridge({ listen: listenAt(type), upstream: origin.target });
    const client = await dial(bridge.target);
    const guest = await origin.accept();
    guest.end("last word");
    expect((await readAll(client)).toString()).toBe("last word");
    client.write("but ");
    const heard = readAll(guest);
    client.end("I am not done");
    expect((await heard).toString()).toBe("but I am not done");
    await expect.poll(() => bridge.connections).toBe(0);
  });

  it("a side that does not read stops the other, and nothing is lost when it reads again", async () => {
    const origin = await startOrigin();
    const echo = await startEcho();
    const bridge = await startBridge({ listen: listenAt(type), upstream: origin.target });
    const other = await startBridge({ listen: listenAt(type), upstream: echo.target });
    const piece = Buffer.alloc(1024 * 1024, 1);
    const pieces = 96;
    const [client, guest] = await Promise.all([dial(bridge.target), origin.accept()]);
    for (const [from, to] of [
      [client, guest],
      [guest, client],
    ] as const) {
      for (let number = 0; number < pieces; number += 1) from.write(piece);
      // A round trip of many megabytes through another bridge of the same process: time enough to buffer too much.
      const probe = await dial(other.target);
      const echoed = readAll(probe);
      for (let number = 0; number < pieces; number += 1) probe.write(piece);
      probe.end();
      expect((await echoed).length).toBe(pieces * piece.length);
      // What has left is in the buffers of sockets, which hold some megabytes each.
      expect(from.writableLength).toBeGreaterThan((pieces - 24) * piece.length);
      let received = 0;
      await new Promise<void>((resolve) => {
        to.on("data", (chunk: Buffer) => {
          received += chunk.length;
          if (received === pieces * piece.length) resolve();
        });
      });
    }
  });

  it("the plugin's death closes its clients, and only its own", async () => {
    const dying = await startOrigin();
    const living = await startEcho();
    let next = dying.target;
    const bridge = await startBridge({
      listen: listenAt(type),
      upstream: async (signal) => {
        signal.throwIfAborted();
        return dial(next);
      },
    });
    const first = await dial(bridge.target);
    const guest = await dying.accept();
    next = living.target;
    const second = await dial(bridge.target);
    const ended = endOf(first);
    guest.destroy();
    expect(await ended).toBe("end");
    second.end("still here");
    expect((await readAll(second)).toString()).toBe("still here");
  });
});

describe("what a bridge leads to", () => {
  it.each(["unix", "tcp"] as const)("a %s target, given as text or parsed", async (type) => {
    const origin = await startEcho(type);
    for (const upstream of [origin.target, parseDialTarget(origin.target)]) {
      const bridge = await startBridge({ listen: { type: "tcp" }, upstream });
      const client = await dial(bridge.target);
      client.end("hello");
      expect((await readAll(client)).toString()).toBe("hello");
    }
  });

  it("any stream that a function brings, once for each connection", async () => {
    const streams: Duplex[] = [];
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: () => {
        const stream = upperCase();
        streams.push(stream);
        return Promise.resolve(stream);
      },
    });
    for (const text of ["one", "two"]) {
      const client = await dial(bridge.target);
      client.end(text);
      expect((await readAll(client)).toString()).toBe(text.toUpperCase());
    }
    expect(streams).toHaveLength(2);
    await expect.poll(() => streams.every(({ destroyed }) => destroyed)).toBe(true);
  });
});

describe("a torn connection", () => {
  it.each(["tcp", "tls"] as const)("T17: is no orderly end: the %s client sees a reset", async (type) => {
    const { client, stream } = await throughFunction(type);
    const ended = endOf(client);
    stream.destroy(new Error("the tunnel broke"));
    expect(await ended).toBe("ECONNRESET");
  });

  it("a client that breaks off takes its upstream with it", async () => {
    const { client, stream } = await throughFunction("tcp");
    const closed = once(stream, "close");
    client.resetAndDestroy();
    await closed;
  });

  it("a reset of the guest's listener reaches the client", async () => {
    const origin = await startOrigin("tcp");
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: origin.target });
    const client = await dial(bridge.target);
    const guest = await origin.accept();
    const ended = endOf(client);
    guest.resetAndDestroy();
    expect(await ended).toBe("ECONNRESET");
  });
});

async function throughFunction(type: "tcp" | "tls"): Promise<{ client: Socket; stream: Duplex }> {
  const stream = upperCase();
  const bridge = await startBridge({ listen: listenAt(type), upstream: () => Promise.resolve(stream) });
  const client = await dial(bridge.target);
  client.write("x");
  const [answer] = (await once(client, "data")) as [Buffer];
  expect(answer.toString()).toBe("X");
  return { client, stream };
}

/** A stream that is no socket. */
function upperCase(): Duplex {
  return new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      this.push(chunk.toString().toUpperCase());
      done();
    },
    final(done) {
      this.push(null);
      done();
    },
  });
}
