import { expect, it } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { describeIsolated } from "../isolation/support.js";
import { floodLog } from "./log-flood.js";

describeIsolated("a plugin that floods its log", () => {
  it("LOGS-4, PLUG-6: is held back: the provider keeps a fraction of it in memory", async (context) => {
    const megabytes = 512;
    const grown = await floodLog(megabytes);
    recordFigure(context, {
      name: "the provider's growth while 512 MiB are logged",
      value: grown,
      unit: "MiB",
    });
    expect(grown).toBeLessThan(megabytes / 3);
  });
});
