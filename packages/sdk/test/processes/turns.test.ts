import { expect, it, onTestFinished } from "vitest";
import { ownTurn } from "../../src/processes/turns.js";

it("SESS-5: programs that are started at once get a turn of the event loop each, in their order", async () => {
  let turn = 0;
  const count = (): void => {
    turn += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  onTestFinished(() => clearImmediate(next));
  const turns: number[] = [];
  await Promise.all(Array.from({ length: 20 }, () => ownTurn().then(() => turns.push(turn))));
  expect(new Set(turns).size).toBe(20);
  expect(turns).toEqual([...turns].sort((a, b) => a - b));
});
