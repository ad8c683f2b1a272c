import { readdir } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import type { HostCall } from "../../src/host/index.js";
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
  "relay-egress": "SUP-3, SUP-4, BIND-3, EGR-3, EGR-5",
  "relay-two-caches": "SUP-3, BIND-3, EGR-5",
  "start-plugin-fails": "LOGS-2, LOGS-3, PLUG-6",
  "session-fails": "SESS-4",
  "unknown-state": "SESS-4",
  "list-unimplemented": "SESS-7",
  "stop-hangs": "SESS-8, PROC-6",
  "two-plugins": "PROC-9",
} as const;

/** Told apart below: a trace of the plugin's side, and one that takes its time. */
const others = ["plugin-side", "agent-pool"];

it("HOST: every recording has a replay", async () => {
  const folder = new URL("traces/", import.meta.url);
  const names = (await readdir(folder)).map((file) => file.replace(/\.jsonl$/, ""));
  expect(names.sort()).toEqual([...Object.keys(scenarios), ...others].sort());
  expect(names).toHaveLength(18);
});

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

  it("SESS-9, SESS-12: agent-pool", { timeout: 60_000 }, async () => {
    await using directory = await TestDirectory.make();
    const recording = await readRecording("agent-pool");
    const seen = await replay(recording, directory, {
      drive: async (gestaltd) => {
        await gestaltd.admin.providers();
        // Two replacements, and a look at the last instance after the second.
        const isLooked = ({ method, request }: HostCall): boolean =>
          method.endsWith("/GetSession") && JSON.stringify(request) === '{"sessionId":"s3"}';
        await vi.waitFor(
          () => {
            expect(gestaltd.trace.calls.filter(isLooked).length).toBeGreaterThan(2);
            expect(gestaltd.agent("sim").sessionIds).toEqual(["s3"]);
          },
          { timeout: 40_000, interval: 50 },
        );
      },
    });
    expect(differences(recording.events, seen.provider)).toEqual([]);
    expect(seen.report.rec).toMatchObject({ code: 0, signal: null, killed: false });
    expect(await directory.left("tmp")).toEqual([]);
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
