import { chmod, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";
import { expect, it } from "vitest";
import { stillRuns } from "../processes.js";
import {
  hostLog,
  leftovers,
  processesOf,
  program,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "../support.js";
import { describeIsolated, isolated } from "./support.js";

const stopTimeoutMs = 3_000;

describeIsolated("an isolated plugin", () => {
  it("PLUG-1, PLUG-2, PLUG-3, DIAL-1: gets its arguments and variables as they are, and short paths of its own", async () => {
    const provider = await startRuntime(await testDirectory(), isolated);
    const values = ["a b", "", "$HOME `id`", "line\nbreak", "ünï ☃ \u{1F600}", "--at", "x".repeat(100_000)];
    const given: Record<string, string> = {
      constructor: "c",
      "with.dots and-blanks": "1",
      EMPTY: "",
      LD_PRELOAD: "/nowhere.so",
    };
    for (const [index, value] of values.entries()) given[`V${index}`] = value;
    const { execute, dialTarget } = await startPlugin(provider, { args: values, env: given });
    expect((await execute("args")).args).toEqual(values);
    const { env } = (await execute("env")) as { env: Record<string, string> };
    const own = ["GESTALT_PLUGIN_NAME", "GESTALT_PLUGIN_SOCKET", "HOME", "PATH", "PWD", "TMPDIR"];
    expect(Object.keys(env).sort()).toEqual([...own, ...Object.keys(given)].sort());
    expect(env).toMatchObject({
      ...given,
      GESTALT_PLUGIN_SOCKET: "/run/gestalt/p.sock",
      HOME: "/tmp/home",
      TMPDIR: "/tmp",
    });
    expect(dialTarget).toMatch(/^unix:\/\/\/proc\/\d+\/root\/run\/gestalt\/p\.sock$/);
  });

  it(
    "PLUG-6, SESS-10: how it ends, and why it can't be started, is said as it is",
    { timeout: 60_000 },
    async () => {
      const directory = await testDirectory();
      const provider = await startRuntime(directory, { ...isolated, readyTimeoutMs: 10_000 });
      for (const [operation, params, stateMessage] of [
        ["exit", { code: 7 }, "the plugin exited with code 7"],
        ["crash", { how: "SIGKILL" }, "the plugin was ended by the signal SIGKILL"],
        ["crash", { how: "SIGSEGV" }, "the plugin was ended by the signal SIGSEGV"],
      ] as const) {
        const { sessionId, execute } = await startPlugin(provider);
        await execute(operation, { ...params, answerFirst: true });
        await expect.poll(() => provider.runtime.getSession({ sessionId })).toMatchObject({ stateMessage });
      }
      const start = async (request: object): Promise<string> => {
        const sessionId = await startSession(provider);
        return (
          await refusal(
            provider.runtime.startPlugin({
              sessionId,
              pluginName: "example",
              ...fixturePlugin(),
              ...request,
            }),
          )
        ).message;
      };
      expect(await start({ command: "/nowhere/plugin" })).toContain("/nowhere/plugin does not exist");
      expect(await start({ env: { LARGE: "x".repeat(200_000) } })).toContain(
        "the largest is env.LARGE with 200006",
      );
      expect(await start(fixturePlugin({ atStart: ["no-listen"] }))).toContain(
        "the plugin never listened on the socket in GESTALT_PLUGIN_SOCKET within 10000 ms",
      );
      expect(await start(fixturePlugin({ atStart: ["stderr:last words", "exit:3"] }))).toMatch(
        /exited with code 3 before[^]*last words/,
      );
    },
  );

  it("SESS-8, LOGS-6: SIGTERM reaches the plugin itself, and what it says on its way out is at the host", async () => {
    const directory = await testDirectory();
    const { command, args } = fixturePlugin();
    // The plugin's package is a file of its own in a folder that is nobody's package.
    const provider = await startRuntime(directory, { ...isolated, readOnlyPaths: [dirname(command)] });
    const sessionId = await startSession(provider);
    // Beside the runtime's own folder, which is in none that a guest sees.
    const polite = join(directory, "polite");
    const stateDir = join(directory, `gst-${process.getuid?.() ?? 0}-process-process`);
    await writeFile(
      polite,
      `#!/bin/sh\necho "sees $(ls -R "${stateDir}" | grep -c sock) sockets"\n"${command}" &\ntrap 'kill -s TERM $!; wait $!; echo asked to end; exit 0' TERM\nwait $!\n`,
    );
    await chmod(polite, 0o755);
    await provider.runtime.startPlugin({ sessionId, pluginName: "example", command: polite, args });
    await provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs });
    expect(hostLog(provider, sessionId)).toEqual(
      expect.arrayContaining(["stdout sees 0 sockets", "stdout asked to end"]),
    );
    await rm(polite);
  });

  it("SESS-8, PROC-8: whatever it does, it is ended within the host's 3 s with all that it has started, and nothing is left", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { ...isolated, stopGraceMs: 300 });
    // What the runtime keeps for as long as it lives is there from the first plugin on.
    await provider.runtime.stopSession({ sessionId: (await startPlugin(provider)).sessionId });
    const before = leftovers(directory);
    const quiet = processesOf(provider).map(({ name }) => name);
    const plugins = await Promise.all(Array.from({ length: 4 }, () => startPlugin(provider)));
    const [stopped, stubborn, forked] = plugins;
    await stopped?.execute("stop-self", { answerFirst: true });
    await stubborn?.execute("ignore-sigterm");
    for (const kind of ["plain", "session", "daemon"])
      await forked?.execute("spawn", { kind, ignoreSigterm: true, output: "inherit" });
    const running = processesOf(provider);
    expect(running.length).toBeGreaterThan(quiet.length + plugins.length * 3);
    await Promise.all(
      plugins.map(({ sessionId }) =>
        provider.runtime.stopSession({ sessionId }, { timeoutMs: stopTimeoutMs }),
      ),
    );
    expect(processesOf(provider).map(({ name }) => name)).toEqual(quiet);
    await expect.poll(() => leftovers(directory)).toEqual(before);
    expect(running.filter(stillRuns).length).toBe(quiet.length);
  });

  it("BIND-2, PLUG-4, SESS-2: uses the host's cache through a socket that is put into its guest", async () => {
    const directory = await testDirectory();
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      runtimeProviders: { process: { command: program, config: isolated } },
      plugins: { example: { ...fixturePlugin(), cache: ["main"] } },
    });
    const { body } = await gestaltd.execute("example", "cache", { key: "k", value: "v" });
    expect(JSON.parse(body)).toMatchObject({ found: true, value: "v" });
    const { env } = JSON.parse((await gestaltd.execute("example", "env", {})).body) as {
      env: Record<string, string>;
    };
    expect(env.GESTALT_CACHE_SOCKET).toMatch(/^\/run\/gestalt\/h\d+\.sock$/);
    expect(await gestaltd.stop()).toMatchObject({ process: { code: 0, killed: false } });
  });
});
