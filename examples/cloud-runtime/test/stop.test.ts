import { describe, expect, it } from "vitest";
import type { FaultAction } from "./fake-cloud/settings.js";
import {
  allForgotten,
  beginSession,
  callsSeen,
  openPlace,
  pluginRequest,
  sandboxNames,
  startPlugin,
  startRuntime,
  startSession,
  type Place,
} from "./support.js";

/** Of each sandbox, the calls that changed something, in the order in which they came. */
async function changesOf({ cloud }: Place): Promise<string[]> {
  const { calls } = await cloud.record();
  return calls
    .filter(({ kind }) => kind === "create" || kind === "run" || kind === "delete")
    .map(({ kind }) => kind);
}

describe("stopping", () => {
  it.each<FaultAction>([
    { do: "hang" },
    { do: "delay", ms: 5_000 },
    { do: "answer", status: 500 },
    { do: "drop" },
  ])(
    "T5, SESS-8: where removing a sandbox meets %j, the host is answered within its 3 s, and the sandbox goes later",
    async (action) => {
      const place = await openPlace();
      const provider = await startRuntime(place);
      const { sessionId } = await startPlugin(provider);
      await place.cloud.fault({ on: "delete", action, times: action.do === "delay" ? 1 : "all" });
      // With the host's own deadline.
      await provider.sessions.stop(sessionId);
      expect((await provider.runtime.listSessions({})).sessions).toEqual([]);
      expect(await sandboxNames(place.cloud)).toHaveLength(1);
      await place.cloud.clearFaults();
      await allForgotten(place);
    },
  );

  it("T5, SESS-8: a removal that takes long is begun, answered, and followed to its end", async () => {
    const place = await openPlace({ deleteMs: 3_500 });
    const provider = await startRuntime(place);
    const { sessionId } = await startPlugin(provider);
    await provider.sessions.stop(sessionId);
    expect((await place.cloud.record()).sandboxes).toMatchObject([{ state: "deleting" }]);
    await allForgotten(place);
  });

  it("T5, SESS-8: a cloud that is asked to remove too often is asked again when it said", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const sessionId = await startSession(provider);
    await place.cloud.fault({ on: "delete", action: { do: "answer", status: 429, retryAfterSeconds: 2 } });
    await provider.sessions.stop(sessionId);
    await allForgotten(place);
    const { calls } = await place.cloud.record();
    const [first = 0, second = 0] = calls.filter(({ kind }) => kind === "delete").map(({ atMs }) => atMs);
    expect(second - first).toBeGreaterThanOrEqual(1_999);
  });

  it("T6, SESS-8: stopping a session whose sandbox is gone already is OK", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const sessionId = await startSession(provider);
    await place.cloud.vanish((await sandboxNames(place.cloud))[0] ?? "");
    await provider.sessions.stop(sessionId);
    await provider.sessions.stop(sessionId);
  });

  it("T7, SESS-8: stopping a session that never was is OK, also for an id of the cloud's own", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    await provider.runtime.stopSession({ sessionId: "s-none" }, { timeoutMs: 3_000 });
    await provider.runtime.stopSession({ sessionId: "cloud sandbox/../1" }, { timeoutMs: 3_000 });
  });

  it("T10, SESS-5: while a removal hangs, every session is still asked, listed, started and stopped", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const [other, stuck] = [await startPlugin(provider), await startPlugin(provider)];
    await place.cloud.fault({ on: "delete", action: { do: "hang" }, times: "all" });
    const stopping = provider.sessions.stop(stuck.sessionId);
    await callsSeen(place.cloud, "delete");
    const { runtime } = provider;
    const inTime = { timeoutMs: 1_000 };
    for (let i = 0; i < 300; i += 1)
      expect(await runtime.getSession({ sessionId: other.sessionId }, inTime)).toMatchObject({
        state: "running",
      });
    expect(await runtime.getSession({ sessionId: stuck.sessionId }, inTime)).toMatchObject({
      state: "stopped",
    });
    expect((await runtime.listSessions({}, inTime)).sessions).toHaveLength(1);
    const third = await startPlugin(provider);
    await stopping;
    await place.cloud.clearFaults();
    await provider.sessions.stop(other.sessionId);
    await provider.sessions.stop(third.sessionId);
    await allForgotten(place);
  });

  const steps = {
    "its creating call hangs": { on: "create", action: { do: "hang" } },
    "its creating call was done and hangs": { on: "create", action: { do: "hang-after" } },
    "its creating call is slow": { on: "create", action: { do: "delay", ms: 1_000 } },
    "it is looked after while it starts": { on: "get", action: { do: "hang" } },
  } as const;

  it.each(Object.entries(steps))(
    "T20, T9, SESS-11: a session is stopped while %s: removing comes last, and nothing stays",
    async (_, fault) => {
      const place = await openPlace({ createMs: 200 }, { filesStay: true });
      const provider = await startRuntime(place);
      await place.cloud.fault(fault);
      const sessionId = await beginSession(provider);
      await callsSeen(place.cloud, fault.on);
      await provider.sessions.stop(sessionId);
      await place.cloud.clearFaults();
      await expect
        .poll(async () => (await changesOf(place)).at(-1), { timeout: 20_000, interval: 100 })
        .toBe(fault.action.do === "hang" && fault.on === "create" ? "create" : "delete");
      await expect.poll(() => sandboxNames(place.cloud), { timeout: 10_000 }).toEqual([]);
    },
  );

  const starts = {
    "its program is being started, which hangs": { on: "run", action: { do: "hang" } },
    "its program was started, and the answer hangs": { on: "run", action: { do: "hang-after" } },
    "its program is started late": { on: "run", action: { do: "delay", ms: 1_000 } },
    "its plugin is dialled, which hangs": { on: "connect", action: { do: "hang" } },
    "its plugin does not listen": { on: "account", action: { do: "drop" } },
  } as const;

  it.each(Object.entries(starts))(
    "T20, SESS-11, PLUG-7: a session is stopped while %s: removing comes last, and nothing stays",
    async (what, fault) => {
      const place = await openPlace();
      const provider = await startRuntime(place);
      const sessionId = await startSession(provider);
      await place.cloud.fault(fault);
      const listens = what !== "its plugin does not listen";
      const started = provider.runtime.startPlugin(
        pluginRequest(sessionId, { atStart: listens ? [] : ["no-listen"] }),
      );
      const failed = expect(started).rejects.toThrow();
      await callsSeen(place.cloud, listens ? fault.on : "wait");
      await provider.sessions.stop(sessionId);
      await failed;
      await expect.poll(() => sandboxNames(place.cloud), { timeout: 5_000 }).toEqual([]);
      expect((await changesOf(place)).at(-1)).toBe("delete");
      expect((await provider.runtime.listSessions({})).sessions).toEqual([]);
      await place.cloud.clearFaults();
    },
  );
});
