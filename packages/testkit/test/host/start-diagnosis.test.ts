import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError, startProvider, type ProviderInstanceOptions } from "../../src/host/index.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

describe("a provider that does not start", () => {
  let directory: TestDirectory;

  beforeEach(async () => {
    directory = await TestDirectory.make();
  });

  afterEach(async () => {
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const start = (mode: string, options: Partial<ProviderInstanceOptions> = {}) =>
    startProvider({
      command: fixture("odd-provider"),
      args: [mode],
      tmpDir: directory.path,
      times: { providerStartMs: 700, providerStopMs: 300 },
      ...options,
    });

  const failureOf = async (started: Promise<unknown>): Promise<HostError> => {
    try {
      await started;
    } catch (error) {
      if (error instanceof HostError) return error;
      throw error;
    }
    throw new Error("it started");
  };

  it("PROC-3: that exits at once is told with its code and the end of its stderr", async () => {
    const error = await failureOf(start("exits", { times: {} }));
    expect(error.failure).toBe("exited-before-serving");
    expect(error.message).toBe(
      "the provider exited before serving gRPC: exit code 3; the last of its stderr:\n" +
        "  reading the config\n  the license has expired",
    );
  });

  it("PROC-3: that is ended by a signal is told with it", async () => {
    const error = await failureOf(
      start("", {
        command: process.execPath,
        args: ["-e", "process.kill(process.pid, 'SIGKILL')"],
        times: {},
      }),
    );
    expect(error.message).toBe(
      "the provider exited before serving gRPC: signal SIGKILL; it wrote nothing to stderr",
    );
  });

  it("PROC-3: that never listens is given up and ended", async () => {
    const error = await failureOf(start("never-listens"));
    expect(error.failure).toBe("never-listened");
    expect(error.message).toMatch(/did not listen on GESTALT_PLUGIN_SOCKET \(.*plugin\.sock\) within 700 ms/);
  });

  it("PROC-3: that has a socket and serves no gRPC on it is told what is there instead", async () => {
    const file =
      "require('fs').writeFileSync(process.env.GESTALT_PLUGIN_SOCKET, ''); setInterval(() => {}, 1000)";
    // Long enough for a busy machine to start the program; all wait at once.
    const times = { providerStartMs: 3_000 };
    const errors = await Promise.all([
      failureOf(start("speaks-http1", { times })),
      failureOf(start("says-nothing", { times })),
      failureOf(start("", { times, command: process.execPath, args: ["-e", file] })),
    ]);
    expect(errors.map(({ failure }) => failure)).toEqual(["not-grpc", "not-grpc", "not-grpc"]);
    expect(errors.map(({ message }) => /within 3000 ms: (.*);/.exec(message)?.[1])).toEqual([
      "it answers with something other than HTTP/2",
      "it accepts connections and says nothing",
      "nothing accepts connections on it (a stale file?)",
    ]);
  });

  it("PROC-4: whose program is missing or has no run bit is told so", async () => {
    expect(await failureOf(start("", { command: "/no/such/program" }))).toMatchObject({
      failure: "spawn-failed",
      message: expect.stringContaining("ENOENT") as string,
    });
    await using elsewhere = await TestDirectory.make();
    const plain = join(elsewhere.path, "plain");
    await writeFile(plain, "");
    expect(await failureOf(start("", { command: plain }))).toMatchObject({
      failure: "spawn-failed",
      message: expect.stringContaining("EACCES") as string,
    });
  });

  it("PROC-9: told to end during its start, it is ended and nothing is left", async () => {
    const abort = new AbortController();
    const started = start("never-listens", { signal: abort.signal, times: {} });
    setTimeout(() => abort.abort(), 100);
    expect((await failureOf(started)).failure).toBe("stopped");
  });

  it("PROC-6: one that ignores SIGTERM is ended by SIGKILL", async () => {
    const provider = await start("ignores-sigterm", { times: { providerStopMs: 300 } });
    expect(await provider.shutdown()).toMatchObject({ signal: "SIGKILL", killed: true });
  });

  const refusals = {
    "a-plugin": ["wrong-kind", "the provider says that it is of kind INTEGRATION; the host expects RUNTIME"],
    "too-old": ["wrong-protocol", "the provider speaks protocol versions 1 to 2; the host speaks 3"],
    "too-new": ["wrong-protocol", "the provider speaks protocol versions 4 to 9; the host speaks 3"],
    "answers-version-2": [
      "wrong-protocol",
      "ConfigureProvider answered protocol version 2; the host speaks 3",
    ],
    "refuses-config": [
      "configure-refused",
      "ConfigureProvider failed with INVALID_ARGUMENT: config.image is missing",
    ],
  } as const;

  it.each(Object.entries(refusals))(
    "LIFE-2, LIFE-7: one that says %s is refused",
    async (mode, [failure, message]) => {
      await using provider = await start(mode, { times: {} });
      expect(await failureOf(provider.handshake({}))).toMatchObject({ failure, message });
    },
  );

  it("LIFE-7: 0 in the protocol range means no bound", async () => {
    await using provider = await start("unbounded", { times: {} });
    expect((await provider.handshake()).before.name).toBe("odd");
  });
});
