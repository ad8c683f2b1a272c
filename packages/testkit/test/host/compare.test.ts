import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { differences } from "./compare.js";
import { mapStrings } from "./normalise.js";
import { readRecording, type RecordedEvent } from "./recording.js";

const scenarios = [
  "direct",
  "direct-cache",
  "start-plugin-fails",
  "session-fails",
  "stop-hangs",
  "two-plugins",
  "relay-egress",
  "relay-two-caches",
  "agent-pool",
];

/** Every string and number in a value, each changed in a copy of its own. */
function* changed(value: JsonValue | undefined): Generator<JsonValue> {
  if (typeof value === "string") yield `${value} changed`;
  else if (typeof value === "number") yield value + 1;
  else if (typeof value === "boolean") yield !value;
  else if (Array.isArray(value))
    for (const [index, item] of value.entries())
      for (const other of changed(item)) yield value.with(index, other);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value))
      for (const other of changed(item)) yield { ...value, [key]: other };
}

async function eventsOf(scenario: string): Promise<readonly RecordedEvent[]> {
  return (await readRecording(scenario)).events;
}

describe.each(scenarios)("a replay of %s is told from its recording", (scenario) => {
  it("an equal one has no differences", async () => {
    const events = await eventsOf(scenario);
    expect(differences(events, events)).toEqual([]);
  });

  it("any event left out is reported", async () => {
    const events = await eventsOf(scenario);
    for (const index of events.keys())
      expect(differences(events, events.toSpliced(index, 1)), JSON.stringify(events[index])).not.toEqual([]);
  });

  it("any call made once more is reported, polls apart", async () => {
    const events = await eventsOf(scenario);
    for (const [index, event] of events.entries())
      if (event.event === "call")
        expect(differences(events, events.toSpliced(index, 0, event)), JSON.stringify(event)).not.toEqual([]);
  });

  it("any deadline halved, doubled, left out or added is reported", async () => {
    const events = await eventsOf(scenario);
    for (const [index, { deadline_ms: deadline, ...rest }] of events.entries()) {
      if (rest.event !== "call") continue;
      const others =
        deadline === undefined
          ? [{ ...rest, deadline_ms: 60_000 }]
          : [{ ...rest, deadline_ms: deadline / 2 }, { ...rest, deadline_ms: deadline * 2 }, rest];
      for (const other of others)
        expect(differences(events, events.with(index, other)), JSON.stringify(other)).not.toEqual([]);
    }
  });

  it("any changed field is reported", async () => {
    const events = await eventsOf(scenario);
    for (const [index, event] of events.entries())
      for (const field of Object.keys(event)) {
        if (["at_ms", "deadline_ms", "error"].includes(field)) continue;
        for (const value of changed(event[field])) {
          const other: RecordedEvent = { ...event, [field]: value };
          expect(differences(events, events.with(index, other)), JSON.stringify(other)).not.toEqual([]);
        }
      }
  });
});

describe("a difference is told in words", () => {
  it("names the call, the field and both values", async () => {
    const events = await eventsOf("direct");
    const index = events.findIndex((event) => event.method?.endsWith("/StopSession") === true);
    const stop = events[index];
    if (stop === undefined) throw new Error("the recording has no StopSession");
    expect(differences(events, events.with(index, { ...stop, deadline_ms: 9_000 }))).toEqual([
      "calls, event 32, call PluginRuntimeProvider/StopSession, deadline_ms: expected 2999, got 9000",
    ]);
  });

  it("PROC-9: stops in another order than the names' are reported", async () => {
    const events = await eventsOf("two-plugins");
    const of = (session: string): readonly RecordedEvent[] =>
      events.filter(
        (event) => event.method?.endsWith("/StopSession") === true && event.request?.sessionId === session,
      );
    const others = events.filter((event) => !of("s1").includes(event) && !of("s2").includes(event));
    const swapped = [...others, ...of("s2"), ...of("s1")];
    expect(differences(events, swapped)).toContainEqual(expect.stringMatching(/^stops, event 1/));
  });

  it("LOGS-2: a refusal with another status or ending is reported", async () => {
    const events = await eventsOf("start-plugin-fails");
    const index = events.findIndex(({ event }) => event === "log-refused");
    const refused = events[index] ?? { at_ms: 0, event: "" };
    for (const error of [
      "rpc error: code = NotFound desc = append: runtime session not found",
      "rpc error: code = Internal desc = append: no such session",
    ])
      expect(differences(events, events.with(index, { ...refused, error }))).toHaveLength(1);
  });
});

it("PROC-9: which of two plugins gets its session first is a race, and no difference", async () => {
  const events = await eventsOf("two-plugins");
  const swapped = (text: string): string =>
    text.replaceAll(/(?<=^|p-|session )s[12](?=$| created)/g, (id) => (id === "s1" ? "s2" : "s1"));
  expect(
    differences(
      events,
      events.map((event) => mapStrings(event, swapped)),
    ),
  ).toEqual([]);
});
