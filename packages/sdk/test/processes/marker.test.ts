import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { isProcessAlive, killMarked, openProcessTree, processIdentity } from "../../src/processes/index.js";
import { markerVariable, newMarker } from "../../src/processes/marker.js";
import { newToken, holdersOf, path, until } from "./support.js";

it("REC-2: killMarked ends what carries the marker, wherever it went, and nothing else", async () => {
  const [mine, others] = [newMarker(), newMarker()];
  const token = newToken();
  const start = (marker: string): void => {
    const child = spawn(
      "/bin/sh",
      ["-c", "setsid sleep $0 & (setsid sh -c 'sleep $0 & exit' $0 &) ; exit 0", token],
      {
        env: { ...path, [markerVariable]: marker, LAST: "" },
        stdio: "ignore",
      },
    );
    child.unref();
  };
  start(mine);
  await until("two sleepers", () => holdersOf(token).length === 2);
  const ours = holdersOf(token);
  start(others);
  onTestFinished(async () => expect(await killMarked(others)).toEqual([]));
  // One whose value only begins like the marker is another tree's.
  start(`${mine}0`);
  onTestFinished(async () => expect(await killMarked(`${mine}0`)).toEqual([]));
  await until("six sleepers", () => holdersOf(token).length === 6);
  expect(await killMarked(mine)).toEqual([]);
  expect(ours.filter(isProcessAlive)).toEqual([]);
  expect(holdersOf(token)).toHaveLength(4);
});

it("REC-2: a marker's part before the dot stands for all trees of that run", async () => {
  const trees = await Promise.all([1, 2].map(() => openProcessTree({ kind: "process-group" })));
  const programs = await Promise.all(
    trees.map((tree) => tree.spawn({ command: "/bin/sleep", args: ["1000"], env: {} })),
  );
  const run = trees[0]?.marker?.split(".")[0] ?? "";
  expect(await killMarked(run)).toEqual([]);
  const killed = { how: "signal", signal: "SIGKILL" };
  expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([killed, killed]);
  await Promise.all(trees.map((tree) => tree.kill()));
});

it.each(["", ".", "a".repeat(31), `${"a".repeat(32)}.x`])("refuses %j as a marker", async (marker) => {
  await expect(killMarked(marker)).rejects.toThrow("is not a tree's: pass what ProcessTree.marker gave");
});

it("REC-2: an identity is one process's alone, and none is had of one that ended", async () => {
  const child = spawn("/bin/sleep", ["1000"], { stdio: "ignore" });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const identity = processIdentity(pid);
  expect(identity).toEqual({
    pid,
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    startTicks: expect.stringMatching(/^[0-9]+$/) as string,
  });
  expect(processIdentity(pid)).toEqual(identity);
  expect(processIdentity(process.pid)?.startTicks).not.toBe(identity?.startTicks);
  expect(isProcessAlive(pid)).toBe(true);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  // It has ended, whether or not its parent has collected it.
  await until("it has ended", () => !isProcessAlive(pid));
  expect(processIdentity(pid)).toBeUndefined();
  await ended;
});
