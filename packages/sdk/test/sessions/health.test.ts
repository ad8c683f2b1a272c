import { describe, expect, it } from "vitest";
import { ableHarness } from "./able-backend.js";
import { context } from "./runtime-support.js";

const place = ableHarness();

describe("health", () => {
  it("LIFE-4: the check runs at the runtime's own pace, however often the host asks", async () => {
    let checks = 0;
    let failing = true;
    const check = (): Promise<void> => {
      checks += 1;
      return failing ? Promise.reject(new Error("the credentials expired")) : Promise.resolve();
    };
    const runtime = await place.open(place.backend({ check }), { limits: { watchEveryMs: 50 } });
    for (let round = 0; round < 20; round += 1)
      expect(await runtime.provider.healthCheck?.(context())).toEqual({
        ready: false,
        message: "the credentials expired",
      });
    expect(checks).toBeLessThan(10);
    failing = false;
    await expect.poll(() => runtime.provider.healthCheck?.(context())).toEqual({ ready: true });
  });
});
