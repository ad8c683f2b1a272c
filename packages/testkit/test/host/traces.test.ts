import { describe, expect, it } from "vitest";

import { differences } from "./compare.js";
import { TestDirectory } from "./fixtures.js";
import { readRecording } from "./recording.js";
import { replay, type Replay } from "./replay.js";

const scenarios = {
  direct: "PROC-3, PROC-4, PROC-5, LIFE-2, SESS-2, SESS-4, BIND, PLUG-2, PROC-6",
} as const;

describe("the fake host does what the real one did", () => {
  for (const [scenario, ids] of Object.entries(scenarios))
    it(`${ids}: ${scenario}`, async () => {
      await using directory = await TestDirectory.make();
      const recording = await readRecording(scenario);
      const seen = await replay(recording, directory);
      expect(outcomesOf(seen.outcomes)).toEqual({ example: "hosted" });
      expect(differences(recording.events, seen.provider)).toEqual([]);
    });
});

function outcomesOf(outcomes: Replay["outcomes"]): Record<string, string> {
  return Object.fromEntries(
    [...outcomes].map(([name, outcome]) => [name, outcome.status === "hosted" ? "hosted" : outcome.message]),
  );
}
