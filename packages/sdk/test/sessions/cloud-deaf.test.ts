import { describe, expect, it, onTestFinished } from "vitest";
import type { SessionLimits } from "../../src/sessions/index.js";
import { context, serve, SteppedBackend, type Step, type Subject } from "./cloud-stepped.js";

const short: SessionLimits = {
  createTimeoutMs: 100,
  launchTimeoutMs: 100,
  readyTimeoutMs: 300,
  destroyTimeoutMs: 100,
  inspectTimeoutMs: 100,
  findTimeoutMs: 100,
  checkTimeoutMs: 100,
  stopTimeoutMs: 200,
  shutdownTimeoutMs: 100,
};

async function subject(limits: SessionLimits = {}): Promise<{ backend: SteppedBackend; host: Subject }> {
  const backend = new SteppedBackend({
    startSessionWaitMs: 2_000,
    retry: { firstMs: 10, maxMs: 50 },
    ...limits,
  });
  const host = await serve(backend);
  onTestFinished(async () => {
    backend.letGo();
    for (const { id } of host.list()) await host.stop(id);
    await expect.poll(() => backend.guests.size, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => backend.dialled.every(({ destroyed }) => destroyed)).toBe(true);
    await host.close();
  });
  return { backend, host };
}

/** What the host does, and where the backend is held meanwhile. */
type At = [step: Step, when: "before" | "after"];
const creating: At[] = [
  ["create", "before"],
  ["create", "after"],
];
const starting: At[] = [
  ["launch", "before"],
  ["launch", "after"],
  ["dial", "before"],
];

describe("a backend that ignores its signal", () => {
  it.each(creating)(
    "T18, SESS-4, SESS-13: %s is held %s its work for ever: StartSession fails in its time, and what comes late is destroyed",
    async (step, when) => {
      const { backend, host } = await subject(short);
      backend.hold(step, when);
      await expect(host.start()).rejects.toMatchObject({
        code: "DEADLINE_EXCEEDED",
        message: "creating the guest did not end within 100 ms",
      });
      expect(host.list()).toEqual([]);
      backend.letGo();
      await expect.poll(() => backend.done.includes("destroy"), { timeout: 10_000 }).toBe(true);
      expect(backend.guests.size).toBe(0);
    },
  );

  it.each(starting)(
    "T18, PLUG-4, PLUG-7: %s is held %s its work for ever: StartPlugin fails in its time, and what comes late is destroyed",
    async (step, when) => {
      const { backend, host } = await subject(short);
      const { id } = await host.start();
      backend.hold(step, when);
      await expect(host.plugin(id)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
      expect(host.get(id)?.state).toBe("failed");
      backend.letGo();
      await expect.poll(() => backend.done).toContain(step);
      await expect.poll(() => backend.guests.size, { timeout: 10_000 }).toBe(0);
      expect(backend.lastChange).toBe("destroy");
    },
  );

  it("T18, SESS-8, PROC-6: destroy is held for ever: StopSession and the provider's end come in their time", async () => {
    const { backend, host } = await subject(short);
    const [one, two] = [await host.start(), await host.start()];
    backend.hold("destroy");
    await host.stop(one.id);
    expect(host.list().map(({ id }) => id)).toEqual([two.id]);
    await host.close();
    backend.letGo();
  });

  it("T18, LIFE-4: check is held for ever: the health check answers, and says so", async () => {
    const backend = new SteppedBackend(short);
    backend.hold("check");
    const host = await serve(backend);
    onTestFinished(() => host.close());
    await expect
      .poll(async () => host.provider.healthCheck?.(context()))
      .toMatchObject({ ready: false, message: expect.stringContaining("within 100 ms") as string });
    backend.letGo();
  });

  it("T18, SESS-5: find is held for ever: the provider serves all the same", async () => {
    const backend = new SteppedBackend(short);
    backend.hold("find");
    const host = await serve(backend);
    onTestFinished(() => host.close());
    const { id } = await host.start();
    expect(host.get(id)?.state).toBe("ready");
    await host.stop(id);
    backend.letGo();
  });
});

describe("a host that goes away", () => {
  it.each(creating)(
    "T9, SESS-13: StartSession is cancelled while %s is held %s its work: no session stays, and the late guest is destroyed",
    async (step, when) => {
      const { backend, host } = await subject();
      backend.hold(step, when);
      const call = new AbortController();
      const started = host.start(call.signal);
      await expect.poll(() => backend.begun).toContain(step);
      call.abort();
      await expect(started).rejects.toMatchObject({ code: "CANCELLED" });
      expect(host.list()).toEqual([]);
      backend.letGo();
      await expect.poll(() => backend.done.includes("destroy"), { timeout: 10_000 }).toBe(true);
      expect(backend.guests.size).toBe(0);
    },
  );

  it.each(starting)(
    "T9, PLUG-7: StartPlugin is cancelled while %s is held %s its work: the session is failed, and what comes late is destroyed",
    async (step, when) => {
      const { backend, host } = await subject();
      const { id } = await host.start();
      backend.hold(step, when);
      const call = new AbortController();
      const started = host.plugin(id, call.signal);
      await expect.poll(() => backend.begun).toContain(step);
      call.abort();
      await expect(started).rejects.toMatchObject({ code: "CANCELLED" });
      expect(host.get(id)?.state).toBe("failed");
      backend.letGo();
      await expect.poll(() => backend.done).toContain(step);
      await expect.poll(() => backend.lastChange, { timeout: 10_000 }).toBe("destroy");
      await expect.poll(() => backend.guests.size).toBe(0);
    },
  );

  it.each([...creating, ...starting])(
    "T20, SESS-11, SESS-8: StopSession comes while %s is held %s its work: it wins, destroy comes last, and nothing stays",
    async (step, when) => {
      const { backend, host } = await subject({ startSessionWaitMs: 1, stopTimeoutMs: 300 });
      const isCreate = step === "create";
      if (isCreate) backend.hold(step, when);
      const { id } = await host.start();
      let started: Promise<unknown> | undefined;
      if (!isCreate) {
        await expect.poll(() => host.get(id)?.state).toBe("ready");
        backend.hold(step, when);
        started = host.plugin(id).catch((error: unknown) => error);
      }
      await expect.poll(() => backend.begun).toContain(step);
      await host.stop(id);
      expect(["stopped", undefined]).toContain(host.get(id)?.state);
      backend.letGo();
      await expect.poll(() => backend.done).toContain(step);
      if (started !== undefined) expect(await started).toMatchObject({ code: "CANCELLED" });
      await expect.poll(() => backend.lastChange, { timeout: 10_000 }).toBe("destroy");
      await expect.poll(() => backend.guests.size).toBe(0);
      expect(["stopped", undefined]).toContain(host.get(id)?.state);
    },
  );
});
