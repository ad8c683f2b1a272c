import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import {
  BackendError,
  type BackendTraits,
  type EgressPlan,
  type Ended,
  type GuestFacts,
  type GuestRequest,
  type PluginRequest,
  type SessionBackend,
} from "../../src/sessions/index.js";
import {
  context,
  http2Server,
  openRuntime,
  type RuntimeUnderTest,
  type TestServer,
} from "./runtime-support.js";

const traits: BackendTraits = { kind: "able", egress: "hostname", hostServices: "relay" };
let directory: string;
let server: TestServer;
let runtime: RuntimeUnderTest | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gst-c-"));
  server = await http2Server({ path: join(directory, "plugin.sock") });
});

afterEach(async () => {
  await runtime?.close();
  runtime = undefined;
  await server.close();
  await rm(directory, { recursive: true });
});

/** A backend that notes what is asked of it, in order. */
function backend(
  changes: Partial<SessionBackend<string>> = {},
): SessionBackend<string> & { asked: string[] } {
  const asked: string[] = [];
  const reach = { via: "target", target: `unix://${join(directory, "plugin.sock")}` } as const;
  return {
    asked,
    traits,
    create: ({ plugin }) => {
      asked.push(plugin === undefined ? "create" : `create with ${plugin.command}`);
      return Promise.resolve({ handle: "guest", ...(plugin && { plugin: { ended: never(), reach } }) });
    },
    launch: () => {
      asked.push("launch");
      return Promise.resolve({ ended: never(), reach });
    },
    destroy: () => {
      asked.push("destroy");
      return Promise.resolve("gone");
    },
    ...changes,
  };
}

const never = (): Promise<Ended> => new Promise(() => undefined);

describe("a backend that makes the guest with its plugin", () => {
  const atPlugin = { traits: { ...traits, createAt: "plugin" as const } };

  it("SESS-4: its session is ready at once, and nothing is made until StartPlugin", async () => {
    const able = backend(atPlugin);
    runtime = await openRuntime(able);
    const { id, state } = await runtime.start();
    expect(state).toBe("ready");
    expect(able.asked).toEqual([]);
    await runtime.plugin(id);
    expect(able.asked).toEqual(["create with /bin/x"]);
    expect(runtime.get(id)?.state).toBe("running");
    await runtime.stop(id);
    expect(able.asked).toEqual(["create with /bin/x", "destroy"]);
  });

  it("SESS-8: stopped before its plugin it leaves the backend alone", async () => {
    const able = backend(atPlugin);
    runtime = await openRuntime(able);
    const { id } = await runtime.start();
    await runtime.stop(id);
    expect(able.asked).toEqual([]);
    expect(runtime.get(id)).toBeUndefined();
  });

  it("PLUG-6: what its creation throws is StartPlugin's error, and the session is failed", async () => {
    const create = (): Promise<never> =>
      Promise.reject(
        new BackendError("RESOURCE_EXHAUSTED", "no quota", { neverMade: true, reason: "quota" }),
      );
    runtime = await openRuntime(backend({ ...atPlugin, create }));
    const { id } = await runtime.start();
    await expect(runtime.plugin(id)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "no quota",
    });
    expect(runtime.get(id)).toMatchObject({
      state: "failed",
      stateReason: "quota",
      stateMessage: "no quota",
    });
  });

  it("a backend with neither launch nor Guest.plugin is told so", async () => {
    const without = backend();
    delete without.launch;
    runtime = await openRuntime(without);
    const { id } = await runtime.start();
    await expect(runtime.plugin(id)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("no launch") as string,
    });
  });
});

describe("what the runtime gives a backend", () => {
  it("SESS-1, SESS-2: a name that is a DNS label, labels that hold the metadata, and the end of its life", async () => {
    const requests: GuestRequest[] = [];
    const able = backend({
      create: (request) => {
        requests.push(request);
        return Promise.resolve({ handle: "guest" });
      },
    });
    runtime = await openRuntime(able, { limits: { lifetimeMs: 60_000, startSessionWaitMs: 2_000 } });
    const session = await runtime.start({ provider_name: "example", team: "blue" });
    await runtime.start();
    const [first, second] = requests;
    expect(first?.name).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
    expect(first?.name).not.toBe(second?.name);
    expect(first?.labels).toMatchObject({ "gestalt-session": session.id, "gestalt-provider": "test" });
    expect(first?.labels["gestalt-metadata-0"]).toBe('{"provider_name":"example","team":"blue"}');
    expect(first?.expiresAt).toEqual(session.lifecycle?.expiresAt);
  });

  it("SESS-3, T25: an image as Docker reads it, with the credentials chosen for it", async () => {
    const requests: GuestRequest[] = [];
    const able = backend({
      create: (request) => {
        requests.push(request);
        return Promise.resolve({ handle: "guest" });
      },
    });
    runtime = await openRuntime(able);
    const auths = {
      "ghcr.io": { username: "any", password: "wide" },
      "ghcr.io/acme": { username: "acme", password: "narrow" },
    };
    const dockerConfigJson = JSON.stringify({ auths });
    const request = { pluginName: "p", metadata: {}, image: "ghcr.io/acme/tool", dockerConfigJson };
    await runtime.provider.startSession(request, context());
    expect(requests[0]?.image?.toString()).toBe("ghcr.io/acme/tool:latest");
    expect(requests[0]?.pullCredentials).toMatchObject({ username: "acme", password: "narrow" });
  });

  it("SESS-3: an image that can't be read is INVALID_ARGUMENT, with the field", async () => {
    runtime = await openRuntime(backend());
    const request = { pluginName: "p", metadata: {}, image: "Not An Image" };
    await expect(runtime.provider.startSession(request, context())).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("plugins.p.execution.runtime.image") as string,
    });
  });

  it("T27, SESS-2: its notes are seen beside the operator's entries, and replace none", async () => {
    const create = (): Promise<{ handle: string; notes: Record<string, string> }> =>
      Promise.resolve({ handle: "guest", notes: { region: "eu", zone: "1" } });
    runtime = await openRuntime(backend({ create }));
    const { id } = await runtime.start({ "able.region": "mine", provider_name: "example" });
    expect(runtime.get(id)?.metadata).toEqual({
      "able.region": "mine",
      "able.zone": "1",
      provider_name: "example",
    });
  });

  it("SESS-9: an end that the backend sets itself counts when it is earlier", async () => {
    const expiresAt = new Date(Date.now() + 100_000);
    runtime = await openRuntime(backend({ create: () => Promise.resolve({ handle: "guest", expiresAt }) }), {
      limits: { lifetimeMs: 600_000, startSessionWaitMs: 2_000 },
    });
    const { lifecycle } = await runtime.start();
    expect(lifecycle?.expiresAt).toEqual(expiresAt);
  });

  it("SESS-4: what it says while the guest is made stands in the session's state, then in its log", async () => {
    let finish: () => void = () => undefined;
    const able = backend({
      create: async (_, call) => {
        call.progress("pulling the image");
        await new Promise<void>((resolve) => (finish = resolve));
        return { handle: "guest" };
      },
    });
    runtime = await openRuntime(able, { limits: { startSessionWaitMs: 0 } });
    const { id } = await runtime.start();
    await expect
      .poll(() => runtime?.get(id))
      .toMatchObject({ state: "pending", stateMessage: "pulling the image" });
    finish();
    await expect.poll(() => runtime?.get(id)?.state).toBe("ready");
    expect(runtime.get(id)).not.toHaveProperty("stateMessage");
    expect(runtime.lines.join("\n")).toContain("pulling the image");
  });

  it("T19: a secret in its error leaves neither in the answer, nor in the state, nor in the log", async () => {
    const launch = (_: string, { env }: PluginRequest): Promise<never> =>
      Promise.reject(new Error(`exec of https://x?token=${env.GESTALT_CACHE_SOCKET_TOKEN} failed`));
    runtime = await openRuntime(backend({ launch }));
    const { id } = await runtime.start();
    const env = { GESTALT_CACHE_SOCKET_TOKEN: "planted-secret" };
    const error = await runtime
      .plugin(id, { env })
      .catch((thrown: unknown) => thrown as RuntimeProviderError);
    expect(error).toMatchObject({ message: "StartPlugin: exec of https://x?token=[redacted] failed" });
    const all = JSON.stringify([runtime.get(id), runtime.lines, runtime.said]);
    expect(all).toContain("[redacted]");
    expect(all).not.toContain("planted-secret");
  });
});

describe("a backend that restricts the network itself", () => {
  it("EGR-4, EGR-5: is told what stays open before the launch, and only where there is a policy", async () => {
    const plans: EgressPlan[] = [];
    const able = backend();
    able.restrict = (_, egress) => {
      able.asked.push("restrict");
      plans.push(egress);
      return Promise.resolve();
    };
    runtime = await openRuntime(able);
    const open = await runtime.start();
    await runtime.plugin(open.id);
    expect(able.asked).toEqual(["create", "launch"]);
    const closed = await runtime.start();
    await runtime.bind(closed.id, "X", "tls://127.0.0.1:9443");
    await runtime.plugin(closed.id, { defaultAction: "deny", allowedHosts: ["api.example.com"] });
    expect(able.asked.slice(2)).toEqual(["create", "restrict", "launch"]);
    expect(plans).toEqual([
      {
        enforce: true,
        allowedHosts: ["api.example.com"],
        defaultAction: "deny",
        endpoints: [{ purpose: "relay", host: "127.0.0.1", port: 9443, cidrs: ["127.0.0.1/32"] }],
      },
    ]);
  });

  it("EGR-2: a network that can't be closed keeps the plugin from starting", async () => {
    const able = backend({ restrict: () => Promise.reject(new Error("the policy was refused")) });
    runtime = await openRuntime(able);
    const { id } = await runtime.start();
    await expect(runtime.plugin(id, { defaultAction: "deny" })).rejects.toThrow("the policy was refused");
    expect(able.asked).toEqual(["create", "destroy"]);
    expect(runtime.get(id)?.state).toBe("failed");
  });
});

describe("how the runtime learns that a plugin has ended", () => {
  const watched = (
    facts: () => GuestFacts,
    changes: Partial<SessionBackend<string>> = {},
  ): SessionBackend<string> =>
    backend({
      launch: () =>
        Promise.resolve({
          ended: Promise.reject(new Error("the watch was reset")),
          reach: { via: "target", target: `unix://${join(directory, "plugin.sock")}` },
        }),
      inspect: () => {
        try {
          return Promise.resolve(facts());
        } catch (error) {
          return Promise.reject(error);
        }
      },
      ...changes,
    });
  const limits = { startSessionWaitMs: 2_000, watchEveryMs: 20, retry: { firstMs: 5 } };

  it("T2: a watch that breaks off and look-ups that fail leave the session as it is", async () => {
    let looks = 0;
    const facts = (): GuestFacts => {
      looks += 1;
      if (looks < 5) throw new Error("throttled");
      return { guest: "up", plugin: "running" };
    };
    runtime = await openRuntime(watched(facts), { limits });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => looks).toBeGreaterThan(7);
    expect(runtime.get(id)?.state).toBe("running");
  });

  it("T12, SESS-10: what a look-up says has the same meaning as what a watch says", async () => {
    let end: GuestFacts["plugin"] = "running";
    runtime = await openRuntime(
      watched(() => ({ guest: "up", plugin: end })),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    end = { how: "exit", code: 137 };
    await expect.poll(() => runtime?.get(id)?.state).toBe("failed");
    expect(runtime.get(id)).toMatchObject({
      stateReason: "exited",
      stateMessage: "the plugin exited with code 137",
    });
  });

  it("SESS-10: a guest that is gone makes its session failed, as vanished", async () => {
    let guest: GuestFacts["guest"] = "up";
    runtime = await openRuntime(
      watched(() => ({ guest, plugin: guest === "up" ? "running" : "none" })),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    guest = "gone";
    await expect.poll(() => runtime?.get(id)?.stateReason).toBe("vanished");
  });

  it("a program that still runs is adopted again, and its end is seen at once", async () => {
    let end: (ended: Ended) => void = () => undefined;
    let adoptions = 0;
    const adopt = (): Promise<{ ended: Promise<Ended> }> => {
      adoptions += 1;
      return Promise.resolve({ ended: new Promise<Ended>((resolve) => (end = resolve)) });
    };
    runtime = await openRuntime(
      watched(() => ({ guest: "up", plugin: "running" }), { adopt }),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => adoptions).toBe(1);
    end({ how: "limit", limit: "memory", detail: "512 MiB" });
    await expect
      .poll(() => runtime?.get(id))
      .toMatchObject({
        state: "failed",
        stateReason: "memory-limit",
        stateMessage: "the plugin was ended by its memory limit: 512 MiB",
      });
  });
});

describe("output that has to be fetched", () => {
  /** Notes when the output is read and when the guest is removed; a read lasts until it is broken off. */
  const fetched = (): SessionBackend<string> & { asked: string[] } => {
    const able = backend({
      launch: (_, { io }) => {
        io.pull(async (_cursor, _sink, signal) => {
          able.asked.push("read");
          if (able.asked.at(-2) === "read") return;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        });
        return Promise.resolve({
          ended: never(),
          reach: { via: "target", target: `unix://${join(directory, "plugin.sock")}` },
        });
      },
    });
    return able;
  };
  const story = ["create", "read", "read", "destroy"];

  it("LOGS-6: is read once more before StopSession removes the guest", async () => {
    const able = fetched();
    runtime = await openRuntime(able);
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await runtime.stop(id);
    expect(able.asked).toEqual(story);
  });

  it("LOGS-1, SESS-9: and before expiry does", async () => {
    const able = fetched();
    runtime = await openRuntime(able, { limits: { startSessionWaitMs: 2_000, lifetimeMs: 400 } });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => able.asked).toContain("destroy");
    expect(able.asked).toEqual(story);
  });

  it("LOGS-3: and before a failed start does", async () => {
    const able = fetched();
    await server.close();
    runtime = await openRuntime(able, { limits: { startSessionWaitMs: 2_000, readyTimeoutMs: 50 } });
    const { id } = await runtime.start();
    await expect(runtime.plugin(id)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(able.asked).toEqual(story);
    server = await http2Server({ path: join(directory, "plugin.sock") });
  });

  it("SESS-11: a reader that hangs keeps no stop from winning over a plugin that gets ready meanwhile", async () => {
    const path = join(directory, "late.sock");
    let launched = false;
    const able = backend({
      launch: (_, { io }) => {
        io.pull(() => new Promise(() => undefined));
        launched = true;
        return Promise.resolve({ ended: never(), reach: { via: "target", target: `unix://${path}` } });
      },
    });
    runtime = await openRuntime(able);
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
    const reach = { via: "target", target: `unix://${join(directory, "plugin.sock")}` } as const;
    const able = backend({
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
    runtime = await openRuntime(able, { limits: { startSessionWaitMs: 2_000, watchEveryMs: 20 } });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => runtime?.lines.join("\n")).toContain("first");
    tellBroken(new Error("the watch was reset"));
    await expect.poll(() => cursors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(cursors[0]).toBe("1");
    // A watch that only asks now and then is no reason to adopt again and again.
    expect(adoptions).toBe(1);
  });
});

describe("a configuration that is refused", () => {
  it.each([
    ["a store that can't be opened", {}, { open: () => Promise.reject(new Error("the disk is full")) }],
    ["a limit that can't be", { rate: { parallel: 0 } }, undefined],
  ])("LIFE-3: leaves nothing open: %s", async (_, limits, store) => {
    let closed = 0;
    const close = (): Promise<void> => {
      closed += 1;
      return Promise.resolve();
    };
    await expect(openRuntime(backend({ close, limits, ...(store && { store }) }))).rejects.toThrow();
    expect(closed).toBe(1);
  });
});

describe("workspaces", () => {
  const request = {
    agentSessionId: "a-1",
    checkouts: [{ url: "https://x/y.git", ref: "main", path: "y" }],
    cwd: "y",
  };

  it("WORK-1: without them support says so, and the method is not there", async () => {
    runtime = await openRuntime(backend());
    expect(runtime.provider.prepareWorkspace).toBeUndefined();
    expect(await runtime.provider.getSupport(context())).not.toHaveProperty("supportsPrepareWorkspace");
    await runtime.provider.removeWorkspace?.({ sessionId: "s-none", agentSessionId: "a-none" }, context());
  });

  it("WORK-2, WORK-3: with them they are made in the session's guest, and removed", async () => {
    const asked: unknown[] = [];
    const workspaces = {
      prepare: (handle: string, wanted: unknown) => {
        asked.push(["prepare", handle, wanted]);
        return Promise.resolve({ root: "/w/a-1", cwd: "/w/a-1/y" });
      },
      remove: (handle: string, agentSessionId: string) => {
        asked.push(["remove", handle, agentSessionId]);
        return Promise.resolve();
      },
    };
    runtime = await openRuntime(backend({ workspaces }));
    expect(await runtime.provider.getSupport(context())).toMatchObject({ supportsPrepareWorkspace: true });
    const { id } = await runtime.start();
    const made = await runtime.provider.prepareWorkspace?.({ sessionId: id, ...request }, context());
    expect(made).toEqual({ root: "/w/a-1", cwd: "/w/a-1/y" });
    await runtime.provider.removeWorkspace?.({ sessionId: id, agentSessionId: "a-1" }, context());
    await runtime.provider.removeWorkspace?.({ sessionId: "s-none", agentSessionId: "a-1" }, context());
    expect(asked).toEqual([
      ["prepare", "guest", request],
      ["remove", "guest", "a-1"],
    ]);
  });

  it("WORK-2: what fails halfway is removed", async () => {
    const removed: string[] = [];
    const workspaces = {
      prepare: (): Promise<never> => Promise.reject(new Error("no such ref")),
      remove: (_: string, agentSessionId: string) => {
        removed.push(agentSessionId);
        return Promise.resolve();
      },
    };
    runtime = await openRuntime(backend({ workspaces }));
    const { id } = await runtime.start();
    const preparing = runtime.provider.prepareWorkspace?.({ sessionId: id, ...request }, context());
    await expect(preparing).rejects.toThrow("no such ref");
    await expect.poll(() => removed).toEqual(["a-1"]);
  });
});

describe("health", () => {
  it("LIFE-4: the check runs at the runtime's own pace, however often the host asks", async () => {
    let checks = 0;
    let failing = true;
    const check = (): Promise<void> => {
      checks += 1;
      return failing ? Promise.reject(new Error("the credentials expired")) : Promise.resolve();
    };
    runtime = await openRuntime(backend({ check }), { limits: { watchEveryMs: 50 } });
    for (let round = 0; round < 20; round += 1)
      expect(await runtime.provider.healthCheck?.(context())).toEqual({
        ready: false,
        message: "the credentials expired",
      });
    expect(checks).toBeLessThan(10);
    failing = false;
    await expect.poll(() => runtime?.provider.healthCheck?.(context())).toEqual({ ready: true });
  });
});
