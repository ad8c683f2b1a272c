import { describe, expect, it } from "vitest";
import { fixture } from "../host/fixtures.js";
import { ConsoleProcess } from "./console-process.js";

const provider = fixture("hosting-provider");

describe("gestalt-runtime host, told to end", { timeout: 120_000 }, () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("PROC-6, PROC-8: stops cleanly at %s", async (signal, code) => {
    await using run = await ConsoleProcess.start(["--follow", "--json", "--", provider]);
    await run.event("plugin-hosted");
    run.signal(signal);
    expect(await run.ends()).toBe(code);
    expect(run.told.slice(-2)).toMatchObject([
      { event: "plugin-stopped" },
      { event: "provider-ended", code: 0, expected: true },
    ]);
  });

  it("SESS-13: stops a start that is under way", async () => {
    await using run = await ConsoleProcess.start([
      ...["--follow", "--json", "--trace", "--config", "stuck: true", "--", provider],
    ]);
    await expect
      .poll(() => run.told.filter(({ event }) => event === "call").length, { timeout: 60_000 })
      .toBeGreaterThan(4);
    run.signal("SIGINT");
    expect(await run.ends()).toBe(130);
    expect(run.told.at(-1)).toMatchObject({ event: "provider-ended", expected: true });
  });

  it("PROC-8: forces at the second signal what the first waits for", async () => {
    // With a debugger the host waits a day for StopSession, and a stopped process never answers.
    await using run = await ConsoleProcess.start([
      ...["--follow", "--json", "--trace", "--inspect", "127.0.0.1:0", "--", provider],
    ]);
    await run.event("plugin-hosted");
    const { pid } = (await run.event("provider-started")) as unknown as { pid: number };
    process.kill(pid, "SIGSTOP");
    const ended = run.ends({ killed: true });
    const over = new AbortController();
    void ended.catch(() => undefined).then(() => over.abort());
    // Two that come at once are one; it waits after the first, however long that takes.
    while (!over.signal.aborted) {
      run.signal("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await ended).toBe(130);
    // The provider was not given the chance to say so.
    expect(run.told.some(({ event }) => event === "plugin-stopped")).toBe(false);
  });

  it("stops cleanly when whoever reads its output goes away", async () => {
    await using run = await ConsoleProcess.start(["--json", "--", provider]);
    await run.event("plugin-hosted");
    run.deafen();
    // Each line is told to nobody.
    run.type("call echo\ncall echo\ncall echo\n");
    expect(await run.ends()).toBe(129);
  });

  it("ends with 1 when the provider dies and nobody is there to start it again", async () => {
    await using run = await ConsoleProcess.start(["--follow", "--json", "--", provider]);
    await run.event("plugin-hosted");
    const { pid } = (await run.event("provider-started")) as unknown as { pid: number };
    process.kill(pid, "SIGKILL");
    expect(await run.ends({ killed: true })).toBe(1);
    expect(await run.event("provider-ended")).toMatchObject({ signal: "SIGKILL", expected: false });
  });
});
