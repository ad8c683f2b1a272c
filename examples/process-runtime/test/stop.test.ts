import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import {
  hostLog,
  isAlive,
  leftovers,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "./support.js";

const kinds = ["pid-namespace", "process-group"] as const;
/** The host's deadline: an answer past it is DEADLINE_EXCEEDED here (SESS-8). */
const stopTimeoutMs = 3_000;

describe.each(kinds)("StopSession, held together by %s", (containment) => {
  it.each([
    ["ignores SIGTERM", [["ignore-sigterm", {}]]],
    ["stops itself", [["stop-self", { answerFirst: true }]]],
    ["has a child that ignores SIGTERM", [["spawn", { kind: "plain", ignoreSigterm: true }]]],
    ["has a child in a session of its own", [["spawn", { kind: "session", ignoreSigterm: true }]]],
    [
      "has a daemon that holds its pipes",
      [["spawn", { kind: "daemon", ignoreSigterm: true, output: "inherit" }]],
    ],
  ] as [string, [string, Record<string, string | boolean>][]][])(
    "SESS-8, PROC-8: a plugin that %s is ended within the host's 3 s, and nothing is left",
    async (_, steps) => {
      const directory = await testDirectory();
      const provider = await startRuntime(directory, { containment, stopGraceMs: 300 });
      const before = await leftovers(directory);
      const { sessionId, execute } = await startPlugin(provider);
      const pids: number[] = [(await execute("processes")).pid as number];
      for (const [operation, params] of steps) {
        const { pid } = (await execute(operation, params)) as { pid?: number };
        if (pid !== undefined) pids.push(pid);
      }
      await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
      expect(pids.filter(isAlive)).toEqual([]);
      // A directory that another watchdog or holder uses stays with the provider.
      await expect
        .poll(async () => (await leftovers(directory)).length)
        .toBeLessThanOrEqual(before.length + 1);
      expect(await refusal(provider.runtime.getSession({ sessionId }))).toMatchObject({ code: "NOT_FOUND" });
    },
  );
});

describe("StopSession", () => {
  it("SESS-8: twice, and twice at once, and for what never was, is OK", async () => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId } = await startPlugin(provider);
    const stop = (id: string): Promise<unknown> =>
      provider.runtime.stopSession({ sessionId: id }, { timeoutMs: stopTimeoutMs });
    await Promise.all([stop(sessionId), stop(sessionId)]);
    await stop(sessionId);
    await stop("never-was");
  });

  it("SESS-8: a plugin may end in its own way within the grace: SIGTERM reaches it first", async () => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId, execute } = await startPlugin(provider);
    const { pid } = await execute("processes");
    await provider.sessions.stop(sessionId);
    expect(isAlive(pid as number)).toBe(false);
  });

  it("SESS-11: during StartPlugin it wins, and leaves nothing running", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = await leftovers(directory);
    const sessionId = await startSession(provider);
    const starting = refusal(
      provider.runtime.startPlugin({
        sessionId,
        pluginName: "example",
        ...fixturePlugin({ atStart: ["stdout:up", "fork:daemon,ignore-sigterm", "no-listen"] }),
      }),
    );
    await expect.poll(() => hostLog(provider, sessionId), { timeout: 10_000 }).toContain("stdout up");
    await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
    expect(await starting).toMatchObject({
      code: "CANCELLED",
      message: expect.stringContaining("was stopped") as string,
    });
    await expect.poll(() => leftovers(directory)).toEqual(before);
  });

  it("SESS-11: at any moment of StartPlugin it wins", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = await leftovers(directory);
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const sessionId = await startSession(provider);
        const starting = provider.runtime
          .startPlugin({ sessionId, pluginName: "example", ...fixturePlugin() })
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, index * 10));
        await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
        await starting;
      }),
    );
    expect((await provider.runtime.listSessions()).sessions).toEqual([]);
    await expect.poll(() => leftovers(directory)).toEqual(before);
  });

  it("SESS-13: StartSession cancelled at fifty moments leaves no session and no directory", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { unclaimedTimeoutMs: 300 });
    const before = await leftovers(directory);
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const cancel = new AbortController();
        setTimeout(() => cancel.abort(), index / 2);
        const started = await provider.runtime
          .startSession({ pluginName: "example" }, { signal: cancel.signal })
          .catch(() => undefined);
        // What was answered in time is the host's to stop.
        if (started !== undefined) await provider.runtime.stopSession({ sessionId: started.id });
      }),
    );
    await expect.poll(() => leftovers(directory), { timeout: 5_000 }).toEqual(before);
    expect((await provider.runtime.listSessions()).sessions).toEqual([]);
  });

  it("SESS-1, SESS-8: fifty sessions at once start, answer and stop", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = await leftovers(directory);
    const ids = await Promise.all(Array.from({ length: 50 }, () => startSession(provider)));
    // Fifty Node.js programs that start at once on two cores: in groups, so that each keeps its time limit.
    for (let first = 0; first < ids.length; first += 10)
      await Promise.all(
        ids.slice(first, first + 10).map(async (sessionId) => {
          await provider.runtime.startPlugin({ sessionId, pluginName: "example", ...fixturePlugin() });
        }),
      );
    const { sessions } = await provider.runtime.listSessions();
    expect(sessions.map(({ id, state }) => `${id} ${state}`)).toEqual(
      [...ids].sort().map((id) => `${id} running`),
    );
    await Promise.all(
      ids.map((sessionId) => provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs })),
    );
    await expect.poll(() => leftovers(directory)).toEqual(before);
  });
});
