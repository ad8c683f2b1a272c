import { describe, expect, it } from "vitest";
import { fixture } from "../host/fixtures.js";
import { ConsoleProcess } from "./console-process.js";

const provider = fixture("hosting-provider");

describe("gestalt-runtime host, from one command line", { timeout: 120_000 }, () => {
  it("SESS-8: calls an operation, prints the answer alone on stdout, leaves nothing", async () => {
    await using run = await ConsoleProcess.start([
      ...["--call", "cache", "--params", '{"key": "k", "value": "v"}'],
      ...["--", provider],
    ]);
    expect(await run.ends()).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ found: true, value: "v" });
    expect(run.stderr).toMatch(/^runtime is process \d+: .*hosting-provider\.mjs\n/);
    expect(run.stderr).toContain("runtime | the hosting provider starts\n");
    expect(run.stderr).toMatch(/\n200 in [\d.]+ ms\n/);
    expect(run.stderr).toMatch(/example is stopped\nruntime has ended\n$/);
  });

  it("ends with 1 when an operation answers 400 or more, or a command can't be done", async () => {
    await using refused = await ConsoleProcess.start(["--call", "nothing-like-it", "--", provider]);
    expect(await refused.ends()).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: expect.any(String) as string });
    await using wrong = await ConsoleProcess.start(["-c", "logs many", "-c", "call echo", "--", provider]);
    expect(await wrong.ends()).toBe(1);
    expect(wrong.stderr).toContain('error: logs takes a number from 1 to 1000, not "many"\n');
    // The first that fails is the last.
    expect(wrong.stdout).toBe("");
  });

  it("PROC-3: ends with 3 when the provider does not start, and says why", async () => {
    await using run = await ConsoleProcess.start(["--", fixture("odd-provider"), "exits"], { stdin: "" });
    expect(await run.ends()).toBe(3);
    expect(run.stderr).toContain(
      "example could not be hosted: the provider exited before serving gRPC: exit code 3; the last of its stderr:\n" +
        "  reading the config\n  the license has expired\n",
    );
  });

  it("SESS-7, LOGS-1: takes commands from a pipe, and tells everything as lines of JSON", async () => {
    const lines = [
      "# what a script asks",
      "call echo a=1",
      "call log count=2",
      "sessions",
      "support",
      "health",
      "operations",
      "host two",
      "plugins",
      "stop example",
      "call echo",
      "call",
      "use nobody",
      "nonsense",
    ];
    await using run = await ConsoleProcess.start(["--json", "--", provider], { stdin: lines.join("\n") });
    expect(await run.ends()).toBe(1);
    const told = run.told.filter(({ event }) => event !== "log" && event !== "output");
    expect(told.map(({ event }) => event)).toEqual([
      ...["provider-started", "provider-configured", "plugin-hosted"],
      ...["answer", "answer", "sessions", "support", "health", "operations", "plugin-hosted", "plugins"],
      ...["plugin-stopped", "answer", "error", "error", "error", "plugin-stopped", "provider-ended"],
    ]);
    const of = (name: string) => told.filter(({ event }) => event === name);
    const sessionId = of("plugin-hosted")[0]?.sessionId;
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(of("answer")[0]).toEqual({
      ...{ time, event: "answer", plugin: "example", operation: "echo", status: 200, body: { a: 1 } },
      tookMs: expect.any(Number) as number,
    });
    expect(of("sessions")[0]).toMatchObject({
      sessions: [{ id: sessionId, state: "running", plugin: "example", startedAt: time }],
    });
    expect(of("support")[0]).toMatchObject({
      providers: [{ profile: { advertised: { canHostPlugins: true, hostServiceAccess: "direct" } } }],
    });
    expect(of("health")[0]).toMatchObject({ ready: true });
    expect(of("plugins")[0]).toMatchObject({
      plugins: [
        { name: "example", status: "hosted", current: false },
        { name: "two", status: "hosted", current: true },
      ],
    });
    expect(of("answer")[2]).toMatchObject({ plugin: "two" });
    expect(of("error").map(({ message }) => message)).toEqual([
      "call what? operations lists what there is",
      'there is no plugin "nobody"; there are example, two',
      'there is no command "nonsense"; help lists them',
    ]);
    expect(of("provider-ended")[0]).toEqual({
      ...{ time, event: "provider-ended", provider: "runtime", code: 0, signal: null, expected: true },
    });
    const logs = run.told.filter(({ event, stream }) => event === "log" && stream === "stdout");
    expect(logs).toHaveLength(2);
    expect(logs[0]).toEqual({
      ...{ time, event: "log", plugin: "example", sessionId, stream: "stdout", observedAt: time },
      seq: expect.any(Number) as number,
      message: expect.stringMatching(/^stdout 1 /) as string,
    });
  });

  it("tells every call of the host with --trace, and of a config that the provider refuses", async () => {
    await using run = await ConsoleProcess.start(
      ["--trace", "--config", "{refuse: true}", "--", fixture("odd-provider"), "refuses-config"],
      { stdin: "" },
    );
    expect(await run.ends()).toBe(3);
    expect(run.stderr).toMatch(
      /ProviderLifecycle\/ConfigureProvider \{"name":"runtime","config":\{"refuse":true\},.* -> INVALID_ARGUMENT config\.image is missing/,
    );
    expect(run.stderr).toContain("could not be hosted: ConfigureProvider failed with INVALID_ARGUMENT");
  });

  it.each([
    [["--params", "{}"], "--params: there is no --call that it belongs to"],
    [["--build", "make"], "--build: nothing is built without --watch"],
    [["--inspect", "--inspect-brk"], "--inspect and --inspect-brk: give one of them"],
    [
      ["--attach", "/tmp/p.sock", "--watch"],
      "--watch: the provider of --attach is started by you; give it what it needs there",
    ],
    [["--attach", "/tmp/p.sock", "x.yaml"], "--attach starts nothing; leave out x.yaml"],
    [["--call", "echo", "--params", "[1]", "--", provider], "--params: it must be an object, such as"],
    [["--config", "@/no/such.yaml", "--", provider], "--config: ENOENT: no such file or directory"],
    [["--plugin", "/no/such", "--", provider], "--plugin: there is no /no/such; build it, or name another"],
    [
      ["/no/such"],
      "there is no /no/such, neither here nor on PATH; give a manifest, a release, or a program",
    ],
    [["/"], "/ is no package: there is none of manifest.yaml, manifest.yml, manifest.json"],
    [["--env", "NAME"], "error: option '--env <name=value>' argument 'NAME' is invalid. Write name=value."],
  ])("ends with 2 on %j, with what to write instead", async (args, text) => {
    await using run = await ConsoleProcess.start(args, { stdin: "" });
    expect(await run.ends()).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain(text);
  });
});
