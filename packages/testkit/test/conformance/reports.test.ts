import { describe, expect, it } from "vitest";
import { allChecks } from "../../src/conformance/checks/index.js";
import { evidence } from "../../src/conformance/reports/evidence.js";
import { reportFormats } from "../../src/conformance/reports/index.js";
import type { ConformanceReport } from "../../src/conformance/reports/report.js";
import { formatText } from "../../src/conformance/reports/text.js";
import type { CheckResult } from "../../src/conformance/runner/result.js";
import { reportOf as report } from "./report-of.js";
import { call, result } from "./results.js";

const stop = "session/stop-session/ends-session";

describe("a verdict", () => {
  it.each([
    ["passed", {}, "conformant"],
    ["skipped", {}, "nothing-checked"],
    ["failed", {}, "not-conformant"],
    ["blocked", {}, "not-conformant"],
    ["error", {}, "not-conformant"],
    ["warned", {}, "conformant"],
    ["warned", { strict: true }, "not-conformant"],
    ["failed", { baseline: [stop] }, "conformant"],
    ["passed", { baseline: [stop] }, "not-conformant"],
  ] as const)("of a check that %s, with %j, makes the whole %s", async (verdict, options, whole) => {
    const { baseline, ...more } = { baseline: [], ...options };
    expect((await report([result(stop, verdict)], { ...more, baseline: [...baseline] })).verdict).toBe(whole);
  });

  it("of nothing that started is not conformant", async () => {
    const look = { notices: [], startFailure: "exit code 7" };
    expect(await report([], { look })).toMatchObject({ verdict: "not-started", diagnosis: "exit code 7" });
  });
});

describe("a requirement", () => {
  const verdictOf = async (results: readonly CheckResult[], id: string): Promise<string | undefined> =>
    (await report(results)).requirements.find((one) => one.id === id)?.verdict;

  it("is broken by the differences that name it, and by those alone", async () => {
    const both = result(stop, "failed", { requirements: ["SESS-8", "SESS-6"] });
    const ids = ["session/stop-session/ends-session"];
    expect(ids).toContain(both.id);
    expect(await verdictOf([both], "SESS-8")).toBe("broken");
    expect(await verdictOf([result(stop, "passed")], "SESS-8")).toBe("met");
    expect(await verdictOf([result(stop, "blocked")], "SESS-8")).toBe("unknown");
    expect(await verdictOf([result(stop, "skipped", { reason: "no" })], "SESS-8")).toBe("not-claimed");
    expect(await verdictOf([], "SESS-8")).toBe("not-run");
    expect(await verdictOf([], "LIFE-7")).toBe("no-check");
  });
});

describe("evidence", () => {
  const id = "run-4711";
  const calls = [
    call("PluginRuntimeProvider/StartSession", { outcome: { code: "OK", response: { id } } }),
    call("PluginRuntimeProvider/GetSession", { request: { sessionId: id }, startedAtMs: 1_005 }),
    call("PluginRuntimeProvider/GetSession", { request: { sessionId: id }, startedAtMs: 1_030 }),
    call("PluginRuntimeProvider/StartPlugin", {
      request: {
        env: {
          GESTALT_CACHE_SOCKET_TOKEN: "s3cret",
          HTTP_PROXY: "https://gestalt-egress-proxy:hunter2@relay.example.com:443",
          PLAIN: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
        },
      },
      outcome: { code: "INTERNAL", message: `no room in /tmp/gcf-a1B2c3/gst-XyZ123/p.sock for ${id}` },
    }),
  ];
  const found = evidence(result(stop, "failed", { calls, logs: { [id]: [`stdout hello from ${id}`] } }));

  it("names what the provider made up by the order in which it came, and joins equal calls", () => {
    expect(found.calls.map(({ method, times, startedAtMs }) => [method, times, startedAtMs])).toEqual([
      ["PluginRuntimeProvider/StartSession", 1, 0],
      ["PluginRuntimeProvider/GetSession", 2, 5],
      ["PluginRuntimeProvider/StartPlugin", 1, 0],
    ]);
    expect(found.calls[1]?.request).toEqual({ sessionId: "<session-1>" });
    expect(found.calls[2]?.message).toBe("no room in /tmp/gcf/gst/p.sock for <session-1>");
    expect(found.logs).toEqual({ "<session-1>": ["stdout hello from <session-1>"] });
  });

  it("holds no secret", () => {
    const text = JSON.stringify(found);
    for (const secret of ["s3cret", "hunter2", "eyJ"]) expect(text).not.toContain(secret);
  });
});

describe("the forms of a report", () => {
  const results = [
    result("process/start/serves", "passed"),
    result(stop, "failed", { stderr: ["last words"] }),
    result("plugin/start-plugin/serves", "blocked", { blockedBy: stop, reason: "no <session>" }),
    result("support/get-support/answers", "skipped", { reason: "not claimed" }),
    result("lifecycle/handshake/completes", "error", { reason: "x is not a function" }),
  ];

  it("for people: each fault with its mend and the command that repeats it", async () => {
    expect(formatText(await report(results))).toBe(`failed session/stop-session/ends-session  SESS-8
  it holds
  SESS-8: it is <wrong>
  usually: A mistake.
  mend: Mend it.
  the end of its stderr:
    last words
  again: gestalt-runtime conformance --check session/stop-session/ends-session -- /p

blocked plugin/start-plugin/serves  SESS-8
  it holds
  no <session>
  first mend session/stop-session/ends-session
  again: gestalt-runtime conformance --check plugin/start-plugin/serves -- /p

error lifecycle/handshake/completes  SESS-8
  it holds
  x is not a function
  again: gestalt-runtime conformance --check lifecycle/handshake/completes -- /p

skipped 1: not claimed
Not conformant: 1 passed, 1 failed, 1 blocked, 1 met a fault of the suite, 1 skipped in 1.5 s
/p: hosts plugins, host services direct, egress none, no workspaces, seed 1
`);
  });

  it("each tell what a run has left behind, after which check, what that breaks, why it happens and what to do", async () => {
    const left = result("process/end/leaves-nothing", "failed", {
      requirements: ["PROC-8", "SESS-8"],
      differences: [
        { requirement: "PROC-8", text: "process sleep was left, after plugin/start-plugin/serves" },
      ],
      repeatWith: ["plugin/start-plugin/serves"],
    });
    const made = await report([result("plugin/start-plugin/serves", "passed"), left]);
    expect(made.verdict).toBe("not-conformant");
    expect(made.checks[1]?.repeat).toBe(
      "gestalt-runtime conformance --check plugin/start-plugin/serves --check process/end/leaves-nothing -- /p",
    );
    for (const [name, format] of Object.entries(reportFormats)) {
      const text = format(made);
      for (const part of ["process sleep was left, after plugin/start-plugin/serves", "PROC-8", "Mend it."])
        expect(text, name).toContain(part);
      // A table of a job has no room for it.
      if (name !== "summary") expect(text, name).toContain("A mistake.");
    }
  });

  it("JUnit: one suite per area, well-formed", async () => {
    const xml = reportFormats.junit(await report(results));
    expect(xml).toContain('<testsuite name="session" tests="1" failures="1" errors="0" skipped="0"');
    expect(xml).toContain('<failure message="it is &lt;wrong&gt;" type="failed">');
    expect(xml).toContain('<error message="x is not a function" type="error">');
    expect(xml).toContain('<skipped message="not claimed">');
    expect(xml.match(/<testcase /g)).toHaveLength(5);
  });

  it("TAP: known failures are TODO, what does not apply is SKIP", async () => {
    const tap = reportFormats.tap(await report(results, { baseline: [stop] }));
    expect(tap.split("\n").filter((line) => /^(ok|not ok|1\.\.)/.test(line))).toEqual([
      "1..5",
      "ok 1 - process/start/serves",
      "not ok 2 - session/stop-session/ends-session # TODO in the baseline",
      "not ok 3 - plugin/start-plugin/serves",
      "ok 4 - support/get-support/answers # SKIP not claimed",
      "not ok 5 - lifecycle/handshake/completes",
    ]);
  });

  it("GitHub: annotations and a summary that keeps its table whole", async () => {
    const one = await report([
      result(stop, "failed", { differences: [{ requirement: "SESS-8", text: "a|b\n100%" }] }),
    ]);
    expect(reportFormats.github(one)).toBe(
      "::error title=failed%3A session/stop-session/ends-session::SESS-8: a|b%0A100%25%0Ausually: A mistake.%0AMend it.\n",
    );
    expect(reportFormats.summary(one)).toContain(
      "| failed | `session/stop-session/ends-session` | SESS-8 | a\\|b 100% | Mend it. |",
    );
  });

  it("a statement: claims nothing that was not checked", async () => {
    const text = reportFormats.statement(await report(results));
    expect(text).toContain("**This provider is not claimed to conform.**");
    expect(text).toContain("- Broken: SESS-8.");
    expect(text).toContain("- not claimed:\n  - `support/get-support/answers`\n");
    expect(text).toContain("| checks | 1 passed, 0 warned, 1 failed, 1 blocked, 1 skipped, 1 met a fault");
    expect(text).toMatch(/\| session \| 1 of \d+ \| 0 \| 0 of 13 \| 0 \| \d \|/);
    expect(text).toMatch(/- Without a check:\n(?: {2}- [A-Z]+-\d+: .+\n)* {2}- LIFE-7: /);
  });

  it("a statement of a part of the suite says how much of it that is", async () => {
    const { length } = allChecks;
    const part = reportFormats.statement(await report([result(stop, "passed")]));
    expect(part).toContain(
      `**Partial: 1 of the suite's ${length} checks were run. Nothing is claimed for the whole.**\n`,
    );
    expect(part).toContain("| suite | @gestalt-runtime/testkit 1.2.3, seed 1 |");
    const red = reportFormats.statement(await report([result(stop, "failed")]));
    expect(red).toContain("for the whole.** **This provider is not claimed to conform.**");
  });

  it("a statement of a whole run claims all that was not skipped, and names what is known to fail", async () => {
    const all = allChecks.map(({ id, requirements }) =>
      id.startsWith("workspace/") || id === stop
        ? result(id, "skipped", { requirements, reason: "the provider says | no" })
        : result(id, "passed", { requirements }),
    );
    const whole = reportFormats.statement(await report(all, { selected: allChecks }));
    expect(whole).toContain("**It conforms to the contract between gestaltd and runtime providers");
    expect(whole).toContain("- Broken: none.");
    expect(whole).toContain(`- the provider says \\| no:\n  - \`${stop}\``);
    expect(whole).toContain("| protocol | 3 (it names no bounds) |");

    const failed = all.map((one) => (one.id === stop ? result(stop, "failed") : one));
    const known = reportFormats.statement(await report(failed, { selected: allChecks, baseline: [stop] }));
    expect(known).toContain("**It conforms but for the known failures below.**");
    expect(known).toContain(`## Known failures\n\n- \`${stop}\`: it is &lt;wrong>`);
  });

  it("JSON: the same but for times, whatever the provider calls its sessions", async () => {
    const of = (id: string, atMs: number): Promise<ConformanceReport> =>
      report([
        result(stop, "failed", {
          durationMs: atMs,
          differences: [{ requirement: "SESS-8", text: `${id} is still there` }],
          calls: [
            call("PluginRuntimeProvider/StartSession", {
              startedAtMs: atMs,
              outcome: { code: "OK", response: { id } },
            }),
          ],
        }),
      ]);
    const times = (text: string): string => text.replaceAll(/"\w+Ms": [\d.]+/g, '"ms"');
    expect(times(reportFormats.json(await of("s-1234", 5)))).toBe(
      times(reportFormats.json(await of("other-99", 70))),
    );
  });
});
