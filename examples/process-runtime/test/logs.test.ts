import { setTimeout } from "node:timers/promises";
import { fixtureLogLine } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { hostLog, startPlugin, startRuntime, testDirectory } from "./support.js";

const lineOf = (stream: "stdout" | "stderr", number: number, bytes: number): string =>
  fixtureLogLine(stream, number, { bytes }).toString();

describe("logs", () => {
  it("LOGS-1, LOGS-2: both streams and the runtime's own lines arrive, numbered without a gap", async () => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 500, bytes: 60, stream: "both", blankLines: true });
    const read = () => provider.logs.read("process", sessionId, 0, 4_096) ?? [];
    await expect.poll(() => read().filter(({ stream }) => stream !== "runtime").length).toBe(2_000);
    expect(read().map(({ sourceSeq }) => sourceSeq)).toEqual(read().map((_, index) => BigInt(index + 1)));
    for (const stream of ["stdout", "stderr"] as const) {
      const lines = read()
        .filter((record) => record.stream === stream)
        .map(({ message }) => message);
      expect(lines.filter((line) => line !== "\n")).toEqual(
        Array.from({ length: 500 }, (_, index) => lineOf(stream, index + 1, 60)),
      );
      // LOGS-2: a blank line is sent as a newline, since the host drops empty messages.
      expect(lines.filter((line) => line === "\n")).toHaveLength(500);
    }
    expect(hostLog(provider, sessionId).some((line) => line.startsWith("runtime the plugin accepts"))).toBe(
      true,
    );
  });

  it("LOGS-2: bytes that are no UTF-8 are repaired, and no record is lost for them", async () => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 20, bytes: 40, invalidUtf8: true });
    await expect
      .poll(() => hostLog(provider, sessionId).filter((line) => line.includes("\uFFFD")).length)
      .toBe(20);
  });

  it("LOGS-6: the last lines are at the host before StopSession is answered", async () => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 100, bytes: 40, finalNewline: false });
    // The raw call: the host's own stop forgets the records, as gestaltd does.
    await provider.runtime.stopSession({ sessionId });
    const lines = hostLog(provider, sessionId);
    expect(lines.filter((line) => line.startsWith("stdout "))).toHaveLength(100);
  });

  it("LOGS-5: without a log host they go to the provider's stderr", async () => {
    let output = "";
    const provider = await startRuntime(await testDirectory(), undefined, {
      logHost: false,
      onOutput: (chunk, stream) => {
        if (stream === "stderr") output += chunk.toString();
      },
    });
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 1, bytes: 30 });
    await expect.poll(() => output).toContain(lineOf("stdout", 1, 30));
    expect(output).toContain(sessionId);
  });

  it("LOGS-4: a frozen log host holds nothing up", async () => {
    const provider = await startRuntime(await testDirectory());
    provider.logHost?.freeze();
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 50, bytes: 40 });
    expect((await provider.runtime.getSession({ sessionId })).state).toBe("running");
    await provider.runtime.stopSession({ sessionId }, { timeoutMs: 3_000 });
  });

  it.each([
    ["block", true],
    ["drop", false],
  ] as const)(
    "LOGS-4: with whenFull %s, a host that takes nothing holds a plugin up: %s",
    async (whenFull, waits) => {
      const logs = { whenFull, blockAtMostMs: 600_000, sessionBytes: 65_536 };
      const provider = await startRuntime(await testDirectory(), { logs });
      const { sessionId, execute } = await startPlugin(provider);
      provider.logHost?.freeze();
      // Far more than the buffer and the pipe together hold: who has to wait never gets to the end of it.
      const written = execute("log", { count: 20_000, bytes: 100 }).then(() => "written");
      const outcome = await Promise.race([written, setTimeout(waits ? 3_000 : 25_000, "waiting")]);
      expect(outcome).toBe(waits ? "waiting" : "written");
      written.catch(() => undefined);
      await provider.runtime.stopSession({ sessionId }, { timeoutMs: 3_000 });
    },
  );
});
