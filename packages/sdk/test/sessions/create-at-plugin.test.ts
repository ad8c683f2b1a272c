import { describe, expect, it } from "vitest";
import { BackendError } from "../../src/sessions/index.js";
import { ableHarness, traits } from "./able-backend.js";

const place = ableHarness();

describe("a backend that makes the guest with its plugin", () => {
  const atPlugin = { traits: { ...traits, createAt: "plugin" as const } };

  it("SESS-4: its session is ready at once, and nothing is made until StartPlugin", async () => {
    const able = place.backend(atPlugin);
    const runtime = await place.open(able);
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
    const able = place.backend(atPlugin);
    const runtime = await place.open(able);
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
    const runtime = await place.open(place.backend({ ...atPlugin, create }));
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
    const without = place.backend();
    delete without.launch;
    const runtime = await place.open(without);
    const { id } = await runtime.start();
    await expect(runtime.plugin(id)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("no launch") as string,
    });
  });
});
