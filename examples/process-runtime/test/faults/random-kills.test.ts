import { expect, it } from "vitest";
import { describeIsolated } from "../isolation/support.js";
import { killAtRandomMoments, victims } from "./random-kills.js";

// As many as there is time for: the long form does two hundred.
const rounds = victims.length;
const seed = Number(process.env.GESTALT_SEED ?? Date.now() % 1_000_000);

describeIsolated("kill -9 at random moments of a session's life, beside a second instance", () => {
  it(
    `PROC-7, PROC-8, PROC-9, REC-2: of host, provider, plugin, socat and bubblewrap, ${rounds} times: nothing is left after the next start, and the second instance's session never notices (seed ${seed})`,
    { timeout: 300_000 },
    async () => {
      const killed = await killAtRandomMoments(rounds, seed);
      expect(Object.values(killed).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    },
  );
});
