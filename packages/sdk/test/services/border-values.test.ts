import { describe, expect, it } from "vitest";
import type { PluginRuntimeProvider, Session } from "../../src/index.js";
import { provider, serve } from "./serve-in-process.js";

const start = { sessionId: "s", pluginName: "p", command: "/bin/x" };
const good = { id: "s", state: "ready" };
const prefix = "the provider gave a wrong answer: ";

async function refusal(
  method: keyof PluginRuntimeProvider,
  answer: unknown,
  request: object,
): Promise<{ error: unknown; log: string }> {
  const { runtime, log } = await serve(provider({ [method]: () => Promise.resolve(answer) }));
  const call = runtime[method as "getSession"](request);
  const error: unknown = await call.then(
    () => "passed",
    (thrown: unknown) => thrown,
  );
  // Whatever went wrong, the next call is served.
  expect(await runtime.stopSession({ sessionId: "s" })).toBeDefined();
  return { error, log: log.text };
}

describe("a started plugin's dial target", () => {
  it.each([
    ["", "is empty; write unix:///path, tcp://host:port or tls://host:port"],
    ["/run/p.sock", "has no scheme; write unix:///run/p.sock"],
    ["unix:/run/p.sock", "has no scheme; write unix:///path, tcp://host:port or tls://host:port"],
    [
      "unix://run/p.sock",
      "has a relative path; write unix:// and an absolute path, as in unix:///run/p.sock",
    ],
    ["unix-abstract:p", "has no scheme; write unix:///path, tcp://host:port or tls://host:port"],
    ["http://127.0.0.1:80", 'has the scheme "http"; only unix, tcp and tls (in lower case) can be dialled'],
    ["127.0.0.1:80", "has no scheme; write unix:///path, tcp://host:port or tls://host:port"],
    ["tcp://127.0.0.1", "has no port; write tcp://host:port and nothing after it"],
    ["tcp://127.0.0.1:0", "has the port 0; a port is 1 to 65535"],
    ["tcp://127.0.0.1:65536", "has the port 65536; a port is 1 to 65535"],
    [
      "tcp://127.0.0.1:80/x",
      "has a path or a query after the port; write tcp://host:port and nothing after it",
    ],
    [
      "tcp://0.0.0.0:80",
      "names an unspecified address, which can be listened on but not dialled; name an address on which the host reaches it, such as tcp://127.0.0.1:80",
    ],
    [
      "tls://[::]:80",
      "names an unspecified address, which can be listened on but not dialled; name an address on which the host reaches it, such as tls://127.0.0.1:80",
    ],
    [
      "tcp://::1:80",
      "has an IPv6 host without brackets, or more than one port; write tcp://host:port and nothing after it",
    ],
    [
      `unix:///${"a".repeat(107)}`,
      "has a path of 108 bytes, more than the 107 that a Unix socket's address holds; use a shorter directory",
    ],
  ])("DIAL-1, DIAL-2, DIAL-5: %j is INTERNAL, with its mend", async (dialTarget, fault) => {
    const { error } = await refusal("startPlugin", { id: "p", dialTarget }, start);
    expect(error).toMatchObject({
      code: "INTERNAL",
      message: `${prefix}startPlugin returned a wrong dialTarget ${JSON.stringify(dialTarget)} ${fault}`,
    });
  });
});

describe("nothing, and things of the wrong kind", () => {
  const bind = { sessionId: "s", envVar: "E", relay: { dialTarget: "unix:///e.sock" } };
  it.each<[keyof PluginRuntimeProvider, object]>([
    ["getSupport", {}],
    ["startSession", {}],
    ["bindHostService", bind],
    ["startPlugin", start],
    ["prepareWorkspace", { sessionId: "s" }],
  ])(
    "SUP-1, SESS-1, BIND-1, PLUG-5, WORK-2: %s that returns no object is INTERNAL",
    async (method, request) => {
      for (const [answer, shown] of [
        [undefined, "undefined"],
        [null, "null"],
        ["text", '"text"'],
        [[], "[]"],
      ] as const) {
        const { error } = await refusal(method, answer, request);
        expect(error).toMatchObject({
          code: "INTERNAL",
          message: `${prefix}${method} returned ${shown}; it is an object`,
        });
      }
    },
  );

  it.each<[string, object, string]>([
    ["null as id", { ...good, id: null }, "with the id null; it is a non-empty string (SESS-1)"],
    ["a numeric state", { ...good, state: 1 }, "in the state 1;"],
    ["a state in capitals", { ...good, state: "READY" }, 'in the state "READY";'],
    ["no metadata but null", { ...good, metadata: null }, "metadata null; it is an object"],
    ["a list as metadata", { ...good, metadata: ["a"] }, "metadata [ 'a' ]; it is an object"],
    [
      "metadata that is undefined",
      { ...good, metadata: { a: undefined } },
      '"a" = undefined; it is a string',
    ],
    ["no lifecycle but null", { ...good, lifecycle: null }, "lifecycle null; it is an object"],
    [
      "a time as text",
      { ...good, lifecycle: { startedAt: "2026-01-01" } },
      'lifecycle.startedAt "2026-01-01"; it is a valid Date, or left out',
    ],
    [
      "a time as a number",
      { ...good, lifecycle: { startedAt: 1 } },
      "lifecycle.startedAt 1; it is a valid Date",
    ],
    [
      "a time that is null",
      { ...good, lifecycle: { expiresAt: null } },
      "lifecycle.expiresAt null; it is a valid Date, or left out",
    ],
    [
      "the epoch",
      { ...good, lifecycle: { expiresAt: new Date(0) } },
      "lifecycle.expiresAt 1970-01-01T00:00:00.000Z, which the host takes for expired; leave it out (SESS-9)",
    ],
    [
      "a drain after the expiry",
      { ...good, lifecycle: { recommendedDrainAt: new Date(2), expiresAt: new Date(1) } },
      "lifecycle.expiresAt before lifecycle.recommendedDrainAt (SESS-9)",
    ],
    [
      "a drain before the start",
      {
        ...good,
        lifecycle: { startedAt: new Date(2), recommendedDrainAt: new Date(1), expiresAt: new Date(3) },
      },
      "lifecycle.recommendedDrainAt before lifecycle.startedAt (SESS-9)",
    ],
    ["a message that is an error", { ...good, stateMessage: new Error("x") }, "with stateMessage Error: x"],
  ])("SESS-1, SESS-2, SESS-9: a session with %s is INTERNAL", async (_, session, text) => {
    for (const method of ["startSession", "getSession"] as const) {
      const { error } = await refusal(method, session, method === "getSession" ? { sessionId: "s" } : {});
      expect(error).toMatchObject({ code: "INTERNAL", message: expect.stringContaining(text) as string });
      expect((error as Error).message).toMatch(new RegExp(`^${prefix}${method} returned `));
    }
  });

  it("SESS-9: times that are equal are in order", async () => {
    const at = new Date(1_700_000_000_000);
    const session: Session = {
      id: "s",
      state: "ready",
      lifecycle: { startedAt: at, recommendedDrainAt: at, expiresAt: at },
    };
    const { runtime } = await serve(provider({ getSession: () => session }));
    expect((await runtime.getSession({ sessionId: "s" })).lifecycle?.expiresAt?.seconds).toBe(1_700_000_000n);
  });

  it("SESS-7: surrogate pairs sort by their bytes, and not as JavaScript compares text", async () => {
    const ids = ["\u{1f600}", "\uffee", "z", "Z", "ä", "a", "a\u0000", "\u{10000}"];
    const { runtime } = await serve(
      provider({ listSessions: () => ids.map((id) => ({ id, state: "ready" })) }),
    );
    const listed = (await runtime.listSessions()).sessions.map(({ id }) => id);
    expect(listed).toEqual(["Z", "a", "a\u0000", "z", "ä", "\uffee", "\u{10000}", "\u{1f600}"]);
    expect(listed).not.toEqual([...ids].sort());
  });

  it("what is shown of an answer is bounded, and may be anything", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const id of [
      circular,
      1n,
      Symbol("s"),
      () => 1,
      { deep: { deeper: { deepest: 1 } } },
      "x".repeat(5_000_000),
    ]) {
      const { error } = await refusal("getSession", { ...good, id }, { sessionId: "s" });
      expect(error).toMatchObject({ code: "INTERNAL" });
      expect((error as Error).message.length).toBeLessThan(700);
    }
  });
});

describe("a session that was started", () => {
  it.each([
    ["left out", undefined, 'metadata "team" = undefined; give back "blue", as it came (SESS-2)'],
    ["changed", { team: "red" }, 'metadata "team" = \'red\'; give back "blue", as it came (SESS-2)'],
  ])("SESS-2: with metadata %s is INTERNAL", async (_, metadata, fault) => {
    const { runtime } = await serve(provider({ startSession: () => ({ ...good, metadata }) as Session }));
    await expect(runtime.startSession({ metadata: { team: "blue" } })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining(fault.replaceAll("'", '"')) as string,
    });
  });

  it("SESS-2: may have more metadata than was asked for", async () => {
    const metadata = { team: "blue", "mine.region": "eu" };
    const { runtime } = await serve(provider({ startSession: () => ({ ...good, metadata }) as Session }));
    expect((await runtime.startSession({ metadata: { team: "blue" } })).metadata).toEqual(metadata);
  });

  it("SESS-13: is stopped again where its answer may not leave: the host will never stop it", async () => {
    const stopped: string[] = [];
    const { runtime } = await serve(
      provider({
        startSession: () => ({ id: "s-7", state: "warming" }) as unknown as Session,
        stopSession: (id) => {
          stopped.push(id);
          throw new Error("it will not go");
        },
      }),
    );
    await expect(runtime.startSession({})).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining('in the state "warming"') as string,
    });
    expect(stopped).toEqual(["s-7"]);
  });
});

describe("where the story goes", () => {
  it("SESS-1: the host is told the fault, and the log has the stack", async () => {
    const { error, log } = await refusal("startSession", { ...good, id: "" }, {});
    expect((error as Error).message).not.toMatch(/\n| at /);
    expect(log).toContain("error StartSession failed: the provider gave a wrong answer");
    expect(log).toMatch(/ {4}at /);
  });
});
