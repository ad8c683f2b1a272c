import { join } from "node:path";
import { PluginRuntimeLogHost, openChannel, type UnaryClient } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostTrace, LogStore, hostLimits, hostTimes } from "../../src/host/index.js";
import { hostTraits } from "../../src/host/host-version.js";
import { serveLogHost, type LogHost } from "../../src/host/log-host.js";
import { TestDirectory } from "./fixtures.js";

describe("the log host", () => {
  let directory: TestDirectory;
  let host: LogHost;
  let client: UnaryClient<typeof PluginRuntimeLogHost>;
  let closeChannel: () => void;
  const store = new LogStore();
  const trace = new HostTrace();

  beforeEach(async () => {
    directory = await TestDirectory.make();
    host = await serveLogHost({
      path: join(directory.path, "host-0.sock"),
      providerName: "p",
      instance: 1,
      store,
      trace,
      traits: hostTraits(),
      times: { ...hostTimes, hostServiceStopMs: 200 },
      limits: hostLimits,
    });
    const channel = openChannel(`unix:${host.path}`, credentials.createInsecure());
    closeChannel = () => channel.close();
    client = channel.client(PluginRuntimeLogHost);
  });

  afterEach(async () => {
    closeChannel();
    await host.close();
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const append = (sessionId: string, message: string, timeoutMs = 5_000) =>
    client.appendLogs({ sessionId, logs: [{ message }] }, { timeoutMs });

  it("LOGS-2: answers INTERNAL, ending in 'runtime session not found', until the session is registered", async () => {
    await expect(append("s", "early")).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching(/: runtime session not found$/) as string,
    });
    store.register("p", "s");
    expect(await append("s", "in time")).toMatchObject({ lastSeq: 1n });
    expect(trace.events.map(({ type }) => type)).toEqual(["log-refused", "log-appended"]);
  });

  it("LOGS-2: refuses a batch above 4 MiB as a whole", async () => {
    store.register("p", "s");
    await expect(append("s", "x".repeat(4 * 1024 * 1024))).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    expect(await append("s", "after it")).toMatchObject({ lastSeq: 1n });
  });

  it("LOGS-4: frozen it answers nothing; thawed it answers what it held back", async () => {
    store.register("p", "s");
    host.freeze();
    await expect(append("s", "lost to its deadline", 50)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    const held = append("s", "held back");
    host.thaw();
    expect(await held).toMatchObject({ lastSeq: 2n });
  });

  it("LOGS-4: told to fail it keeps nothing, told to be slow it answers later; who watches sees every call", async () => {
    store.register("p", "s");
    const seen: string[] = [];
    const stop = host.watch(({ sessionId, records, taken }) =>
      seen.push([sessionId, ...records.map(({ message }) => message), taken ? "taken" : "refused"].join(" ")),
    );
    host.fail("UNAVAILABLE");
    await expect(append("s", "one")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    host.fail(undefined);
    host.slow(200);
    await expect(append("s", "two", 20)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    host.slow(0);
    await append("s", "three");
    await expect.poll(() => seen).toEqual(["s one refused", "s three taken", "s two taken"]);
    expect(store.tail("p", "s", 3).map(({ message }) => message)).toEqual(["three", "two"]);
    await expect(append("nobody", "four")).rejects.toMatchObject({ code: "INTERNAL" });
    expect(seen.at(-1)).toBe("nobody four refused");
    stop();
    await append("s", "five");
    expect(seen).toHaveLength(4);
  });

  it("LOGS-6: closed it cannot be reached, and its socket is gone", async () => {
    await host.close();
    expect(await directory.left()).toEqual([]);
    await expect(append("s", "too late", 2_000)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
