import { describe, expect, it } from "vitest";
import { ableHarness } from "./able-backend.js";

const place = ableHarness();

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
    await expect(place.open(place.backend({ close, limits, ...(store && { store }) }))).rejects.toThrow();
    expect(closed).toBe(1);
  });
});
