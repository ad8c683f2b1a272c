import { expect, it } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { describeIsolated } from "../isolation/support.js";
import { killAtRandomMoments } from "./random-kills.js";

const rounds = 200;
const seed = Number(process.env.GESTALT_SEED ?? Date.now() % 1_000_000);

describeIsolated("kill -9 at random moments of a session's life, beside a second instance", () => {
  it(`PROC-7, PROC-8, PROC-9, REC-2: of host, provider, plugin, socat and bubblewrap, ${rounds} times: nothing is left after the next start, and the second instance's session never notices (seed ${seed})`, async (context) => {
    const killed = await killAtRandomMoments(rounds, seed);
    for (const [victim, value] of Object.entries(killed)) {
      expect(value).toBeGreaterThan(0);
      recordFigure(context, { name: `kill -9 of ${victim} in mid-session`, value, unit: "times" });
    }
  });
});
