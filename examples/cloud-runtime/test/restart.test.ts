import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import type { FaultAction } from "./fake-cloud/settings.js";
import {
  allForgotten,
  beginSession,
  callsSeen,
  filesBelow,
  openPlace,
  pluginRequest,
  refusal,
  sandboxNames,
  startPlugin,
  startRuntime,
  startSession,
  type Place,
} from "./support.js";

/** Everything that the host is told about sessions. */
async function answers(provider: ProviderInstance, ids: readonly string[]): Promise<unknown> {
  const { runtime } = provider;
  const sessions = await Promise.all(ids.map((sessionId) => runtime.getSession({ sessionId })));
  return { sessions, listed: (await runtime.listSessions({})).sessions };
}

/** The sandboxes that the cloud was asked to remove. */
async function removalsAskedFor({ cloud }: Place): Promise<number> {
  const { calls } = await cloud.record();
  return new Set(calls.filter(({ kind }) => kind === "delete").map(({ sandbox }) => sandbox)).size;
}

describe("the end of the provider", () => {
  const slow = {
    "take ten minutes": { settings: { deleteMs: 600_000 }, action: undefined },
    "are never answered": { settings: {}, action: { do: "hang" } },
    "are answered late": { settings: {}, action: { do: "delay", ms: 5_000 } },
  } as const satisfies Record<string, { settings: object; action: FaultAction | undefined }>;

  it.each(Object.entries(slow))(
    "T8, PROC-6, PROC-8, REC-1: at SIGTERM all of 100 sandboxes are asked to go, though removals %s, and the next start sees to the rest",
    { timeout: 90_000 },
    async (_, { settings, action }) => {
      const place = await openPlace(settings);
      const provider = await startRuntime(place);
      const ids = await Promise.all(Array.from({ length: 100 }, () => startSession(provider)));
      if (action !== undefined) await place.cloud.fault({ on: "delete", action, times: "all" });
      expect(await provider.shutdown()).toMatchObject({ code: 0, signal: null, killed: false });
      expect(await removalsAskedFor(place)).toBe(100);
      expect(await sandboxNames(place.cloud)).toHaveLength(100);

      await place.cloud.clearFaults();
      await place.cloud.configure({ deleteMs: 1 });
      if (action === undefined)
        for (const name of await sandboxNames(place.cloud)) await place.cloud.vanish(name);
      const next = await startRuntime(place);
      await allForgotten(place, 60_000);
      expect((await next.runtime.listSessions({})).sessions).toEqual([]);
      for (const sessionId of ids.slice(0, 3))
        expect(await refusal(next.runtime.getSession({ sessionId }))).toMatchObject({ code: "NOT_FOUND" });
    },
  );

  it("T26, REC-1, SESS-1, SESS-2, SESS-9: after kill -9 the next start gives the same ids, metadata, lifetimes, states and list", async () => {
    // Of the killed provider's sockets, another test tells.
    const place = await openPlace({}, { filesStay: true });
    const first = await startRuntime(place, { config: { sessionLifetimeMs: 600_000 } });
    const metadata = { team: "ü ☃\n", "": "empty", "cloud.region": "the operator's own" };
    const ready = await startSession(first, { metadata });
    const { sessionId: running } = await startPlugin(first);
    const failed = await startSession(first);
    await refusal(first.runtime.startPlugin(pluginRequest(failed, { atStart: ["exit:3"] })));
    const stopped = await startSession(first);
    await first.sessions.stop(stopped);
    const { sessionId: over } = await startPlugin(first);
    const ids = [ready, running, failed, over];
    const known = async (name: string): Promise<boolean> =>
      (await place.cloud.record()).sandboxes.some((sandbox) => sandbox.name === name && sandbox.running);
    await place.cloud.endByExit(`gestalt-${over.slice(2)}`, 0);
    expect(await known(`gestalt-${running.slice(2)}`)).toBe(true);
    await expect
      .poll(async () => (await first.runtime.getSession({ sessionId: over })).state, { timeout: 5_000 })
      .toBe("stopped");
    const before = await answers(first, ids);
    expect(before).toMatchObject({
      sessions: [
        { state: "ready", metadata },
        { state: "running" },
        { state: "failed" },
        { state: "stopped" },
      ],
    });
    await first.kill();

    const second = await startRuntime(place, { config: { sessionLifetimeMs: 600_000 } });
    const after = await answers(second, [ready, running]);
    const { sessions, listed } = before as { sessions: unknown[]; listed: { id: string }[] };
    expect(after).toEqual({
      sessions: sessions.slice(0, 2),
      // Of a failed session nothing is left to be found again, once its sandbox is gone.
      listed: listed.filter(({ id }) => id !== failed),
    });
    expect(await refusal(second.runtime.getSession({ sessionId: stopped }))).toMatchObject({
      code: "NOT_FOUND",
    });
    // The sandbox is the one that was there: nothing was made anew, and the plugin still runs.
    expect(await known(`gestalt-${running.slice(2)}`)).toBe(true);
    expect((await place.cloud.record()).programs).toBe(3);
    await second.sessions.stop(running);
    await second.sessions.stop(ready);
    await allForgotten(place);
  });

  it("T26, REC-1: a sandbox whose making the provider did not live to see is removed by the next start", async () => {
    const place = await openPlace({ createMs: 300 }, { filesStay: true });
    const first = await startRuntime(place);
    await place.cloud.fault({ on: "create", action: { do: "hang-after" } });
    await beginSession(first);
    await callsSeen(place.cloud, "create");
    await first.kill();
    expect(await sandboxNames(place.cloud)).toHaveLength(1);
    await startRuntime(place);
    await expect.poll(() => sandboxNames(place.cloud), { timeout: 10_000 }).toEqual([]);
  });

  it("T26, PROC-9, REC-2: a second instance leaves alone what belongs to a living one", async () => {
    const place = await openPlace();
    const [first, second] = [await startRuntime(place), await startRuntime(place)];
    const { sessionId, execute } = await startPlugin(first);
    expect(await second.shutdown()).toMatchObject({ code: 0, killed: false });
    const third = await startRuntime(place);
    // Seen, but another's.
    await expect
      .poll(async () => (await third.runtime.listSessions({})).sessions.map(({ id }) => id), {
        timeout: 20_000,
      })
      .toEqual([sessionId]);
    expect(await refusal(third.runtime.startPlugin(pluginRequest(sessionId)))).toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    expect(await third.shutdown()).toMatchObject({ code: 0, killed: false });
    expect(await execute("echo", { a: 1 })).toEqual({ a: 1 });
    expect((await place.cloud.record()).counts.delete).toBe(0);
  });

  it("T26, REC-2: a torn and a foreign file among the records survive a start, with a warning each", async () => {
    const place = await openPlace({}, { filesStay: true });
    const first = await startRuntime(place);
    const sessionId = await startSession(first);
    await first.kill();
    const [record = ""] = filesBelow(place.directory).filter((file) => file.includes(sessionId));
    const folder = join(record, "..");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(folder, "s-torn.json"), (await readFile(record)).subarray(0, 20));
    await writeFile(join(folder, "notes.txt"), "mine");
    const second = await startRuntime(place);
    await expect
      .poll(async () => (await second.runtime.getSession({ sessionId })).state, { timeout: 5_000 })
      .toBe("ready");
    expect(second.process.stderr).toContain("s-torn.json");
    await second.sessions.stop(sessionId);
    expect(filesBelow(place.directory).map((file) => file.slice(file.lastIndexOf("/") + 1))).toEqual(
      expect.arrayContaining(["notes.txt", "s-torn.json"]),
    );
  });

  it("REC-2: nothing of a dead instance is left on this machine once the next one serves, and records are this user's alone", async () => {
    const place = await openPlace();
    const first = await startRuntime(place);
    const { sessionId } = await startPlugin(first);
    // Names with ~ are on their way to their own.
    const records = filesBelow(place.directory).filter((name) => /\/s-[^/]*\.json$/.test(name));
    expect(records).toHaveLength(1);
    for (const file of records) expect((await stat(file)).mode & 0o077).toBe(0);
    const sockets = await socketsBelow(place.directory);
    expect(sockets.length).toBeGreaterThan(0);
    await first.kill();
    const second = await startRuntime(place);
    const left = await socketsBelow(place.directory);
    await second.sessions.stop(sessionId);
    expect(left.filter((path) => sockets.includes(path))).toEqual([]);
  });
});

async function socketsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isSocket() && entry.parentPath.includes("-sockets"))
    .map(({ parentPath, name }) => join(parentPath, name));
}
