import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ProviderInstance, inheritedVariables } from "../../src/host/index.js";
import { TestDirectory } from "./fixtures.js";

/** Prints its environment, where its stdin leads, its directory and its process group. */
const program = `
  const { readFileSync, readlinkSync } = require("node:fs");
  const stat = readFileSync("/proc/self/stat", "utf8");
  console.log(JSON.stringify({
    env: process.env,
    stdin: readlinkSync("/proc/self/fd/0"),
    cwd: process.cwd(),
    group: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]),
    pid: process.pid,
  }));
`;

describe("a provider's process", () => {
  it("PROC-4: gets seven variables of the operator's, its entry's env and the host's, and no more", async () => {
    await using directory = await TestDirectory.make();
    process.env.PLANTED_SECRET = "must not arrive";
    const operatorEnv = {
      ...Object.fromEntries(inheritedVariables.map((name) => [name, `operator's ${name}`])),
      // Node.js itself breaks on a locale that is none.
      LANG: "C.UTF-8",
      PLANTED_SECRET: "must not arrive",
      NODE_OPTIONS: "--no-warnings",
      HTTPS_PROXY: "http://proxy",
    };
    await using provider = await ProviderInstance.spawn({
      command: process.execPath,
      args: ["-e", program],
      name: "rec",
      env: { API_KEY: "a b\n$HOME", TZ: "of the entry" },
      operatorEnv,
      tmpDir: directory.path,
      cwd: directory.path,
    });
    await provider.process.exited;
    delete process.env.PLANTED_SECRET;
    expect(provider.process.end).toEqual({ code: 0, signal: null });
    const seen = JSON.parse(provider.process.stdout) as Record<string, unknown>;
    expect(seen.env).toEqual({
      PATH: "operator's PATH",
      HOME: "operator's HOME",
      TMPDIR: "operator's TMPDIR",
      LANG: "C.UTF-8",
      TZ: "of the entry",
      SSL_CERT_FILE: "operator's SSL_CERT_FILE",
      SSL_CERT_DIR: "operator's SSL_CERT_DIR",
      API_KEY: "a b\n$HOME",
      GESTALT_PLUGIN_SOCKET: `${provider.directory}/plugin.sock`,
      GESTALT_PLUGIN_PARENT_PID: String(process.pid),
      GESTALT_PLUGIN_NAME: "rec",
      GESTALT_RUNTIME_LOG_SOCKET: `${provider.directory}/host-0.sock`,
    });
    expect(seen.env).toEqual(provider.environment);
    // PROC-5, PROC-4: stdin, the host's directory, no process group of its own.
    expect(seen).toMatchObject({ stdin: "/dev/null", cwd: directory.path });
    expect(seen.group).not.toBe(seen.pid);
    expect((await stat(provider.directory)).mode & 0o777).toBe(0o700);
  });

  it("PROC-4, LOGS-5: without a name and a log host, neither variable is set", async () => {
    await using directory = await TestDirectory.make();
    await using provider = await ProviderInstance.spawn({
      command: process.execPath,
      args: ["-e", program],
      name: "",
      logHost: false,
      operatorEnv: {},
      tmpDir: directory.path,
    });
    await provider.process.exited;
    const { env } = JSON.parse(provider.process.stdout) as { env: Record<string, string> };
    expect(Object.keys(env).sort()).toEqual(["GESTALT_PLUGIN_PARENT_PID", "GESTALT_PLUGIN_SOCKET"]);
  });

  it("PROC-5: what it writes is kept up to a bound, the newest", async () => {
    await using directory = await TestDirectory.make();
    await using provider = await ProviderInstance.spawn({
      command: process.execPath,
      args: ["-e", "for (let i = 0; i < 20000; i++) console.error('line ' + i)"],
      tmpDir: directory.path,
      limits: { outputBytes: 2_000 },
    });
    await provider.process.exited;
    expect(provider.process.stderr.length).toBeLessThanOrEqual(1_000);
    expect(provider.process.stderrLines(2)).toEqual(["line 19998", "line 19999"]);
  });
});
