import { describe, expect, it } from "vitest";
import type { Ended, GuestFacts, SessionBackend } from "../../src/sessions/index.js";
import { ableHarness } from "./able-backend.js";

const place = ableHarness();

describe("how the runtime learns that a plugin has ended", () => {
  const watched = (
    facts: () => GuestFacts,
    changes: Partial<SessionBackend<string>> = {},
  ): SessionBackend<string> =>
    place.backend({
      launch: () =>
        Promise.resolve({
          ended: Promise.reject(new Error("the watch was reset")),
          reach: place.reach,
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
    const runtime = await place.open(watched(facts), { limits });
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => looks).toBeGreaterThan(7);
    expect(runtime.get(id)?.state).toBe("running");
  });

  it("T12, SESS-10: what a look-up says has the same meaning as what a watch says", async () => {
    let end: GuestFacts["plugin"] = "running";
    const runtime = await place.open(
      watched(() => ({ guest: "up", plugin: end })),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    end = { how: "exit", code: 137 };
    await expect.poll(() => runtime.get(id)?.state).toBe("failed");
    expect(runtime.get(id)).toMatchObject({
      stateReason: "exited",
      stateMessage: "the plugin exited with code 137",
    });
  });

  it("SESS-10: a guest that is gone makes its session failed, as vanished", async () => {
    let guest: GuestFacts["guest"] = "up";
    const runtime = await place.open(
      watched(() => ({ guest, plugin: guest === "up" ? "running" : "none" })),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    guest = "gone";
    await expect.poll(() => runtime.get(id)?.stateReason).toBe("vanished");
  });

  it("a program that still runs is adopted again, and its end is seen at once", async () => {
    let end: (ended: Ended) => void = () => undefined;
    let adoptions = 0;
    const adopt = (): Promise<{ ended: Promise<Ended> }> => {
      adoptions += 1;
      return Promise.resolve({ ended: new Promise<Ended>((resolve) => (end = resolve)) });
    };
    const runtime = await place.open(
      watched(() => ({ guest: "up", plugin: "running" }), { adopt }),
      { limits },
    );
    const { id } = await runtime.start();
    await runtime.plugin(id);
    await expect.poll(() => adoptions).toBe(1);
    end({ how: "limit", limit: "memory", detail: "512 MiB" });
    await expect
      .poll(() => runtime.get(id))
      .toMatchObject({
        state: "failed",
        stateReason: "memory-limit",
        stateMessage: "the plugin was ended by its memory limit: 512 MiB",
      });
  });
});
