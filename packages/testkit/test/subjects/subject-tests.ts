import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive } from "@gestalt-runtime/sdk/processes";
import { openChannel, PluginRuntimeProvider, ProviderLifecycle } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { fixtureLogLine, fixturePlugin, startGestaltd } from "../../src/index.js";
import { processesWith } from "../host/fixtures.js";
import {
  hostLog,
  leftovers,
  operatorEnv,
  plantedSecret,
  refusal,
  startPlugin,
  startSession,
  startSubject,
  subjectFolder,
} from "./subject-run.js";
import { commandOf, subjectNamed } from "./subjects.js";

/** What every whole provider must do, done to one. @param name of one of `subjects` */
export function describeSubject(name: string): void {
  const subject = subjectNamed(name);
  const { missing, faultyConfig } = subject;
  const title = missing === undefined ? name : `${name} (${missing})`;
  describe.skipIf(missing !== undefined)(title, { timeout: 60_000 }, () => {
    it("SESS-1, SESS-2, BIND-2, PLUG-1, PLUG-4, PLUG-5, PROC-6: a fake gestaltd hosts a plugin, which uses the host's cache", async () => {
      const folder = await subjectFolder();
      await using gestaltd = await startGestaltd({
        tmpDir: folder,
        operatorEnv: operatorEnv(folder),
        runtimeProviders: { subject: { command: commandOf(subject), args: subject.args } },
        plugins: {
          example: {
            ...fixturePlugin({ args: ["serve", "", "a b", "$HOME"] }),
            cache: ["main"],
            runtime: { metadata: { team: "blue" } },
          },
        },
      });
      const { sessionId } = gestaltd.plugin("example");
      const ask = async (operation: string, params = {}): Promise<Record<string, unknown>> =>
        JSON.parse((await gestaltd.execute("example", operation, params)).body) as Record<string, unknown>;
      expect(await ask("cache", { key: "k", value: "v" })).toMatchObject({ found: true, value: "v" });
      expect(await ask("args")).toMatchObject({ args: ["serve", "", "a b", "$HOME"] });
      expect(await gestaltd.admin.sessions("subject")).toMatchObject([
        {
          id: sessionId,
          state: "running",
          metadata: { team: "blue", provider_kind: "plugin", provider_name: "example" },
        },
      ]);
      expect(await gestaltd.stop()).toMatchObject({ subject: { code: 0, killed: false } });
    });

    it("LIFE-1, LIFE-2, LIFE-3, LIFE-4, LIFE-6: takes no call and no wrong config before its right one", async () => {
      const provider = await startSubject(subject, await subjectFolder(), { configured: false });
      const { lifecycle, runtime } = provider;
      expect(await lifecycle.getProviderIdentity({})).toMatchObject({ kind: 10 });
      expect(await lifecycle.healthCheck({})).toMatchObject({ ready: false });
      expect(await refusal(runtime.listSessions({}))).toMatchObject({ code: "FAILED_PRECONDITION" });
      const configure = (config: typeof faultyConfig, protocolVersion = 3): Promise<unknown> =>
        lifecycle.configureProvider({ name, config, protocolVersion });
      expect(await refusal(configure({}, 2))).toMatchObject({ code: "FAILED_PRECONDITION" });
      const { code, message } = await refusal(configure(faultyConfig));
      expect(code).toBe("INVALID_ARGUMENT");
      for (const field of Object.keys(faultyConfig)) expect(message).toContain(`/${field} `);
      expect(await lifecycle.configureProvider({ name, protocolVersion: 3 })).toMatchObject({
        protocolVersion: 3,
      });
      expect(await lifecycle.healthCheck({})).toMatchObject({ ready: true });
      expect(await lifecycle.startProvider({})).toMatchObject({ protocolVersion: 3 });
      expect(await runtime.getSupport({})).toMatchObject({
        canHostPlugins: true,
        hostServiceAccess: 2,
        egressMode: 1,
        supportsPrepareWorkspace: false,
      });
      expect(await refusal(runtime.prepareWorkspace({}))).toMatchObject({ code: "UNIMPLEMENTED" });
      await runtime.removeWorkspace({ sessionId: "none" });
    });

    it("PROC-1: ends at once, and says why, without its socket's path", () => {
      const { status, stderr } = spawnSync(commandOf(subject), subject.args, {
        env: { PATH: process.env.PATH },
        timeout: 20_000,
      });
      expect(status).toBeGreaterThan(0);
      expect(stderr.toString()).toContain("GESTALT_PLUGIN_SOCKET");
    });

    it("PLUG-2, PLUG-3: the plugin's environment is the base, the request, the bindings, the listener, and no more", async () => {
      const provider = await startSubject(subject, await subjectFolder(), {
        env: { OWN_SECRET: "of the entry" },
      });
      const sessionId = await startSession(provider);
      const bind = (envVar: string, dialTarget: string): Promise<unknown> =>
        provider.runtime.bindHostService({ sessionId, envVar, relay: { dialTarget } });
      await bind("A_SERVICE", "unix:///first.sock");
      await bind("A_SERVICE", "tls://gestalt.example.com:443");
      await bind("B_SERVICE", "unix:///second.sock");
      const plugin = await startPlugin(provider, {
        sessionId,
        env: { B_SERVICE: "loses", MULTI: "a\nb ü", GESTALT_TOKEN_X: "t", GESTALT_PLUGIN_SOCKET: "loses" },
      });
      const { env } = await plugin.execute("env");
      const own = ["HOME", "TMPDIR", "PATH", "LANG", "GESTALT_PLUGIN_SOCKET", "GESTALT_PLUGIN_PARENT_PID"];
      const { rest, kept } = split(env as Record<string, string>, own);
      expect(rest).toEqual({
        A_SERVICE: "tls://gestalt.example.com:443",
        B_SERVICE: "/second.sock",
        MULTI: "a\nb ü",
        GESTALT_TOKEN_X: "t",
        GESTALT_PLUGIN_NAME: "example",
      });
      expect(kept).toMatchObject({ PATH: process.env.PATH, LANG: "C.UTF-8" });
      expect(plugin.dialTarget).toBe(`unix://${kept.GESTALT_PLUGIN_SOCKET}`);
      expect(JSON.stringify(env)).not.toContain(plantedSecret);
    });

    it("SESS-3, SESS-6, BIND-5, PLUG-6: refuses what can't be, and says what to change", async () => {
      const provider = await startSubject(subject, await subjectFolder());
      const { runtime } = provider;
      const sessionId = await startSession(provider);
      const relay = { dialTarget: "unix:///a" };
      const program = fixturePlugin();
      const cases: [string, () => Promise<unknown>, string][] = [
        ["INVALID_ARGUMENT", () => runtime.startSession({ image: "x" }), "execution.runtime.image"],
        ["NOT_FOUND", () => runtime.getSession({ sessionId: "none" }), "none"],
        ["INVALID_ARGUMENT", () => runtime.getSession({}), "session_id"],
        ["NOT_FOUND", () => runtime.bindHostService({ sessionId: "none", envVar: "A", relay }), "none"],
        ["NOT_FOUND", () => runtime.startPlugin({ sessionId: "none", ...program }), "none"],
        ["INVALID_ARGUMENT", () => runtime.startPlugin(program), "session_id"],
        ["INVALID_ARGUMENT", () => runtime.startPlugin({ sessionId }), "command"],
        ["INVALID_ARGUMENT", () => runtime.bindHostService({ sessionId, relay }), "env_var"],
        ["INVALID_ARGUMENT", () => runtime.bindHostService({ sessionId, envVar: "A" }), "relay.dial_target"],
        ...["/a", "http://a:1", "tcp://a", "tcp://a:0", "tls://a:1/x", "tcp://a:65536", "unix://a"].map(
          (dialTarget): [string, () => Promise<unknown>, string] => [
            "INVALID_ARGUMENT",
            () => runtime.bindHostService({ sessionId, envVar: "A", relay: { dialTarget } }),
            "relay.dial_target",
          ],
        ),
      ];
      for (const [code, call, text] of cases)
        expect(await refusal(call())).toMatchObject({
          code,
          message: expect.stringContaining(text) as string,
        });
      await runtime.stopSession({ sessionId: "none" });
      await startPlugin(provider, { sessionId });
      for (const call of [
        () => runtime.startPlugin({ sessionId, ...program }),
        () => runtime.bindHostService({ sessionId, envVar: "A", relay }),
      ])
        expect(await refusal(call())).toMatchObject({ code: "FAILED_PRECONDITION" });
    });

    it("SESS-7, SESS-8, PROC-8: a stop ends all that the plugin has started, however it hides, and frees its files", async () => {
      const folder = await subjectFolder();
      const provider = await startSubject(subject, folder);
      const plugin = await startPlugin(provider, {
        atStart: [
          "ignore-sigterm",
          "fork:plain,ignore-sigterm",
          "fork:session",
          "fork:daemon,ignore-sigterm",
        ],
      });
      const other = await startSession(provider, "other");
      const before = await leftovers(folder);
      expect(before.filter((line) => line.startsWith("process")).length).toBeGreaterThanOrEqual(5);
      expect((await provider.runtime.listSessions({})).sessions.map(({ id }) => id)).toEqual(
        [plugin.sessionId, other].sort(),
      );
      await provider.sessions.stop(plugin.sessionId);
      await provider.sessions.stop(plugin.sessionId);
      expect((await refusal(provider.runtime.getSession({ sessionId: plugin.sessionId }))).code).toBe(
        "NOT_FOUND",
      );
      expect((await provider.runtime.listSessions({})).sessions.map(({ id }) => id)).toEqual([other]);
      const after = await leftovers(folder);
      expect(after).not.toContain(plugin.dialTarget.replace("unix://", ""));
      // The provider alone, and what it needs for itself.
      expect(after.filter((line) => line.startsWith("process")).length).toBe(1);
    });

    it.each([
      ["exit", { code: 0 }, "stopped", /code 0$/],
      ["exit", { code: 7 }, "failed", /code 7$/],
      ["crash", { how: "SIGSEGV" }, "failed", /SIGSEGV$/],
    ] as const)("SESS-10: after %s %j the session is %s", async (operation, params, state, message) => {
      const provider = await startSubject(subject, await subjectFolder());
      const { sessionId, execute } = await startPlugin(provider, { atStart: ["fork:session"] });
      await execute(operation, { ...params, answerFirst: true });
      await expect
        .poll(() => provider.runtime.getSession({ sessionId }))
        .toMatchObject({ state, stateMessage: expect.stringMatching(message) as string });
    });

    it.each([
      ["/no/such/program", [], /no\/such\/program/],
      ["/etc/passwd", [], /not executable/],
      [
        fixturePlugin().command,
        ["--at-start=stderr:the last words", "--at-start=exit:3"],
        /code 3[^]*the last words/,
      ],
      [fixturePlugin().command, ["--at-start=no-listen"], /in time|ready|accept/],
      [fixturePlugin().command, ["--at-start=no-http2"], /in time|ready|accept/],
    ])("PLUG-4, PLUG-6: StartPlugin of %s %j fails, and says why", async (command, args, text) => {
      const folder = await subjectFolder();
      const provider = await startSubject(subject, folder, { config: { readyTimeoutMs: 3_000 } });
      const sessionId = await startSession(provider);
      const { message } = await refusal(
        provider.runtime.startPlugin({ sessionId, pluginName: "example", command, args }),
      );
      expect(message).toMatch(text);
      expect(await provider.runtime.getSession({ sessionId })).toMatchObject({
        state: "failed",
        stateReason: expect.stringMatching(/^\w+$/) as string,
      });
      expect((await provider.runtime.listSessions({})).sessions).toHaveLength(1);
      expect((await leftovers(folder)).filter((line) => line.startsWith("process"))).toHaveLength(1);
      // The log has it as well (SESS-4, LOGS-3).
      expect(hostLog(subject, provider, sessionId).join("\n")).toMatch(text);
    });

    it("PLUG-7, SESS-11: a cancelled StartPlugin, and a stop that comes during one, leave no process", async () => {
      const folder = await subjectFolder();
      const provider = await startSubject(subject, folder);
      const processes = async (): Promise<number> =>
        (await leftovers(folder)).filter((line) => line.startsWith("process")).length;
      const start = (sessionId: string, signal?: AbortSignal): Promise<string> =>
        refusal(
          provider.runtime.startPlugin(
            {
              sessionId,
              pluginName: "example",
              ...fixturePlugin({ atStart: ["fork:session", "no-listen"] }),
            },
            signal === undefined ? {} : { signal },
          ),
        ).then(({ code }) => code);
      const controller = new AbortController();
      const cancelled = await startSession(provider);
      const first = start(cancelled, controller.signal);
      await expect.poll(processes, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
      controller.abort();
      expect(await first).toBe("CANCELLED");
      await expect.poll(processes, { timeout: 10_000 }).toBe(1);
      await expect
        .poll(() => provider.runtime.getSession({ sessionId: cancelled }))
        .toMatchObject({ state: "failed" });

      const stopped = await startSession(provider);
      const second = start(stopped);
      await expect.poll(processes, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
      await provider.sessions.stop(stopped);
      expect(await second).not.toBe("OK");
      expect(await processes()).toBe(1);
    });

    it("LOGS-1, LOGS-2, LOGS-6: every line of the plugin is in the host's log, in order, before its stop is answered", async () => {
      const provider = await startSubject(subject, await subjectFolder());
      const { sessionId, execute } = await startPlugin(provider);
      await execute("log", { count: 500, stream: "stdout" });
      await execute("log", { count: 3, stream: "stderr" });
      await expect
        .poll(() => hostLog(subject, provider, sessionId).length, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(503);
      const log = hostLog(subject, provider, sessionId);
      const stdout = log.filter((line) => line.startsWith("stdout"));
      expect(stdout).toEqual(
        Array.from({ length: 500 }, (_, index) => `stdout ${fixtureLogLine("stdout", index + 1).toString()}`),
      );
      const sequences = (provider.logs.read(name, sessionId, 0, 10_000) ?? []).map(({ sourceSeq }) =>
        Number(sourceSeq),
      );
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    });

    it("LOGS-4: a log host that answers nothing holds nothing up", async () => {
      const provider = await startSubject(subject, await subjectFolder());
      provider.logHost?.freeze();
      const { sessionId, execute } = await startPlugin(provider);
      await execute("log", { count: 20_000, stream: "stdout" });
      expect(await execute("echo", { a: 1 })).toEqual({ a: 1 });
      await provider.sessions.stop(sessionId);
      provider.logHost?.thaw();
    });

    it("PROC-7, PROC-8: when its host is killed it ends, and every plugin with it", async () => {
      const folder = await subjectFolder();
      const socket = join(folder, "p.sock");
      const hostProgram =
        "const { spawn } = require('node:child_process'); const [command, ...args] = process.argv.slice(1);" +
        "spawn(command, args, { stdio: 'ignore', env: { ...process.env, GESTALT_PLUGIN_PARENT_PID: process.pid } });";
      const host = spawn(process.execPath, ["-e", hostProgram, commandOf(subject), ...subject.args], {
        env: { ...operatorEnv(folder), GESTALT_PLUGIN_SOCKET: socket },
        stdio: "ignore",
      });
      await expect.poll(() => existsSync(socket), { timeout: 20_000 }).toBe(true);
      const channel = openChannel(`unix:${socket}`, credentials.createInsecure());
      onTestFinished(() => channel.close());
      await channel.client(ProviderLifecycle).configureProvider({ name, protocolVersion: 3 });
      const runtime = channel.client(PluginRuntimeProvider);
      const { id: sessionId } = await runtime.startSession({ pluginName: "example" });
      await runtime.startPlugin({ sessionId, ...fixturePlugin({ atStart: ["fork:daemon"] }) });
      host.kill("SIGKILL");
      await expect.poll(() => leftovers(folder), { timeout: 5_000 }).toEqual([]);
    });

    it("PROC-8, REC-2: killed, it leaves no process; its successor removes its files and nothing of a living one's", async () => {
      const folder = await subjectFolder();
      const living = await startSubject(subject, folder);
      const survivor = await startPlugin(living);
      const victim = await startSubject(subject, folder);
      const plugin = await startPlugin(victim, { atStart: ["fork:session", "fork:daemon"] });
      const pids = await processesWith(plugin.dialTarget.replace("unix://", ""));
      await victim.kill();
      await expect.poll(() => pids.filter(isProcessAlive), { timeout: 10_000 }).toEqual([]);
      const socket = plugin.dialTarget.replace("unix://", "");
      expect((await leftovers(folder)).some((line) => socket.startsWith(line))).toBe(true);
      await startSubject(subject, folder);
      expect((await leftovers(folder)).some((line) => socket.startsWith(line) && line !== folder)).toBe(
        false,
      );
      expect(await survivor.execute("echo", { a: 1 })).toEqual({ a: 1 });
    });
  });
}

function split(env: Readonly<Record<string, string>>, names: readonly string[]) {
  const entries = Object.entries(env);
  return {
    kept: Object.fromEntries(entries.filter(([name]) => names.includes(name))),
    rest: Object.fromEntries(entries.filter(([name]) => !names.includes(name))),
  };
}
