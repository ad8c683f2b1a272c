import { describe, expect, it } from "vitest";
import type { CallKind, FaultAction } from "./fake-cloud/settings.js";
import { allForgotten, openPlace, sandboxNames, startPlugin, startRuntime, callsSeen } from "./support.js";

describe("watching", () => {
  it.each<FaultAction>([{ do: "answer", status: 500 }, { do: "drop" }, { do: "hang" }])(
    "T2, SESS-5: a session stays running while the cloud's looks at it end in %j, and its end is told afterwards",
    async (action) => {
      const place = await openPlace();
      const provider = await startRuntime(place);
      // The look that waits for the program's end breaks off the moment that it has ended.
      await place.cloud.fault({ on: "wait", action: { do: "lose-reply" } });
      const { sessionId } = await startPlugin(provider);
      const { counts } = await place.cloud.record();
      await place.cloud.fault({ on: "get", action, times: "all" });
      const [name = ""] = await sandboxNames(place.cloud);
      await place.cloud.endByExit(name, 3);
      await callsSeen(place.cloud, "get", counts.get + (action.do === "hang" ? 1 : 2));
      expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "running" });
      expect((await provider.runtime.listSessions({})).sessions).toMatchObject([{ state: "running" }]);
      await place.cloud.clearFaults();
      await expect
        .poll(() => provider.runtime.getSession({ sessionId }), { timeout: 25_000, interval: 100 })
        .toMatchObject({ state: "failed", stateMessage: "the plugin exited with code 3" });
    },
  );

  it("T11, SESS-5: ten thousand GetSession make no call of the cloud", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const { sessionId } = await startPlugin(provider);
    const before = (await place.cloud.record()).counts;
    for (let round = 0; round < 100; round += 1)
      await Promise.all(Array.from({ length: 100 }, () => provider.runtime.getSession({ sessionId })));
    const after = (await place.cloud.record()).counts;
    const asked: CallKind[] = ["create", "run", "delete", "exec", "connect"];
    for (const kind of asked) expect({ kind, count: after[kind] }).toEqual({ kind, count: before[kind] });
    // At the runtime's own pace: the end and the output are waited for, guests, instances and health are looked after.
    for (const kind of ["get", "wait", "logs", "list", "account"] as const)
      expect(after[kind] - before[kind], kind).toBeLessThan(10);
  });

  const ends = [
    ["exit code 0", { exitCode: 0 }, "stopped", "the plugin exited with code 0"],
    ["exit code 137", { exitCode: 137 }, "failed", "the plugin exited with code 137"],
    ["exit code 1", { exitCode: 1 }, "failed", "the plugin exited with code 1"],
    ["the memory limit", { limit: "memory" }, "failed", "memory"],
    ["a vanished sandbox", {}, "failed", "there any more"],
  ] as const;

  it.each(ends)(
    "T12, SESS-10, REC-1: %s leads to the same state, whether the provider saw it or was dead then",
    async (_, end, state, text) => {
      // Of the killed provider's sockets, another test tells.
      const place = await openPlace({}, { filesStay: true });
      const make = async (name: string): Promise<void> => {
        if ("exitCode" in end) await place.cloud.endByExit(name, end.exitCode);
        else if ("limit" in end) await place.cloud.endByLimit(name, end.limit, "more than 512 MiB");
        else await place.cloud.vanish(name);
      };
      const first = await startRuntime(place);
      const seen = await startPlugin(first);
      await make((await sandboxNames(place.cloud))[0] ?? "");
      const after = async (provider: typeof first, sessionId: string): Promise<object> => {
        const session = await provider.runtime.getSession({ sessionId });
        return { state: session.state, reason: session.stateReason, message: session.stateMessage };
      };
      await expect.poll(() => after(first, seen.sessionId), { timeout: 5_000 }).toMatchObject({ state });
      const told = await after(first, seen.sessionId);
      expect(told).toMatchObject({ message: expect.stringContaining(text) as string });
      await first.sessions.stop(seen.sessionId);
      await expect.poll(() => sandboxNames(place.cloud)).toEqual([]);

      const missed = await startPlugin(first);
      const [name = ""] = await sandboxNames(place.cloud);
      await first.kill();
      await make(name);
      const second = await startRuntime(place);
      await expect.poll(() => after(second, missed.sessionId), { timeout: 5_000 }).toEqual(told);
      await second.sessions.stop(missed.sessionId);
      await allForgotten(place);
    },
  );
});
