import { describe, expect, it } from "vitest";
import type {
  HostedPlugin,
  HostServiceBinding,
  PluginRuntimeProvider,
  RuntimeSupport,
  Session,
} from "../../src/index.js";
import { provider, serve } from "./serve-in-process.js";

const start = { sessionId: "s", pluginName: "p", command: "/bin/x" };
const bind = { sessionId: "s", envVar: "E", relay: { dialTarget: "unix:///e.sock" } };

describe("requests", () => {
  it.each([
    ["StartPlugin", { ...start, command: "" }, "command is empty; send the path of the plugin's program"],
    [
      "StartPlugin",
      { ...start, command: "a\0b" },
      "command has a NUL byte, which no program can be given; take it out",
    ],
    [
      "StartPlugin",
      { ...start, args: ["ok", "\0"] },
      "args[1] has a NUL byte, which no program can be given; take it out",
    ],
    [
      "StartPlugin",
      { ...start, env: { A: "\0" } },
      'env["A"] has a NUL byte, which no program can be given; take it out',
    ],
    [
      "StartPlugin",
      { ...start, env: { "": "" } },
      'env: the variable\'s name "" is empty; send a name such as MY_VARIABLE',
    ],
    [
      "StartPlugin",
      { ...start, env: { "A=B": "" } },
      'env: the variable\'s name "A=B" has "=" in it; send a name such as MY_VARIABLE',
    ],
    [
      "StartPlugin",
      { ...start, sessionId: "" },
      "session_id is empty; send the id that StartSession returned",
    ],
    [
      "BindHostService",
      { ...bind, sessionId: "" },
      "session_id is empty; send the id that StartSession returned",
    ],
    [
      "BindHostService",
      { ...bind, envVar: "" },
      'env_var: the variable\'s name "" is empty; send a name such as MY_VARIABLE',
    ],
    [
      "BindHostService",
      { sessionId: "s", envVar: "E" },
      "relay.dial_target is missing; send where the host service is reached",
    ],
    [
      "BindHostService",
      { ...bind, relay: { dialTarget: "bogus nonsense" } },
      'relay.dial_target "bogus nonsense" has no scheme; write unix:///path, tcp://host:port or tls://host:port',
    ],
    ["GetSession", { sessionId: "" }, "session_id is empty; send the id that StartSession returned"],
    ["StopSession", { sessionId: "" }, "session_id is empty; send the id that StartSession returned"],
    ["PrepareWorkspace", { sessionId: "" }, "session_id is empty; send the id that StartSession returned"],
  ])(
    "SESS-6, BIND-5, PLUG-6: %s %j is INVALID_ARGUMENT, and reaches no provider",
    async (method, request, message) => {
      const reached = (): never => {
        throw new Error("reached");
      };
      const { runtime } = await serve(
        provider({
          startPlugin: reached,
          bindHostService: reached,
          getSession: reached,
          stopSession: reached,
          prepareWorkspace: reached,
        }),
      );
      const name = `${method.charAt(0).toLowerCase()}${method.slice(1)}` as "getSession";
      await expect(runtime[name](request)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
    },
  );

  it.each([
    ["checkouts[1].path", { checkouts: [{ path: "code/.." }, { path: "code/../../x" }] }, "code/../../x"],
    ["checkouts[0].path", { checkouts: [{ path: "/etc" }] }, "/etc"],
    ["cwd", { checkouts: [], cwd: ".." }, ".."],
    ["cwd", { checkouts: [], cwd: "a\0b" }, undefined],
  ])("WORK-2: PrepareWorkspace with %s of %j is INVALID_ARGUMENT", async (field, workspace, path) => {
    const { runtime } = await serve(
      provider({ prepareWorkspace: () => Promise.reject(new Error("reached")) }),
    );
    await expect(runtime.prepareWorkspace({ sessionId: "s", workspace })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        path === undefined
          ? `workspace.${field} has a NUL byte in it; take it out`
          : `workspace.${field} "${path}" leads out of the workspace; send a path relative to its root, such as "code"`,
    });
  });

  it("WORK-1, WORK-3: without workspaces PrepareWorkspace is UNIMPLEMENTED and RemoveWorkspace OK", async () => {
    const { runtime } = await serve(provider());
    expect((await runtime.getSupport()).supportsPrepareWorkspace).toBe(false);
    await expect(runtime.prepareWorkspace({ sessionId: "s" })).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
    });
    await runtime.removeWorkspace({ sessionId: "", agentSessionId: "" });
    await runtime.removeWorkspace({ sessionId: "never-was", agentSessionId: "a" });
  });

  it("SESS-6: a session that the provider does not have is NOT_FOUND", async () => {
    const { runtime } = await serve(provider({ getSession: () => undefined }));
    await expect(runtime.getSession({ sessionId: "x" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: 'there is no session "x" here',
    });
  });
});

const good: Session = { id: "s", state: "ready" };
const date = (ms: number): Date => new Date(ms);
type Wrong = [string, Partial<Record<keyof PluginRuntimeProvider, unknown>>, string, string];

/** What a provider may get wrong: the answer, the call that asks for it, and what its author is told. */
const wrongAnswers: Wrong[] = [
  [
    "no session",
    { startSession: undefined },
    "startSession",
    "startSession returned undefined; it is an object",
  ],
  [
    "an empty id (SESS-1)",
    { startSession: { ...good, id: "" } },
    "startSession",
    'with the id ""; it is a non-empty string (SESS-1)',
  ],
  ["a numeric id", { startSession: { ...good, id: 7 } }, "startSession", "with the id 7;"],
  [
    "an unknown state",
    { startSession: { ...good, state: "warming" } },
    "startSession",
    'in the state "warming"; the host knows pending, ready, running, stopped, failed',
  ],
  [
    "metadata that is no text (SESS-2)",
    { startSession: { ...good, metadata: { a: 1 } } },
    "startSession",
    'with metadata "a" = 1; it is a string',
  ],
  [
    "a reason that is no text",
    { startSession: { ...good, stateReason: 3 } },
    "startSession",
    "with stateReason 3; it is a string",
  ],
  [
    "times out of order (SESS-9)",
    { startSession: { ...good, lifecycle: { startedAt: date(2_000), expiresAt: date(1_000) } } },
    "startSession",
    "lifecycle.expiresAt before lifecycle.startedAt (SESS-9)",
  ],
  [
    "a time in 1970 (SESS-9)",
    { startSession: { ...good, lifecycle: { expiresAt: date(0) } } },
    "startSession",
    "which the host takes for expired; leave it out (SESS-9)",
  ],
  [
    "a time that is none",
    { startSession: { ...good, lifecycle: { expiresAt: date(Number.NaN) } } },
    "startSession",
    "lifecycle.expiresAt Invalid Date; it is a valid Date, or left out",
  ],
  [
    "another session",
    { getSession: { ...good, id: "other" } },
    "getSession",
    'getSession returned session "other", but "s" was asked for',
  ],
  [
    "a session twice (SESS-7)",
    { listSessions: [good, good] },
    "listSessions",
    'session "s" twice; each live session is listed once (SESS-7)',
  ],
  [
    "no list",
    { listSessions: null },
    "listSessions",
    "listSessions returned null; it is an array of sessions",
  ],
  [
    "a hole in the list",
    { listSessions: [undefined] },
    "listSessions",
    "listSessions returned undefined; it is an object",
  ],
  [
    "a binding without an id",
    { bindHostService: {} },
    "bindHostService",
    "bindHostService returned the id undefined; it is a non-empty string",
  ],
  [
    "another variable (BIND-1)",
    { bindHostService: { id: "b", envVar: "F" } },
    "bindHostService",
    'bindHostService returned envVar "F", but "E" was asked for',
  ],
  [
    "another relay (BIND-1)",
    { bindHostService: { id: "b", relayTarget: "unix:///f" } },
    "bindHostService",
    'relayTarget "unix:///f", but "unix:///e.sock" was asked for',
  ],
  ["no dial target", { startPlugin: { id: "p" } }, "startPlugin", "the dialTarget undefined; it is a string"],
  [
    "a bare path (DIAL-1)",
    { startPlugin: { id: "p", dialTarget: "/p.sock" } },
    "startPlugin",
    'a wrong dialTarget "/p.sock" has no scheme; write unix:///p.sock',
  ],
  [
    "0.0.0.0 (DIAL-5)",
    { startPlugin: { id: "p", dialTarget: "tcp://0.0.0.0:80" } },
    "startPlugin",
    "names an unspecified address",
  ],
  [
    "another plugin's name (PLUG-5)",
    { startPlugin: { id: "p", pluginName: "q", dialTarget: "unix:///p" } },
    "startPlugin",
    'startPlugin returned pluginName "q", but "p" was asked for',
  ],
  [
    "support that is a word",
    { getSupport: { canHostPlugins: "yes" } },
    "getSupport",
    'canHostPlugins "yes"; it is true or false',
  ],
  [
    "an unknown access",
    { getSupport: { canHostPlugins: true, hostServiceAccess: "toString" } },
    "getSupport",
    'hostServiceAccess "toString"; it is "none" or "direct"',
  ],
  [
    "an unknown egress mode",
    { getSupport: { canHostPlugins: true, egressMode: "dns" } },
    "getSupport",
    'egressMode "dns"; it is "none", "cidr" or "hostname"',
  ],
  [
    "workspaces without a method (WORK-1)",
    { getSupport: { canHostPlugins: true, supportsPrepareWorkspace: true } },
    "getSupport",
    "the provider has no prepareWorkspace method (WORK-1)",
  ],
  [
    "a cwd outside of its root (WORK-2)",
    { prepareWorkspace: { root: "/w", cwd: "/w/../etc" } },
    "prepareWorkspace",
    "outside of its root",
  ],
];

describe("answers", () => {
  it.each(wrongAnswers)(
    "DIAL-1, SESS-1, SUP-1: %s becomes INTERNAL, and the log has the whole story",
    async (_, answers, method, text) => {
      const methods = Object.fromEntries(
        Object.entries(answers).map(([name, answer]) => [name, () => answer]),
      );
      const { runtime, log } = await serve(provider(methods));
      const requests: Record<string, object> = { bindHostService: bind, startPlugin: start };
      const call = runtime[method as "getSession"](
        requests[method] ??
          (method === "getSession" || method === "prepareWorkspace" ? { sessionId: "s" } : {}),
      );
      await expect(call).rejects.toMatchObject({
        code: "INTERNAL",
        message: expect.stringContaining(`the provider gave a wrong answer: `) as string,
      });
      await expect(call).rejects.toMatchObject({ message: expect.stringContaining(text) as string });
      expect(log.text).toContain(text);
      await expect(call).rejects.not.toMatchObject({ message: expect.stringContaining("    at ") as string });
    },
  );

  it("SESS-7: lists in bytewise order, whatever the characters", async () => {
    const ids = ["b", "a", "\u{1F600}", "ﬀ", "é", "Z", "a\u0001"];
    const { runtime } = await serve(
      provider({ listSessions: () => ids.map((id) => ({ id, state: "ready" }) as const) }),
    );
    const { sessions } = await runtime.listSessions();
    expect(sessions.map(({ id }) => id)).toEqual(
      [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });

  it("SESS-7: without a listSessions method it is UNIMPLEMENTED", async () => {
    const { runtime } = await serve(provider());
    await expect(runtime.listSessions()).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });

  it("SESS-2, SESS-9, BIND-1, PLUG-5, SUP-1: right answers pass whole", async () => {
    const session: Session = {
      id: "s",
      state: "failed",
      metadata: { "": "x", __proto__x: "y" },
      lifecycle: { startedAt: date(1_700_000_000_123), expiresAt: date(1_700_000_001_000) },
      stateReason: "why",
      stateMessage: "a sentence",
    };
    const support: RuntimeSupport = {
      canHostPlugins: true,
      hostServiceAccess: "direct",
      egressMode: "hostname",
    };
    const binding: HostServiceBinding = { id: "b" };
    const plugin: HostedPlugin = { id: "p", dialTarget: "tls://[2001:db8::1]:443" };
    const { runtime } = await serve(
      provider({
        getSession: () => session,
        getSupport: () => support,
        bindHostService: () => binding,
        startPlugin: () => plugin,
      }),
    );
    expect(await runtime.getSession({ sessionId: "s" })).toMatchObject({
      ...session,
      lifecycle: {
        startedAt: { seconds: 1_700_000_000n, nanos: 123_000_000 },
        expiresAt: { seconds: 1_700_000_001n },
      },
    });
    expect((await runtime.getSession({ sessionId: "s" })).lifecycle?.recommendedDrainAt).toBeUndefined();
    expect(await runtime.getSupport()).toMatchObject({
      canHostPlugins: true,
      hostServiceAccess: 2,
      egressMode: 3,
    });
    expect(await runtime.bindHostService(bind)).toMatchObject({
      id: "b",
      sessionId: "s",
      envVar: "E",
      relay: { dialTarget: "unix:///e.sock" },
    });
    expect(await runtime.startPlugin(start)).toMatchObject({
      id: "p",
      sessionId: "s",
      pluginName: "p",
      dialTarget: plugin.dialTarget,
    });
  });
});
