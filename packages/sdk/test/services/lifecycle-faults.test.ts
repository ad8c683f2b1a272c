import { describe, expect, it } from "vitest";
import type { ConfigureContext, PluginRuntimeProvider } from "../../src/index.js";
import { currentMethod } from "../../src/services/current-method.js";
import { provider, serve, type Served } from "./serve-in-process.js";

const unconfigured = (methods: Partial<PluginRuntimeProvider>): Promise<Served> =>
  serve(provider(methods), { configure: false });
const configuration = { name: "ops", protocolVersion: 3 };

describe("answers of the lifecycle that are wrong", () => {
  it.each<[unknown, string]>([
    [undefined, "healthCheck returned undefined; it is an object"],
    [null, "healthCheck returned null; it is an object"],
    [{ ready: "yes" }, 'healthCheck returned ready "yes"; it is true or false'],
    [{}, "healthCheck returned ready undefined; it is true or false"],
    [{ ready: true, message: 7 }, "healthCheck returned the message 7; it is a string"],
  ])("LIFE-4: the health report %j is not ready, and no error", async (report, text) => {
    const { lifecycle } = await serve(provider({ healthCheck: () => report as { ready: boolean } }));
    expect(await lifecycle.healthCheck()).toMatchObject({
      ready: false,
      message: `the provider gave a wrong answer: ${text}`,
    });
  });

  it.each<[unknown, string]>([
    [{ name: 7 }, "identity.name is 7; it is a string"],
    [{ displayName: null }, "identity.displayName is null; it is a string"],
    [{ warnings: "one" }, 'identity.warnings is "one"; it is an array of strings'],
    [{ warnings: ["a", undefined] }, "identity.warnings[1] is undefined; it is a string"],
  ])("LIFE-1: the identity %j is INTERNAL with what is wrong", async (identity, text) => {
    const { lifecycle } = await unconfigured({ identity: identity as { name: string } });
    await expect(lifecycle.getProviderIdentity()).rejects.toMatchObject({
      code: "INTERNAL",
      message: `the provider gave a wrong answer: ${text}`,
    });
  });
});

describe("configuration", () => {
  it("LIFE-2: calls take turns; one that was given up while it waited does nothing", async () => {
    const contexts: ConfigureContext[] = [];
    let refuse: (error: Error) => void = () => undefined;
    const { lifecycle, runtime } = await unconfigured({
      configure: (_, context) => {
        contexts.push(context);
        if (contexts.length === 1) return new Promise((_resolve, reject) => (refuse = reject));
        return undefined;
      },
    });
    const first = lifecycle.configureProvider(configuration).catch((error: unknown) => error);
    const second = lifecycle
      .configureProvider({ ...configuration, name: "given-up" }, { timeoutMs: 50 })
      .catch((error: unknown) => error);
    const third = lifecycle.configureProvider({ ...configuration, name: "third" });
    expect(await second).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    // Its cancellation went out on the same connection before this call.
    await lifecycle.getProviderIdentity();
    refuse(new Error("first refused"));
    expect(await first).toMatchObject({ code: "UNKNOWN", message: "ConfigureProvider: first refused" });
    expect(await third).toMatchObject({ protocolVersion: 3 });
    expect(contexts.map(({ name }) => name)).toEqual(["ops", "third"]);
    expect((await lifecycle.getProviderIdentity()).name).toBe("third");
    await runtime.getSupport();
  });

  it("LIFE-3: configure sees its call: name, method, deadline, signal, logger", async () => {
    let seen: ConfigureContext | undefined;
    const { lifecycle, log } = await unconfigured({
      configure: (_, context) => {
        seen = context;
        context.logger.info({}, "from configure");
        expect(context.signal.aborted).toBe(false);
      },
    });
    const before = Date.now();
    await lifecycle.configureProvider(configuration, { timeoutMs: 30_000 });
    expect(seen).toMatchObject({ name: "ops", method: "ConfigureProvider" });
    expect(seen?.deadline?.getTime()).toBeGreaterThan(before);
    expect(log.text).toContain("info from configure");
  });
});

describe("background work", () => {
  it("LIFE-5: neither delays ConfigureProvider nor ends with it, until the provider ends", async () => {
    let signal: AbortSignal | undefined;
    const served = await unconfigured({
      start: (context) => {
        signal = context.signal;
        return new Promise<void>(() => undefined);
      },
    });
    await served.lifecycle.configureProvider(configuration);
    await expect.poll(() => signal).toBeDefined();
    expect(signal?.aborted).toBe(false);
    await served.end();
    expect(signal?.reason).toMatchObject({ code: "CANCELLED", message: "the provider is ending" });
  });

  it("LIFE-5: what it throws because it was told to end is no failure", async () => {
    const served = await unconfigured({
      start: ({ signal }) =>
        new Promise<void>((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        ),
    });
    await served.lifecycle.configureProvider(configuration);
    await served.lifecycle.startProvider();
    await served.end();
    expect(served.log.lines).toEqual([]);
  });

  it("LIFE-5: its faults are not those of ConfigureProvider", async () => {
    const methods: unknown[] = [];
    const { lifecycle } = await unconfigured({
      configure: () => void methods.push(currentMethod.getStore()),
      start: () => void methods.push(currentMethod.getStore()),
    });
    await lifecycle.configureProvider(configuration);
    await expect.poll(() => methods.length).toBe(2);
    expect(methods).toEqual(["ConfigureProvider", undefined]);
  });
});
