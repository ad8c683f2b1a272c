import { describe, expect, it, vi } from "vitest";
import { recordedCause, replayedCause } from "./causes.js";
import { differences } from "./compare.js";
import { TestDirectory, processesWith } from "./fixtures.js";
import { readLines, readRecording } from "./recording.js";
import { replay } from "./replay.js";

const scenarios = {
  direct: "PROC-3, PROC-4, PROC-5, PROC-6, LIFE-2, SESS-2, SESS-4, PLUG-2, LOGS-2",
  "direct-cache": "BIND order and names, BIND-2",
  "image-template": "SESS-3, PLUG-1, LOGS-3",
  "cannot-host": "SUP-1, SUP-2",
  "sandboxed-provider": "PROC-10, SUP-2",
  "no-host-access": "SUP-3",
  "egress-refused": "SUP-4",
  "egress-direct": "SUP-4, EGR-1",
  "start-plugin-fails": "LOGS-2, LOGS-3, PLUG-6",
  "session-fails": "SESS-4",
  "unknown-state": "SESS-4",
  "list-unimplemented": "SESS-7",
  "stop-hangs": "SESS-8, PROC-6",
  "two-plugins": "PROC-9",
} as const;

describe("the fake host does what the recorded host did", () => {
  for (const [scenario, ids] of Object.entries(scenarios))
    it(`${ids}: ${scenario}`, async () => {
      await using directory = await TestDirectory.make();
      const recording = await readRecording(scenario);
      const seen = await replay(recording, directory);

      expect(differences(recording.events, seen.provider)).toEqual([]);
      for (const plugin of Object.keys(recording.operator.plugins))
        expect(replayedCause(seen.outcomes.get(plugin))).toEqual(recordedCause(recording.warnings, plugin));
      const drained = recording.events.some(({ event }) => event === "drained");
      expect(seen.report.rec).toMatchObject(
        drained ? { code: 0, signal: null, killed: false } : { signal: "SIGKILL", killed: true },
      );
      // A provider that was killed leaves its plugin and its files to others; the host leaves nothing of its own.
      await vi.waitFor(async () => expect(await processesWith(directory.path)).toEqual([]));
      expect((await directory.left("tmp")).filter((name) => drained || name.startsWith("gst-"))).toEqual([]);
    });

  it("PLUG-4, LIFE: plugin-side", async () => {
    await using directory = await TestDirectory.make();
    const recording = await readRecording("direct");
    const recorded = (await readLines(new URL("traces/plugin-side.jsonl", import.meta.url))).slice(1);
    const seen = await replay(recording, directory, {
      pluginPath: "bin/recplug",
      plugin: { args: ["serve", "--name=a b", ""], config: { greeting: "Hi" } },
      drive: async (gestaltd) => {
        const result = await gestaltd.execute("example", "echo", { a: 1, b: [1, 2] });
        expect(result).toEqual({ status: 200, body: '{"a":1,"b":[1,2]}' });
      },
    });
    expect(differences(recorded, seen.plugin)).toEqual([]);
    expect(await directory.left("tmp")).toEqual([]);
  });
});
