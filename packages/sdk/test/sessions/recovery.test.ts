import { afterEach, describe, expect, it } from "vitest";
import {
  type BackendTraits,
  type FoundGuest,
  type GuestFacts,
  type SessionBackend,
  type SessionRuntimeOptions,
} from "../../src/sessions/index.js";
import { memorySessionStore } from "../../src/store/index.js";
import { context, openRuntime, type RuntimeUnderTest } from "./runtime-support.js";

const traits: BackendTraits = {
  kind: "lasting",
  egress: "none",
  hostServices: "relay",
  outlivesProvider: true,
};

/** Guests that live on when their provider is gone, and are listed with their labels. */
class Lasting {
  readonly store = memorySessionStore();
  readonly guests = new Map<string, { labels: Readonly<Record<string, string>>; facts: GuestFacts }>();
  readonly destroyed: string[] = [];
  finds = 0;
  destroyNow = true;
  readonly #open: RuntimeUnderTest[] = [];

  /** One instance of the provider. */
  async instance(
    options: SessionRuntimeOptions = {},
    changes: Partial<SessionBackend<string>> = {},
  ): Promise<RuntimeUnderTest> {
    const runtime = await openRuntime<string>(
      {
        traits,
        store: this.store,
        create: ({ name, labels }) => {
          this.guests.set(name, { labels, facts: { guest: "up", plugin: "none" } });
          return Promise.resolve({ handle: name });
        },
        launch: (handle) => {
          this.#set(handle, { guest: "up", plugin: "running" });
          return Promise.resolve({ reach: { via: "target", target: "unix:///nowhere" } });
        },
        inspect: (handle) =>
          Promise.resolve(this.guests.get(handle)?.facts ?? { guest: "gone", plugin: "none" }),
        destroy: (handle) => {
          this.destroyed.push(handle);
          if (!this.destroyNow) return Promise.resolve("going");
          this.guests.delete(handle);
          return Promise.resolve("gone");
        },
        find: (labels) => this.#find(labels),
        ...changes,
      },
      options,
    );
    this.#open.push(runtime);
    return runtime;
  }

  /** The program of a guest runs, as if it had been started. */
  run(): void {
    for (const handle of this.guests.keys()) this.#set(handle, { guest: "up", plugin: "running" });
  }

  async close(): Promise<void> {
    for (const runtime of this.#open) await runtime.close();
  }

  #set(handle: string, facts: GuestFacts): void {
    const guest = this.guests.get(handle);
    if (guest !== undefined) guest.facts = facts;
  }

  async *#find(wanted: Readonly<Record<string, string>>): AsyncGenerator<FoundGuest<string>> {
    this.finds += 1;
    await Promise.resolve();
    for (const [handle, { labels, facts }] of this.guests)
      if (Object.entries(wanted).every(([key, value]) => labels[key] === value))
        yield { handle, labels, facts };
  }
}

let lasting = new Lasting();
afterEach(async () => {
  await lasting.close();
  lasting = new Lasting();
});

describe("a provider that is started again", () => {
  it("REC-1, T26: finds its sessions: same ids, metadata, times and state", async () => {
    const first = await lasting.instance({ onShutdown: "keep", limits: { lifetimeMs: 600_000 } });
    const made = await first.start({ provider_name: "example", team: "blue" });
    lasting.run();
    await first.close();
    const second = await lasting.instance();
    await expect.poll(() => second.get(made.id)?.state).toBe("running");
    expect(second.get(made.id)).toEqual({ ...made, state: "running" });
    expect(await second.list()).toEqual([made.id]);
    await second.stop(made.id);
    expect(lasting.guests.size).toBe(0);
    expect(second.get(made.id)).toBeUndefined();
  });

  it("REC-1: a session that was ready stays so, and its plugin is refused with the reason", async () => {
    const first = await lasting.instance({ onShutdown: "keep" });
    const { id } = await first.start();
    await first.close();
    const second = await lasting.instance();
    await expect.poll(() => second.get(id)?.state).toBe("ready");
    await expect(second.plugin(id)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("after a restart") as string,
    });
  });

  it("REC-1: a guest that ended meanwhile is told as it ended", async () => {
    const first = await lasting.instance({ onShutdown: "keep" });
    const { id } = await first.start();
    for (const guest of lasting.guests.values())
      guest.facts = { guest: "up", plugin: { how: "exit", code: 3 } };
    await first.close();
    const second = await lasting.instance();
    await expect.poll(() => second.get(id)).toMatchObject({ state: "failed", stateReason: "exited" });
    await expect.poll(() => lasting.guests.size).toBe(0);
  });

  it("REC-2: removes them instead where it is told to", async () => {
    const first = await lasting.instance({ onShutdown: "keep" });
    const { id } = await first.start();
    await first.close();
    const second = await lasting.instance({ leftovers: "destroy" });
    expect(second.get(id)).toBeUndefined();
    expect(lasting.guests.size).toBe(0);
  });

  it("PROC-9: an instance that found sessions nobody asked it for leaves them to the one that the host keeps", async () => {
    const first = await lasting.instance({ onShutdown: "keep" });
    const { id } = await first.start();
    await first.close();
    const loser = await lasting.instance();
    expect(await loser.list()).toEqual([id]);
    await loser.close();
    expect(lasting.destroyed).toEqual([]);
    const winner = await lasting.instance();
    expect(winner.get(id)?.id).toBe(id);
    await winner.close();
    expect(lasting.guests.size).toBe(0);
  });

  it("SESS-12: a session that nobody asks for after the restart is removed in the end", async () => {
    const first = await lasting.instance({ onShutdown: "keep" });
    const asked = await first.start();
    const forgotten = await first.start();
    await first.close();
    const second = await lasting.instance({ limits: { recoveredTimeoutMs: 150, peersEveryMs: 50 } });
    expect(second.get(asked.id)?.id).toBe(asked.id);
    await expect.poll(() => second.list()).toEqual([asked.id]);
    expect(second.get(forgotten.id)).toBeUndefined();
    expect(lasting.guests.size).toBe(1);
  });

  it("T8, PROC-6, REC-2: what was not gone when it ended is removed by the next one", async () => {
    lasting.destroyNow = false;
    const warnings: string[] = [];
    const warn = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", warn);
    const first = await lasting.instance();
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await first.start()).id));
    await first.close();
    expect(new Set(lasting.destroyed).size).toBe(ids.length);
    expect(lasting.guests.size).toBe(ids.length);
    lasting.destroyNow = true;
    const second = await lasting.instance();
    await expect.poll(() => lasting.guests.size).toBe(0);
    expect(await second.list()).toEqual([]);
    // However many removals wait for one signal, Node.js has nothing to say about it on stderr.
    process.off("warning", warn);
    expect(warnings).toEqual([]);
  });

  it("T9: a guest whose making was not confirmed before the end is found by its labels", async () => {
    // The instance dies while the call is under way: its record says only that a guest may exist.
    const session = { id: "s-lost", name: "gestalt-lost" };
    const dead = await lasting.store.open({ providerName: "test", warn: () => undefined });
    await dead.save({
      version: 1,
      ...session,
      pluginName: "example",
      metadata: {},
      startedAtMs: Date.now(),
      intent: "create",
      state: "pending",
    });
    const labels = {
      "gestalt-provider": "test",
      "gestalt-session": session.id,
      "gestalt-instance": dead.instance,
    };
    lasting.guests.set(session.name, { labels, facts: { guest: "up", plugin: "none" } });
    await dead.close();
    const next = await lasting.instance();
    await expect.poll(() => lasting.guests.size).toBe(0);
    expect(next.get(session.id)).toBeUndefined();
  });
});

describe("instances beside each other", () => {
  const limits = { peersEveryMs: 30, startSessionWaitMs: 2_000 };

  it("PROC-9: each answers for the sessions of all, and starts only its own", async () => {
    const [one, other] = [await lasting.instance({ limits }), await lasting.instance({ limits })];
    const { id, metadata } = await one.start({ provider_name: "example" });
    await expect.poll(() => other.get(id)).toMatchObject({ id, metadata, state: "ready" });
    expect(await other.list()).toEqual([id]);
    await expect(other.plugin(id)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(other.bind(id, "X", "tls://relay:1")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await other.stop(id);
    expect(lasting.guests.size).toBe(0);
  });

  it("SESS-8: a session stopped through another instance is not seen again, however slowly its guest goes", async () => {
    const [one, other] = [await lasting.instance({ limits }), await lasting.instance({ limits })];
    const { id } = await one.start();
    await expect.poll(() => other.get(id)?.id).toBe(id);
    lasting.destroyNow = false;
    await other.stop(id);
    const finds = lasting.finds;
    await expect.poll(() => lasting.finds).toBeGreaterThan(finds + 4);
    expect(other.get(id)).toBeUndefined();
    expect(await other.list()).toEqual([]);
    lasting.destroyNow = true;
  });

  it("PROC-9, REC-2: one that ends or starts touches nothing of the other's", async () => {
    const one = await lasting.instance({ limits });
    const { id } = await one.start();
    const other = await lasting.instance({ limits, leftovers: "destroy" });
    await expect.poll(() => other.get(id)?.id).toBe(id);
    await other.close();
    expect(lasting.destroyed).toEqual([]);
    expect(one.get(id)?.state).toBe("ready");
  });

  it("are not seen where that is switched off", async () => {
    const [one, other] = [
      await lasting.instance({ limits }),
      await lasting.instance({ limits, peers: "hidden" }),
    ];
    const { id } = await one.start();
    const finds = lasting.finds;
    await expect.poll(() => lasting.finds).toBeGreaterThan(finds + 2);
    expect(other.get(id)).toBeUndefined();
  });

  it("T11, SESS-5: asking for sessions, known, unknown or a peer's, calls the backend no more often", async () => {
    const calls = { count: 0 };
    const inspect = (): Promise<GuestFacts> => {
      calls.count += 1;
      return Promise.resolve({ guest: "up", plugin: "none" });
    };
    const slow = { limits: { ...limits, peersEveryMs: 60_000, watchEveryMs: 60_000 } };
    const one = await lasting.instance(slow, { inspect });
    const { id } = await one.start();
    await expect.poll(() => lasting.finds).toBe(1);
    for (let round = 0; round < 10_000; round += 1) {
      one.get(id);
      one.get("s-unknown");
    }
    await one.provider.listSessions?.(context());
    expect(calls.count).toBe(0);
    expect(lasting.finds).toBe(1);
  });

  it("REC-2: a guest of an instance that is dead, of which nobody has a record, is removed", async () => {
    const dead = await lasting.store.open({ providerName: "test", warn: () => undefined });
    await dead.close();
    const alive = await lasting.store.open({ providerName: "test", warn: () => undefined });
    for (const [name, instance] of [
      ["of-the-dead", dead.instance],
      ["of-the-living", alive.instance],
      ["of-another-machine", "somebody"],
    ] as const)
      lasting.guests.set(name, {
        labels: { "gestalt-provider": "test", "gestalt-session": `s-${name}`, "gestalt-instance": instance },
        facts: { guest: "up", plugin: "none" },
      });
    await lasting.instance({ limits });
    await expect.poll(() => lasting.destroyed).toEqual(["of-the-dead"]);
    const finds = lasting.finds;
    await expect.poll(() => lasting.finds).toBeGreaterThan(finds + 2);
    expect([...lasting.guests.keys()]).toEqual(["of-the-living", "of-another-machine"]);
  });
});
