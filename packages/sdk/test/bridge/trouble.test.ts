import { once } from "node:events";
import { PassThrough, type Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { openBridge, type BridgeDial } from "../../src/index.js";
import {
  collectLogs,
  dial,
  dialledEnd,
  endOf,
  established,
  expectSockets,
  listenAt,
  openSockets,
  readAll,
  startBridge,
  startDial,
  startEcho,
  startOrigin,
  temporaryFolder,
} from "./support.js";

describe("an upstream that is not reached", () => {
  it("T17: a first dial that fails resets its own connection, and the second one works", async () => {
    const { logger, lines } = collectLogs();
    const echo = await startEcho();
    let calls = 0;
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: () => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error("exec was refused")) : dial(echo.target);
      },
      logger,
    });
    expect(await dialledEnd(bridge.target)).toBe("ECONNRESET");
    const second = await dial(bridge.target);
    second.end("hello");
    expect((await readAll(second)).toString()).toBe("hello");
    expect(lines).toMatchObject([
      { level: "warn", fields: { target: bridge.target, reason: "dial: exec was refused" } },
    ]);
  });

  it("T17: a listener that is not there yet is no reason to give up the way to it", async () => {
    const path = `${temporaryFolder()}/late.sock`;
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: `unix://${path}` });
    expect(await dialledEnd(bridge.target)).toBe("ECONNRESET");
    const origin = await startBridge({
      listen: { type: "unix", path },
      upstream: (await startEcho()).target,
    });
    const client = await dial(bridge.target);
    client.end("there now");
    expect((await readAll(client)).toString()).toBe("there now");
    await origin.close();
  });

  it("a dial that throws at once harms nobody else", async () => {
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: () => {
        throw new Error("not even a promise");
      },
    });
    for (let time = 0; time < 2; time += 1) expect(await dialledEnd(bridge.target)).toBe("ECONNRESET");
  });

  it("T18: a dial that ignores its signal ends in time, and what it brings late is destroyed", async () => {
    const { logger, lines } = collectLogs();
    const seen: AbortSignal[] = [];
    let bring: (stream: Duplex) => void = () => undefined;
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: (signal) => {
        seen.push(signal);
        return new Promise((resolve) => (bring = resolve));
      },
      connectTimeoutMs: 50,
      logger,
    });
    expect(await dialledEnd(bridge.target)).toBe("ECONNRESET");
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
    const late = new PassThrough();
    const closed = once(late, "close");
    bring(late);
    await closed;
    expect(lines[0]?.fields.reason).toBe("the upstream was not reached within 50 ms");
    expect(bridge.connections).toBe(0);
  });

  it("a client that leaves takes the dial back", async () => {
    const { promise: signal, dialled } = firstSignal();
    const { logger, lines } = collectLogs();
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: dialled, logger });
    const client = await dial(bridge.target);
    const dialling = await signal;
    client.resetAndDestroy();
    await once(dialling, "abort");
    await expect.poll(() => bridge.connections).toBe(0);
    expect(lines).toEqual([]);
  });
});

describe("limits of a bridge", () => {
  it("closes what is past maxConnections unanswered, and says so once", async () => {
    const { logger, lines } = collectLogs();
    const echo = await startEcho();
    const bridge = await startBridge({
      listen: { type: "tcp" },
      upstream: echo.target,
      maxConnections: 2,
      logger,
    });
    const held = [await dial(bridge.target), await dial(bridge.target)];
    await expect.poll(() => bridge.connections).toBe(2);
    for (let time = 0; time < 3; time += 1)
      expect(await dialledEnd(bridge.target)).toMatch(/^(end|ECONNRESET)$/);
    expect(lines.map(({ text }) => text)).toEqual([
      "the bridge closed a connection unanswered: it has as many as maxConnections allows",
    ]);
    held[0]?.destroy();
    await expect.poll(() => bridge.connections).toBe(1);
    const next = await dial(bridge.target);
    next.end("room again");
    expect((await readAll(next)).toString()).toBe("room again");
  });

  it.each(["unix", "tcp", "tls"] as const)(
    "1,000 connections to a %s target leave no socket and no memory",
    { timeout: 120_000 },
    async (type) => {
      const echo = await startEcho();
      const before = openSockets();
      const bridge = await openBridge({ listen: listenAt(type), upstream: echo.target, maxConnections: 64 });
      const round = async (): Promise<void> => {
        const client = startDial(bridge.target);
        await established(client);
        client.end("x");
        await readAll(client);
        client.destroy();
      };
      const many = async (count: number): Promise<void> => {
        for (let done = 0; done < count; done += 20) await Promise.all(Array.from({ length: 20 }, round));
        await expect.poll(() => bridge.connections).toBe(0);
      };
      await many(200);
      const warm = await heapBytes();
      await many(1_000);
      expect((await heapBytes()) - warm).toBeLessThan(2_000_000);
      // The listener alone.
      await expectSockets(before + 1);
      await bridge.close();
      await expectSockets(before);
    },
  );
});

function firstSignal(): { promise: Promise<AbortSignal>; dialled: BridgeDial } {
  let dialled: BridgeDial = () => Promise.reject(new Error("replaced below"));
  const promise = new Promise<AbortSignal>((resolve) => {
    dialled = (signal) => {
      resolve(signal);
      return new Promise(() => undefined);
    };
  });
  return { promise, dialled: (signal) => dialled(signal) };
}

/** What is left after all garbage is gone. */
async function heapBytes(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let time = 0; time < 3; time += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("how a bridge ends", () => {
  it("cuts what is open and what is being dialled, and leaves no file, no socket and no listener", async () => {
    const origin = await startOrigin();
    const before = openSockets();
    const listen = listenAt("unix");
    let isFirst = true;
    const bridge = await openBridge({
      listen,
      upstream: () => {
        const answer = isFirst ? dial(origin.target) : new Promise<Duplex>(() => undefined);
        isFirst = false;
        return answer;
      },
      logger: collectLogs().logger,
    });
    const open = await dial(bridge.target);
    const guest = await origin.accept();
    const dialling = await dial(bridge.target);
    await expect.poll(() => bridge.connections).toBe(2);
    const ends = [endOf(open), endOf(dialling), endOf(guest)];
    await bridge.close();
    await bridge.close();
    for (const end of await Promise.all(ends)) expect(end).toMatch(/^(end|closed|ECONNRESET)$/);
    expect(bridge.connections).toBe(0);
    await expect(dial(bridge.target)).rejects.toMatchObject({ code: "ENOENT" });
    for (const socket of [open, dialling, guest]) socket.destroy();
    await expectSockets(before);
  });

  it("with a grace, lets connections end by themselves, but not for ever", async () => {
    const origin = await startOrigin();
    const bridge = await startBridge({ listen: { type: "tcp" }, upstream: origin.target });
    const client = await dial(bridge.target);
    const guest = await origin.accept();
    const received = readAll(client);
    const closing = bridge.close({ graceMs: 600_000 });
    await expect(dial(bridge.target)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    client.end();
    guest.end("goodbye");
    expect((await received).toString()).toBe("goodbye");
    await closing;

    const stuck = await startBridge({ listen: { type: "tcp" }, upstream: origin.target });
    const waiting = await dial(stuck.target);
    await origin.accept();
    const ended = endOf(waiting);
    await stuck.close({ graceMs: 20 });
    expect(await ended).toBe("ECONNRESET");
  });

  it("cuts a TLS handshake that is under way", async () => {
    const bridge = await startBridge({ listen: listenAt("tls"), upstream: "unix:///nowhere.sock" });
    const half = await dial(bridge.target.replace("tls://localhost", "tcp://127.0.0.1"));
    const ended = endOf(half);
    half.write(Buffer.from([0x16, 3, 1]));
    // Its bytes are there once another client, which came later, is answered.
    await dialledEnd(bridge.target);
    await bridge.close();
    expect(await ended).toMatch(/^(end|ECONNRESET)$/);
  });
});
