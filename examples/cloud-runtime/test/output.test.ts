import { describe, expect, it } from "vitest";
import { hostLog, openPlace, pluginRequest, startPlugin, startRuntime, startSession } from "./support.js";

/** Characters of one to four bytes. */
const text = "aé€😀ß漢🏳";

describe("output", () => {
  it("T15, LOGS-2: characters stay whole wherever the cloud cuts its pages", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    for (const logPageBytes of [1, 2, 3, 5, 7]) {
      await place.cloud.configure({ logPageBytes });
      const { sessionId } = await startPlugin(provider, { atStart: [`stdout:${text}`, `stderr:${text}`] });
      const lines = (): string[] =>
        hostLog(provider, sessionId)
          .filter((line) => !line.startsWith("runtime"))
          .sort();
      await expect
        .poll(() => ({ logPageBytes, lines: lines() }), { timeout: 10_000 })
        .toEqual({ logPageBytes, lines: [`stderr ${text}`, `stdout ${text}`] });
    }
  });

  it("T16, LOGS-4, LOGS-1: a frozen log host holds up neither StartPlugin nor StopSession, and the numbers rise by one", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    provider.logHost?.freeze();
    const inTime = { timeoutMs: 3_000 };
    await provider.runtime.startPlugin(
      pluginRequest(sessionId, { atStart: ["stdout:one", "stderr:two", "stdout:three"] }),
      inTime,
    );
    const other = await startSession(provider);
    await provider.runtime.startPlugin(pluginRequest(other), inTime);
    await provider.sessions.stop(other);
    provider.logHost?.thaw();
    await expect.poll(() => hostLog(provider, sessionId), { timeout: 10_000 }).toContain("stdout three");
    const records = provider.logs.read("cloud", sessionId, 0, 1_000) ?? [];
    const numbers = records.map(({ sourceSeq }) => Number(sourceSeq));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(records.filter(({ stream }) => stream === "stdout").map(({ message }) => message)).toEqual([
      "one",
      "three",
    ]);
  });

  it("LOGS-1: four thousand lines are fetched by pages, each once and in order", async () => {
    const provider = await startRuntime(await openPlace({ logPageBytes: 10_000 }));
    const { sessionId, execute } = await startPlugin(provider);
    await execute("log", { count: 4_000, bytes: 50 });
    const seen = (): string[] =>
      provider.trace.events
        .flatMap((event) =>
          event.type === "log-appended" && event.sessionId === sessionId ? event.messages : [],
        )
        .filter((line) => line.startsWith("stdout "));
    await expect.poll(() => seen().length, { timeout: 10_000 }).toBe(4_000);
    expect(seen().map((line) => Number(line.split(" ")[1]))).toEqual(
      Array.from({ length: 4_000 }, (_, index) => index + 1),
    );
  });
});
