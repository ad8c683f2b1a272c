import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProviderKind } from "@gestalt-runtime/sdk/protocol";
import type { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { canIsolate } from "./isolation/support.js";
import { refusal, startPlugin, startRuntime, startSession, testDirectory } from "./support.js";

type Config = NonNullable<Parameters<ProviderInstance["handshake"]>[0]>;

/** The runtime before it is configured; no refusal may end it. */
function unconfigured(directory: string): Promise<ProviderInstance> {
  return startRuntime(directory, undefined, { configure: () => Promise.resolve() });
}

function configure({ lifecycle }: ProviderInstance, config?: Config): Promise<unknown> {
  return lifecycle.configureProvider({
    name: "process",
    ...(config !== undefined && { config }),
    protocolVersion: 3,
  });
}

describe("configuration", () => {
  it("LIFE-1, LIFE-6: says who it is before and after, and refuses runtime calls before", async () => {
    const provider = await unconfigured(await testDirectory());
    const identity = { kind: ProviderKind.RUNTIME, displayName: "Process runtime", version: "0.1.0" };
    const before = await provider.lifecycle.getProviderIdentity();
    expect(before).toMatchObject(identity);
    expect(before.minProtocolVersion).toBeLessThanOrEqual(3);
    expect(before.maxProtocolVersion).toBeGreaterThanOrEqual(3);
    for (const call of [provider.runtime.getSupport(), provider.runtime.startSession({ pluginName: "a" })])
      expect(await refusal(call)).toMatchObject({ code: "FAILED_PRECONDITION" });
    await configure(provider);
    expect(await provider.lifecycle.getProviderIdentity()).toMatchObject(identity);
    expect(await provider.lifecycle.healthCheck()).toMatchObject({ ready: true });
  });

  it.each([
    ["no config", undefined],
    ["an empty one", {}],
  ])("LIFE-2: %s is taken for the defaults", async (_, config) => {
    const directory = await testDirectory();
    const provider = await unconfigured(directory);
    await configure(provider, config);
    expect(await readdir(directory)).toContain(`gst-${process.getuid?.() ?? 0}-process-process`);
    const { execute } = await startPlugin(provider);
    // An isolated plugin starts in its package, and sees nothing of the host's folder.
    const cwd = canIsolate ? join(process.cwd(), "packages/testkit") : process.cwd();
    expect(await execute("identity")).toMatchObject({ cwd });
  });

  it("LIFE-3: every mistake is named by its path at once, and the provider lives on to be configured", async () => {
    const provider = await unconfigured(await testDirectory());
    const { code, message } = await refusal(
      configure(provider, {
        maxSessions: 1.5,
        stateDir: "relative",
        readyTimeoutMs: "soon",
        stopGraceMs: 5_000,
        unknown: true,
      }),
    );
    expect(code).toBe("INVALID_ARGUMENT");
    for (const path of ["/maxSessions ", "/stateDir ", "/readyTimeoutMs ", "/stopGraceMs ", "/unknown "])
      expect(message).toContain(path);
    expect(await refusal(provider.runtime.getSupport())).toMatchObject({ code: "FAILED_PRECONDITION" });
    await configure(provider, { maxSessions: 2 });
    await startSession(provider);
    expect(await refusal(configure(provider))).toMatchObject({ code: "FAILED_PRECONDITION" });
    await startSession(provider);
  });

  it("REC-2: a state directory that others can enter is refused with the mend, and can then be taken", async () => {
    const directory = await testDirectory();
    const stateDir = join(directory, "state");
    await mkdir(stateDir);
    await chmod(stateDir, 0o755);
    await writeFile(join(stateDir, "notes.txt"), "kept");
    const provider = await unconfigured(directory);
    expect(await refusal(configure(provider, { stateDir }))).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("mode 755); run chmod 700 on it") as string,
    });
    await chmod(stateDir, 0o700);
    await configure(provider, { stateDir });
    await startPlugin(provider);
    await provider.shutdown();
    // What the operator has made stays, also when it is empty but for what is the operator's.
    expect(await readdir(stateDir)).toEqual(["notes.txt"]);
    await rm(stateDir, { recursive: true });
  });

  it("DIAL-2, PROC-4: where the temporary directory's path is long, sockets are kept in a short one", async () => {
    const directory = await testDirectory();
    const long = join(directory, "d".repeat(100));
    await mkdir(long);
    const provider = await startRuntime(directory, undefined, {
      operatorEnv: { PATH: process.env.PATH, TMPDIR: long },
      name: `r${process.pid}`,
    });
    const { dialTarget } = await startPlugin(provider);
    expect(dialTarget).toContain(`unix:///tmp/gst-${process.getuid?.() ?? 0}-process-r${process.pid}/`);
    await provider.shutdown();
    expect(await readdir("/tmp")).not.toContain(`gst-${process.getuid?.() ?? 0}-process-r${process.pid}`);
    await rm(long, { recursive: true });
  });
});
