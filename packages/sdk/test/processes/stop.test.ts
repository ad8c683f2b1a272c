import { expect, it } from "vitest";
import {
  openProcessTree,
  SpawnError,
  type ProcessTree,
  type TreeProcess,
} from "../../src/processes/index.js";
import { isProcessAlive } from "../../src/processes/index.js";
import {
  describeKinds,
  familyArgs,
  familyIsUp,
  holdersOf,
  lineOf,
  mentionsOf,
  newToken,
  path,
  until,
} from "./support.js";

async function shell(tree: ProcessTree, args: readonly string[]): Promise<TreeProcess> {
  return tree.spawn({ command: "/bin/sh", args, env: path });
}

describeKinds("stop", (kind) => {
  it("SESS-8: ends a program that obeys SIGTERM, with its own exit code", async () => {
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", 'trap "exit 3" TERM; echo ready; while :; do sleep 0.01; done']);
    await lineOf(program.stdout, "ready");
    expect(await tree.stop({ graceMs: 10_000 })).toEqual({ rung: "terminated", left: [] });
    expect(await program.ended).toEqual({ how: "exit", code: 3 });
  });

  it("SESS-8: kills one that ignores SIGTERM after the grace", async () => {
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", 'trap "" TERM; echo ready; while :; do sleep 0.01; done']);
    await lineOf(program.stdout, "ready");
    expect(await tree.stop({ graceMs: 100 })).toEqual({ rung: "killed", left: [] });
    expect(await program.ended).toEqual({ how: "signal", signal: "SIGKILL" });
  });

  it("SESS-8: lets a program's helpers in its group finish within the grace", async () => {
    const tree = await openProcessTree({ kind });
    const helper =
      '(trap "sleep 0.2; echo finished; exit" TERM; echo ready; while :; do sleep 0.01; done) & wait';
    const program = await shell(tree, ["-c", helper]);
    await lineOf(program.stdout, "ready");
    const [report] = await Promise.all([tree.stop({ graceMs: 10_000 }), lineOf(program.stdout, "finished")]);
    expect(report).toEqual({ rung: "terminated", left: [] });
    expect(await program.ended).toEqual({ how: "signal", signal: "SIGTERM" });
  });

  it("SESS-8: ends plain, setsid, daemonised, bare-environment and TERM-ignoring descendants", async () => {
    const token = newToken();
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, familyArgs(token));
    await familyIsUp(token);
    expect(await tree.stop({ graceMs: 200 })).toEqual({ rung: "killed", left: [] });
    expect(holdersOf(token)).toEqual([]);
    expect(await program.ended).toEqual({ how: "signal", signal: "SIGTERM" });
  });

  it("SESS-8: ends what a program left behind that has ended by itself", async () => {
    const token = newToken();
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", "sleep $0 & setsid sleep $0 & env -i sleep $0 & exit 0", token]);
    expect(await program.ended).toEqual({ how: "exit", code: 0 });
    await until("three sleepers", () => holdersOf(token).length === 3);
    expect(await tree.stop({ graceMs: 10_000 })).toEqual({ rung: "idle", left: [] });
    expect(holdersOf(token)).toEqual([]);
  });

  it("SESS-8: asks a stopped program too, and kills it when it does not answer", async () => {
    for (const [trap, rung, how] of [
      ["exit 4", "terminated", { how: "exit", code: 4 }],
      ["", "killed", { how: "signal", signal: "SIGKILL" }],
    ] as const) {
      const tree = await openProcessTree({ kind });
      const program = await shell(tree, [
        "-c",
        `trap "${trap}" TERM; echo ready; while :; do sleep 0.01; done`,
      ]);
      await lineOf(program.stdout, "ready");
      process.kill(program.pid ?? 0, "SIGSTOP");
      expect(await tree.stop({ graceMs: rung === "killed" ? 200 : 10_000 })).toEqual({ rung, left: [] });
      expect(await program.ended).toEqual(how);
    }
  });

  it("SESS-8: kill ends a stopped program", async () => {
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", "echo ready; sleep 1000"]);
    await lineOf(program.stdout, "ready");
    process.kill(-(program.pid ?? 0), "SIGSTOP");
    expect(await tree.kill()).toEqual({ rung: "killed", left: [] });
    expect(await program.ended).toEqual({ how: "signal", signal: "SIGKILL" });
  });

  it("SESS-10: sees the end of a program that was stopped and let go on by somebody else", async () => {
    await using tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", "echo ready; sleep 0.3; exit 5"]);
    await lineOf(program.stdout, "ready");
    const pid = program.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pid, "SIGCONT");
    expect(await program.ended).toEqual({ how: "exit", code: 5 });
  });

  it("SESS-8: all calls share one report, and kill cuts a running grace short", async () => {
    const tree = await openProcessTree({ kind });
    const program = await shell(tree, ["-c", 'trap "" TERM; echo ready; while :; do sleep 0.01; done']);
    await lineOf(program.stdout, "ready");
    const calls = [tree.stop({ graceMs: 600_000 }), tree.stop({ graceMs: 500_000 }), tree.kill()];
    const reports = await Promise.all(calls);
    expect(reports).toEqual(Array(3).fill({ rung: "killed", left: [] }));
    expect(await tree.stop({ graceMs: 1_000 })).toBe(reports[0]);
  });

  it("SESS-11: stop during spawn leaves nothing, at whatever moment it comes", async () => {
    const outcomes = new Set<string>();
    const moments = 30;
    // The moments are spread over what a start takes on this machine, and end after it, whatever it takes.
    let startMs = 0;
    for (let moment = moments; moment >= 0; moment -= 1) {
      const token = newToken();
      const tree = await openProcessTree({ kind });
      const before = performance.now();
      const spawned = shell(tree, ["-c", "setsid sleep $0 & sleep $0", token]).then(
        () => "spawned",
        (error: unknown) => (error instanceof SpawnError ? error.reason : String(error)),
      );
      if (moment === moments) {
        await spawned;
        startMs = performance.now() - before;
      } else if (moment > 0)
        await new Promise((resolve) => setTimeout(resolve, (startMs * moment) / moments));
      expect((await tree.kill()).left).toEqual([]);
      outcomes.add(await spawned);
      expect(holdersOf(token)).toEqual([]);
      await expect(shell(tree, ["-c", "exit 0"])).rejects.toMatchObject({ reason: "stopped" });
    }
    expect([...outcomes].sort()).toEqual(["spawned", "stopped"]);
  });

  it("SESS-8: stop during spawn rejects the spawn before a long grace is over", async () => {
    const tree = await openProcessTree({ kind });
    const keeper = await shell(tree, ["-c", 'trap "" TERM; echo ready; while :; do sleep 0.01; done']);
    await lineOf(keeper.stdout, "ready");
    const spawned = shell(tree, ["-c", "sleep 1000"]);
    const stopped = tree.stop({ graceMs: 600_000 });
    await expect(spawned).rejects.toMatchObject({ reason: "stopped" });
    await tree.kill();
    expect(await stopped).toEqual({ rung: "killed", left: [] });
  });

  it("SESS-11: a program that is just entering when stop comes gets no grace of its own", async () => {
    const tree = await openProcessTree({ kind });
    const keeper = await shell(tree, ["-c", 'trap "" TERM; echo ready; while :; do sleep 0.01; done']);
    await lineOf(keeper.stdout, "ready");
    const token = newToken();
    const spawned = shell(tree, ["-c", "sleep $0", token]).catch((error: unknown) => error);
    while (mentionsOf(token).length === 0) await new Promise((resolve) => setImmediate(resolve));
    const stopped = tree.stop({ graceMs: 600_000 });
    await spawned;
    await until("the late one is gone", () => mentionsOf(token).length === 0, 5_000);
    expect(isProcessAlive(keeper.pid ?? 0)).toBe(true);
    await tree.kill();
    expect(await stopped).toEqual({ rung: "killed", left: [] });
  });

  it("disposes of a tree by killing it", async () => {
    let pid: number | undefined;
    {
      await using tree = await openProcessTree({ kind });
      ({ pid } = await shell(tree, ["-c", "sleep 1000"]));
      expect(isProcessAlive(pid ?? 0)).toBe(true);
    }
    expect(isProcessAlive(pid ?? 0)).toBe(false);
  });
});
