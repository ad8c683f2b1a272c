import { describe, it } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { describeIsolated } from "../isolation/support.js";
import { canRunSuite, expectConformant, nobody, runSuite } from "./suite.js";

const isRoot = process.getuid?.() === 0;
const canBeNobody = isRoot && (await canRunSuite(nobody));
const why = isRoot ? "nobody may not read this checkout" : "only root can be another user";

describeIsolated("the whole conformance suite, with DIRECT and HOSTNAME", () => {
  it("SUP-1, SUP-3, SUP-4: as this user: nothing fails, and nothing is left out that is claimed", async (context) => {
    const report = await runSuite(undefined);
    recordFigure(context, {
      name: "the conformance suite on the process runtime, two checks at a time",
      value: report.run.durationMs / 1_000,
      unit: "s",
      atMost: 180,
    });
    expectConformant(report);
  });

  describe.runIf(canBeNobody)(canBeNobody ? "as a user without rights" : `as another user (${why})`, () => {
    it("SUP-1, SUP-3, SUP-4: nothing fails, and nothing is left out that is claimed", async () => {
      expectConformant(await runSuite(nobody));
    });
  });
});
