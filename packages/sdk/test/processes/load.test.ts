import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { openProcessTree } from "../../src/processes/index.js";
import { childrenOf } from "../../src/processes/process-info.js";
import { describeKinds, holdersOf, mentionsOf, newToken, path, until } from "./support.js";

const script =
  "trap \"\" TERM; setsid sleep $0 & (setsid sh -c 'sleep $0 & exit' $0 &) ; sleep $0 & wait; wait; wait";

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

describeKinds("many trees", (kind) => {
  it("SESS-8: a hundred are stopped at once, and nothing of them is left", async () => {
    const token = newToken();
    const trees = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const tree = await openProcessTree({ kind });
        const program = await tree.spawn({ command: "/bin/sh", args: ["-c", script, token], env: path });
        return { tree, program };
      }),
    );
    await until("three sleepers and a shell each", () => holdersOf(token).length === 400, 25_000);
    const reports = await Promise.all(trees.map(({ tree }) => tree.stop({ graceMs: 100 })));
    expect(reports).toEqual(Array(100).fill({ rung: "killed", left: [] }));
    expect(mentionsOf(token)).toEqual([]);
    await Promise.all(trees.map(({ program }) => program.drained));
  });

  it("leaves no open file and no child behind in fifty cycles", async () => {
    const cycle = async (): Promise<void> => {
      const tree = await openProcessTree({ kind, drainMs: 50 });
      const program = await tree.spawn({
        command: "/bin/sh",
        args: ["-c", "setsid sleep 1000 & exit 3"],
        env: path,
      });
      await program.ended;
      await expect(tree.spawn({ command: "/bin/true", env: { A: "x".repeat(200_000) } })).rejects.toThrow();
      expect((await tree.stop({ graceMs: 100 })).left).toEqual([]);
      await program.drained;
    };
    await cycle();
    const before = { files: openFiles(), children: childrenOf(process.pid).length };
    for (let count = 0; count < 50; count += 1) await cycle();
    // A closed pipe and an ended watchdog are let go of in the turns after.
    await until(
      `as before: ${JSON.stringify(before)}`,
      () => openFiles() <= before.files && childrenOf(process.pid).length <= before.children,
    );
  });
});
