import { expect, it } from "vitest";
import { TestDirectory } from "./fixtures.js";
import { readRecording } from "./recording.js";
import { replay } from "./replay.js";

it("SUP-4, EGR-1, PROC-10: the host's default action is every plugin's and every provider's", async () => {
  await using directory = await TestDirectory.make();
  const recording = await readRecording("egress-refused");
  const { example } = recording.operator.plugins;
  const operator = {
    ...recording.operator,
    // Without a policy of its own this plugin would be hosted.
    plugins: { example: { execution: example?.execution ?? { runtime: {} } } },
    server: { egress: { defaultAction: "deny" as const } },
  };
  const seen = await replay({ ...recording, operator }, directory);
  expect(seen.outcomes.get("example")).toMatchObject({ status: "skipped", failure: "egress-not-preserved" });
  const [start] = seen.provider;
  expect(start).toMatchObject({ event: "provider-start", own_process_group: true });
});
