import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { leftIn, startProvider } from "./provider-process.js";

describe("stderr", () => {
  it("PROC-5: every line of a flood is either read or counted as dropped", async () => {
    const provider = await startProvider({ readStderr: false });
    await provider.runtime.startSession({ pluginName: "flood:30000" });
    expect(await provider.runtime.getSession({ sessionId: "x" })).toMatchObject({ id: "x" });
    provider.readStderr();
    await provider.said("log lines were dropped while stderr was not read");
    const read = provider.stderr.match(/ info \d+ x{100}$/gm)?.length ?? 0;
    const dropped = Number(/warn (\d+) log lines were dropped/.exec(provider.stderr)?.[1]);
    expect(dropped).toBeGreaterThan(0);
    expect(read + dropped).toBe(30_000);
    expect(provider.stdout).toBe("");
  });

  it("PROC-5: what is said next comes after what was dropped has been said", async () => {
    const provider = await startProvider({ readStderr: false });
    await provider.runtime.startSession({ pluginName: "flood:30000" });
    provider.readStderr();
    await provider.said("log lines were dropped");
    await expect(provider.runtime.startSession({ pluginName: "throw" })).rejects.toThrow("planted error");
    await provider.said("StartSession failed: StartSession: planted error");
    expect(provider.stderr.split("were dropped")).toHaveLength(2);
  });

  it("PROC-5, PROC-6: a provider whose stderr nobody reads at all ends in time", async () => {
    const provider = await startProvider({ readStderr: false });
    await provider.runtime.startSession({ pluginName: "flood:30000" });
    provider.child.kill();
    expect(await new Promise((resolve) => provider.child.once("exit", (code) => resolve(code)))).toBe(0);
    expect(leftIn(dirname(provider.socketPath))).toEqual([]);
  });

  it("PROC-5: a reader that went away ends nothing, however much is logged", async () => {
    const provider = await startProvider({ readStderr: false });
    provider.child.stderr?.destroy();
    provider.child.stdout?.destroy();
    for (let round = 0; round < 3; round += 1) {
      await provider.runtime.startSession({ pluginName: "flood:100" });
      await provider.runtime.startSession({ pluginName: "print" });
      await expect(provider.runtime.startSession({ pluginName: "throw" })).rejects.toThrow("planted error");
      await provider.runtime.startSession({ pluginName: "reject" });
    }
    expect(await provider.runtime.getSession({ sessionId: "x" })).toMatchObject({ id: "x" });
    provider.child.kill();
    expect(await new Promise((resolve) => provider.child.once("exit", (code) => resolve(code)))).toBe(0);
    expect(leftIn(dirname(provider.socketPath))).toEqual([]);
  });

  it("PROC-5: what the author prints is the author's own, and nothing else is on stdout", async () => {
    const provider = await startProvider();
    await provider.runtime.startSession({ pluginName: "print" });
    await expect(provider.runtime.startSession({ pluginName: "wrong" })).rejects.toMatchObject({
      code: "INTERNAL",
    });
    provider.child.kill();
    await provider.exit;
    expect(provider.stdout).toBe("the author's own line\n");
    expect(provider.stderr).toContain(
      'error StartSession failed: the provider gave a wrong answer: startSession returned a session with the id ""',
    );
  });
});
