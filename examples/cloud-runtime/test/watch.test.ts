import type { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import type { CallKind, FaultAction } from "./fake-cloud/settings.js";
import { allForgotten, openPlace, sandboxNames, startPlugin, startRuntime, callsSeen } from "./support.js";

describe("watching", () => {
  // So many calls show that a look has failed for good and the next one has begun.
  it.each<[FaultAction, number]>([
    [{ do: "answer", status: 403 }, 2],
    [{ do: "answer", status: 500 }, 6],
    [{ do: "drop" }, 6],
    [{ do: "hang" }, 2],
  ])(
    "T2, SESS-5: a session stays running while the cloud's looks at it end in %j, and its end is told afterwards",
    { timeout: 60_000 },
    async (action, calls) => {
      const place = await openPlace();
      const provider = await startRuntime(place);
      // The look that waits for the program's end breaks off the moment that it has ended.
      await place.cloud.fault({ on: "wait", action: { do: "lose-reply" } });
      const { sessionId } = await startPlugin(provider);
      const { counts } = await place.cloud.record();
      await place.cloud.fault({ on: "get", action, times: "all" });
      const [name = ""] = await sandboxNames(place.cloud);
      await place.cloud.endByExit(name, 3);
      await callsSeen(place.cloud, "get", counts.get + calls);
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

  const ends = {
    "exit code 0": { end: { exitCode: 0 }, state: "stopped", text: "the plugin exited with code 0" },
    "exit code 137": { end: { exitCode: 137 }, state: "failed", text: "the plugin exited with code 137" },
    "exit code 1": { end: { exitCode: 1 }, state: "failed", text: "the plugin exited with code 1" },
    "the memory limit": { end: { limit: "memory" }, state: "failed", text: "memory" },
    "a vanished sandbox": { end: {}, state: "failed", text: "there any more" },
  } as const;

  it("T12, SESS-10, REC-1: one end leads to one state, whether the provider saw it or was dead then", async () => {
    // Of the killed provider's sockets, another test tells.
    const place = await openPlace({}, { filesStay: true });
    const make = async (sessionId: string, end: object): Promise<void> => {
      const name = `gestalt-${sessionId.slice(2)}`;
      if ("exitCode" in end) await place.cloud.endByExit(name, Number(end.exitCode));
      else if ("limit" in end) await place.cloud.endByLimit(name, "memory", "more than 512 MiB");
      else await place.cloud.vanish(name);
    };
    const told = async (provider: ProviderInstance, sessionId: string): Promise<object> => {
      const session = await provider.runtime.getSession({ sessionId });
      return { state: session.state, reason: session.stateReason };
    };
    const first = await startRuntime(place);
    const seen = new Map<string, object>();
    const missed = new Map<string, string>();
    for (const [what, { end, state, text }] of Object.entries(ends)) {
      const { sessionId } = await startPlugin(first);
      await make(sessionId, end);
      await expect.poll(() => told(first, sessionId), { timeout: 5_000 }).toMatchObject({ state });
      expect((await first.runtime.getSession({ sessionId })).stateMessage).toContain(text);
      seen.set(what, await told(first, sessionId));
      await first.sessions.stop(sessionId);
      missed.set(what, (await startPlugin(first)).sessionId);
    }
    await first.kill();
    for (const [what, sessionId] of missed) await make(sessionId, ends[what as keyof typeof ends].end);
    const second = await startRuntime(place);
    for (const [what, sessionId] of missed) {
      await expect
        .poll(async () => ({ what, ...(await told(second, sessionId)) }), { timeout: 5_000 })
        .toEqual({ what, ...seen.get(what) });
      const { stateMessage } = await second.runtime.getSession({ sessionId });
      expect(stateMessage).toContain(ends[what as keyof typeof ends].text);
      await second.sessions.stop(sessionId);
    }
    await allForgotten(place);
  });
});
