import { expect, it } from "vitest";
import { Timers } from "../../src/logs/timers.js";
import { ManualClock } from "./manual-clock.js";

it("LOGS-4: keeps one timer of each name, and none past its end", async () => {
  const clock = new ManualClock();
  const timers = new Timers<"a" | "b">(clock);
  const runs: string[] = [];
  timers.start("a", 10, () => runs.push("first"));
  timers.start("a", 5, () => runs.push("second"));
  timers.start("b", 20, () => runs.push("b"));
  expect(clock.due).toEqual([10, 20]);
  await clock.advance(10);
  expect({ runs, isSet: timers.isSet("a") }).toEqual({ runs: ["first"], isSet: false });
  timers.start("a", 5, () => {
    runs.push("again");
    timers.start("a", 1, () => runs.push("from within"));
  });
  await clock.advance(6);
  expect(runs).toEqual(["first", "again", "from within"]);
  timers.start("a", 1, () => runs.push("cancelled"));
  timers.cancel("a");
  timers.cancel("a");
  timers.cancelAll();
  expect({ due: clock.due, isSet: timers.isSet("b") }).toEqual({ due: [], isSet: false });
});
