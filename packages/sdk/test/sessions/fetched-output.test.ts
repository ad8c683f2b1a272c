import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Ended } from "../../src/sessions/index.js";
import { ableHarness, never, type NotingBackend } from "./able-backend.js";
import { http2Server } from "./runtime-support.js";

const place = ableHarness();

describe("output that has to be fetched", () => {
  /** Notes when the output is read and when the guest is removed; a read lasts until it is broken off. */
  const fetched = (): NotingBackend => {
    const able = place.backend({
      launch: (_, { io }) => {
        io.pull(async (_cursor, _sink, signal) => {
          able.asked.push("read");
          if (able.asked.at(-2) === "read") return;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        });
        return Promise.resolve({
          ended: never(),
          reach: place.reach,
        });
      },
    });
    return able;
  };
  const story = ["create", "read", "read", "destroy"];

  it("LOGS-6: is read once more before StopSession removes the guest", async () => {
    const able = fetched();
    const runtime = await place.open(able);
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await runtime.stop(id);
    expect(able.asked).toEqual(story);
  });

  it("LOGS-1, SESS-9: and before expiry does", async () => {
    const able = fetched();
    const runtime = await place.open(able, { limits: { startSessionWaitMs: 2_000, lifetimeMs: 400 } });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => able.asked).toContain("destroy");
    expect(able.asked).toEqual(story);
  });

  it("LOGS-3: and before a failed start does", async () => {
    const able = fetched();
    await place.stopListening();
    const runtime = await place.open(able, { limits: { startSessionWaitMs: 2_000, readyTimeoutMs: 50 } });
    const { id } = await runtime.start();
    await expect(runtime.plugin(id)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(able.asked).toEqual(story);
  });

  it("SESS-11: a reader that hangs keeps no stop from winning over a plugin that gets ready meanwhile", async () => {
    const path = join(place.directory, "late.sock");
    let launched = false;
    const able = place.backend({
      launch: (_, { io }) => {
        io.pull(() => new Promise(() => undefined));
        launched = true;
        return Promise.resolve({ ended: never(), reach: { via: "target", target: `unix://${path}` } });
      },
    });
    const runtime = await place.open(able);
    const { id } = await runtime.start();
    const starting = runtime.plugin(id).catch((error: unknown) => error);
    await expect.poll(() => launched).toBe(true);
    const stopping = runtime.stop(id);
    const late = await http2Server({ path });
    expect(await starting).toMatchObject({ code: "CANCELLED" });
    await stopping;
    await late.close();
  });

  it("T14: goes on from its cursor when the program is adopted again", async () => {
    const cursors: (string | undefined)[] = [];
    let tellBroken: (error: Error) => void = () => undefined;
    let adoptions = 0;
    const reach = place.reach;
    const able = place.backend({
      launch: (_, { io }) => {
        io.pull((cursor, sink) => sink.write("stdout", Buffer.from("first\n"), cursor ?? "1"));
        const ended = new Promise<Ended>((_resolve, reject) => (tellBroken = reject));
        return Promise.resolve({ ended, reach });
      },
      inspect: () => Promise.resolve({ guest: "up", plugin: "running" }),
      adopt: (_, io) => {
        adoptions += 1;
        io.pull((cursor) => {
          cursors.push(cursor);
          return Promise.resolve();
        });
        return Promise.resolve({});
      },
    });
    const runtime = await place.open(able, { limits: { startSessionWaitMs: 2_000, watchEveryMs: 20 } });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => runtime.lines.join("\n")).toContain("first");
    tellBroken(new Error("the watch was reset"));
    await expect.poll(() => cursors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(cursors[0]).toBe("1");
    // A watch that only asks now and then is no reason to adopt again and again.
    expect(adoptions).toBe(1);
  });
});
