import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startGestaltd, startProvider, type HostError } from "../../src/host/index.js";
import { packageEntries, schema, writeRelease } from "../install/release.js";
import { TestDirectory, processesWith } from "./fixtures.js";

const plugin = { command: "/bin/true" };
const withSchema = [
  ...packageEntries({
    spec: { configSchemaPath: "config.json" },
    entrypoint: { artifactPath: "bin/tiny", args: ["serve", "a b", ""] },
  }),
  { name: "config.json", content: JSON.stringify(schema) },
];

async function failureOf(promise: Promise<unknown>): Promise<HostError> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as HostError,
  );
}

describe("a host whose providers are given as releases", () => {
  it("PROC-4: starts what was unpacked, with the entrypoint's arguments, in its own directory, and removes it", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), { entries: withSchema });
    let output = "";
    const gestaltd = await startGestaltd({
      runtimeProviders: { tiny: { source, config: { region: "north" } } },
      plugins: { a: plugin, b: plugin },
      tmpDir: directory.path,
      cwd: directory.path,
      onOutput: (chunk) => (output += chunk.toString()),
    });
    expect(gestaltd.outcomes.get("a")).toMatchObject({ status: "skipped", failure: "cannot-host" });
    const started = gestaltd.trace.events.flatMap((event) =>
      event.type === "spawned" ? [event.command] : [],
    );
    const [program = ""] = started[0] ?? [];
    expect(program).toMatch(new RegExp(`^${directory.path}/gst-\\w+/runtime/tiny/bin/tiny$`));
    // Two instances at once of one installation (PROC-9).
    expect(started).toEqual([0, 1].map(() => [program, "serve", "a b", ""]));
    const seen = JSON.parse(output.split("\n")[0] ?? "") as unknown;
    expect(seen).toEqual({ argv: [program, "serve", "a b", ""], cwd: directory.path });
    expect(await gestaltd.stop()).toMatchObject({ tiny: { code: 0 } });
    expect(await directory.left()).toEqual(["release"]);
  });

  it("LIFE-3: does not start at all when a config breaks its schema, and says every path", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), { entries: withSchema });
    const error = await failureOf(
      startGestaltd({
        runtimeProviders: {
          good: { source, config: { region: "north" } },
          bad: { source, config: { size: 0 }, default: true },
        },
        plugins: { example: { ...plugin, runtime: { provider: "good" } } },
        tmpDir: directory.path,
        onEvent: (event) => expect(event.type).not.toBe("spawned"),
      }),
    );
    expect(error.failure).toBe("config-refused");
    expect(error.message).toBe(
      'the runtime provider "bad" is not started: the config of runtime provider "bad" breaks its schema in 2 ' +
        "places: /region is missing; /size must be >= 1",
    );
    expect(await directory.left()).toEqual(["release"]);
    expect(await processesWith(directory.path)).toEqual([]);
  });

  it("packaging: does not start with a package that it refuses", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), {
      entries: [...packageEntries(), { name: "../x" }],
    });
    const error = await failureOf(
      startGestaltd({ runtimeProviders: { tiny: { source } }, tmpDir: directory.path }),
    );
    expect(error.failure).toBe("install-refused");
    expect(error.message).toContain('entry "../x" leads outside the package');
    expect(await directory.left()).toEqual(["release"]);
  });

  it("packaging: tells what it re-rooted, in the trace and to whom wants to know", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), {
      entries: [...packageEntries(), { name: "./extra" }],
    });
    const told: string[] = [];
    await using gestaltd = await startGestaltd({
      runtimeProviders: { tiny: { source } },
      tmpDir: directory.path,
      onWarning: (message, provider) => told.push(`${provider}: ${message}`),
    });
    const [warning] = gestaltd.trace.events;
    expect(warning).toMatchObject({ type: "warning", name: "tiny", instance: 0 });
    expect(told[0]).toContain("tiny: ");
    expect(told[0]).toContain('entry "./extra" is unpacked as extra');
  });
});

describe("one provider by hand", () => {
  it("PROC-4, LIFE-2: is installed for its one process, configured with the config that was checked, and removed", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), { entries: withSchema });
    const provider = await startProvider({ source, config: { region: "north" }, tmpDir: directory.path });
    await provider.handshake();
    const configured = provider.trace.calls.find(({ method }) => method.endsWith("/ConfigureProvider"));
    expect(configured?.request).toEqual({
      name: "runtime",
      config: { region: "north" },
      protocolVersion: 3,
    });
    await provider.shutdown();
    expect(await directory.left()).toEqual(["release"]);
  });

  it("LIFE-3: is not started with a config that breaks its schema", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"), { entries: withSchema });
    const error = await failureOf(startProvider({ source, tmpDir: directory.path }));
    expect(error).toMatchObject({ name: "HostError", failure: "config-refused" });
    expect(await directory.left()).toEqual(["release"]);
  });

  it("PROC-10: does not start in the host's sandbox when it was packaged as a script, and says what to do", async () => {
    await using directory = await TestDirectory.make();
    const source = await writeRelease(join(directory.path, "release"));
    const error = await failureOf(startProvider({ source, sandbox: true, tmpDir: directory.path }));
    expect(error.failure).toBe("exited-before-serving");
    expect(error.message).toMatch(
      /^the provider exited before serving gRPC: exit code 1; the last of its stderr:\n {2}host sandbox: .*\/bin\/tiny can't be executed: permission denied; it is a script for \/usr\/bin\/env, .*Package the provider as an executable: gestalt-runtime package --artifact executable$/,
    );
    expect(await directory.left()).toEqual(["release"]);
  });

  it.each([
    [{}, "command and source: neither are given; give one of them"],
    [{ command: "/a", source: "/b" }, "command and source: both are given; give one of them"],
    [{ command: "a" }, 'command "a" is not an absolute path; resolve it first'],
    [
      { source: "/a/manifest.yaml", args: ["x"] },
      "args is given with source; write them into the manifest's entrypoint.args",
    ],
  ])("PROC-4: %j is refused", async (options, message) => {
    await expect(startProvider(options)).rejects.toThrow(new TypeError(message));
  });
});

describe("a machine without a sandbox", () => {
  it("PROC-10: is told before anything is started, and nothing runs without it", async () => {
    await using directory = await TestDirectory.make();
    const error = await failureOf(
      startGestaltd({
        runtimeProviders: {
          tiny: { command: "/bin/true", sandbox: { enforcement: "bubblewrap", tcpListen: "refused" } },
        },
        tmpDir: directory.path,
        onEvent: (event) => expect(event.type).not.toBe("spawned"),
      }),
    );
    expect(error.failure).toBe("sandbox-unavailable");
    expect(error.message).toMatch(
      /^the host's sandbox can't be had on this machine, and the provider is not started without it\. /,
    );
  });
});
