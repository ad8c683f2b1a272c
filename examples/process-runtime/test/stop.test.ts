import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import {
  dial,
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
      const before = leftovers(directory);
      const { sessionId, execute } = await startPlugin(provider);
      const pids: number[] = [(await execute("processes")).pid as number];
      for (const [operation, params] of steps) {
        const { pid } = (await execute(operation, params)) as { pid?: number };
        if (pid !== undefined) pids.push(pid);
      }
      await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
      expect(pids.filter(isAlive)).toEqual([]);
      // By what that file says, the next instance finds what a killed one left: it stays with the provider.
      const ofSessions = (): string[] => leftovers(directory).filter((path) => !path.endsWith("/marker"));
      await expect.poll(ofSessions).toEqual(before);
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

  it("SESS-8, LOGS-6: SIGTERM comes first, and what the plugin says on its way out is at the host", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const sessionId = await startSession(provider);
    const { command, args } = fixturePlugin();
    const polite = join(directory, "polite");
    await writeFile(
      polite,
      `#!/bin/sh\n"${command}" &\ntrap 'kill -s TERM $!; wait $!; echo asked to end; exit 0' TERM\nwait $!\n`,
    );
    await chmod(polite, 0o755);
    await provider.runtime.startPlugin({ sessionId, pluginName: "example", command: polite, args });
    // The raw call: the host's own stop forgets the records, as gestaltd does.
    await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
    expect(hostLog(provider, sessionId)).toContain("stdout asked to end");
    await rm(polite);
  });

  it("SESS-8: with the default grace, ten plugins that ignore SIGTERM are stopped within the host's 3 s each, though the log host is frozen", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = leftovers(directory);
    const plugins = await Promise.all(Array.from({ length: 10 }, () => startPlugin(provider)));
    for (const { execute } of plugins) {
      await execute("ignore-sigterm");
      await execute("spawn", { kind: "daemon", ignoreSigterm: true });
    }
    provider.logHost?.freeze();
    await Promise.all(
      plugins.map(({ sessionId }) =>
        provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs }),
      ),
    );
    expect(leftovers(directory)).toEqual(before);
    provider.logHost?.thaw();
  });

  it("SESS-11: during StartPlugin it wins, and leaves nothing running", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = leftovers(directory);
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

  it(
    "SESS-11: at any moment of StartPlugin it wins, and no process of the plugin's is left",
    { timeout: 120_000 },
    async () => {
      const directory = await testDirectory();
      const provider = await startRuntime(directory);
      const before = leftovers(directory);
      // By its environment a plugin is found wherever it runs.
      const start = (sessionId: string): Promise<unknown> =>
        provider.runtime
          .startPlugin({ sessionId, pluginName: "example", ...fixturePlugin(), env: { OF: directory } })
          .catch(() => undefined);
      const first = await startSession(provider);
      const began = performance.now();
      await start(first);
      const startMs = performance.now() - began;
      await provider.runtime.stopSession({ sessionId: first });
      // Many at once, so that each step of a start takes long enough to be met.
      const [rounds, atOnce] = [4, 8];
      for (let round = 0; round < rounds; round += 1)
        await Promise.all(
          Array.from({ length: atOnce }, async (_, index) => {
            const sessionId = await startSession(provider);
            const starting = start(sessionId);
            await delay((2 * startMs * (index * rounds + round)) / (atOnce * rounds));
            await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
            await starting;
          }),
        );
      expect((await provider.runtime.listSessions()).sessions).toEqual([]);
      await expect.poll(() => leftovers(directory)).toEqual(before);
    },
  );

  it("SESS-13: StartSession cancelled at fifty moments leaves no session and no directory", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { unclaimedTimeoutMs: 300 });
    const before = leftovers(directory);
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
    await expect
      .poll(async () => (await provider.runtime.listSessions()).sessions, { timeout: 20_000 })
      .toEqual([]);
    await expect.poll(() => leftovers(directory), { timeout: 20_000 }).toEqual(before);
  });

  it("SESS-13: a session whose StartSession was answered in vain is stopped, also when an admin lists it", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { unclaimedTimeoutMs: 300 });
    const before = leftovers(directory);
    // The raw call: nobody asks for this session ever.
    const { id } = await provider.runtime.startSession({ pluginName: "example" });
    await expect
      .poll(async () => (await provider.runtime.listSessions()).sessions.map((session) => session.id))
      .toEqual([id]);
    await expect.poll(async () => (await provider.runtime.listSessions()).sessions).toEqual([]);
    await expect.poll(() => leftovers(directory)).toEqual(before);
  });

  it("SESS-1, SESS-8: fifty sessions at once start, answer at their own addresses and stop", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = leftovers(directory);
    const ids = await Promise.all(Array.from({ length: 50 }, () => startSession(provider)));
    // Fifty Node.js programs that start at once on two cores: in groups, so that each keeps its time limit.
    for (let first = 0; first < ids.length; first += 10)
      await Promise.all(
        ids.slice(first, first + 10).map(async (sessionId) => {
          const request = { sessionId, pluginName: "example", ...fixturePlugin({ args: [sessionId] }) };
          const { dialTarget } = await provider.runtime.startPlugin(request);
          // Each answers at its own address.
          expect(await dial(sessionId, dialTarget).execute("args")).toMatchObject({ args: [sessionId] });
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
