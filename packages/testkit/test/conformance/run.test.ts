import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { isProcessAlive } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it } from "vitest";
import { allChecks } from "../../src/conformance/checks/index.js";
import type { CheckContext } from "../../src/conformance/check/context.js";
import { check, runWith } from "./subjects.js";

describe("a run", { timeout: 300_000 }, () => {
  it("judges each check by what it found, and by what it threw", async () => {
    const checks = [
      check("lifecycle/a/passes", () => Promise.resolve()),
      check("lifecycle/a/differs", (t) => {
        t.expect.equal("the answer", 1, 2);
        t.expect(false, "the other thing is wrong", "LIFE-2");
        return Promise.resolve();
      }),
      check(
        "logs/a/recommends",
        (t) => {
          t.expect(false, "no time on the record");
          return Promise.resolve();
        },
        { requirements: ["LOGS-1"] },
      ),
      check("lifecycle/a/throws", () => Promise.reject(new TypeError("x is not a function"))),
      check("lifecycle/a/lacks", (t) => t.missing("bubblewrap is not installed")),
      check("lifecycle/a/relies", (t) =>
        t.relies("session", "a session", () =>
          Promise.reject(new RuntimeProviderError("INTERNAL", "no room")),
        ),
      ),
      check("lifecycle/a/refused", async (t) => {
        await (await t.provider()).runtime.getSession({ sessionId: "nobody" });
      }),
      check("workspace/a/skips", () => Promise.resolve(), { requirements: ["WORK-2"] }),
    ];
    const { results } = await runWith(checks);
    expect(results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      "lifecycle/a/passes passed",
      "lifecycle/a/differs failed",
      "logs/a/recommends warned",
      "lifecycle/a/throws error",
      "lifecycle/a/lacks failed",
      "lifecycle/a/relies blocked",
      "lifecycle/a/refused failed",
      "workspace/a/skips skipped",
    ]);
    const byId = new Map(results.map((result) => [result.id, result]));
    expect(byId.get("lifecycle/a/differs")?.differences).toEqual([
      { requirement: "LIFE-1", text: "the answer is 1; expected 2" },
      { requirement: "LIFE-2", text: "the other thing is wrong" },
    ]);
    expect(byId.get("lifecycle/a/throws")?.reason).toContain("TypeError: x is not a function");
    expect(byId.get("lifecycle/a/lacks")?.differences[0]?.text).toBe(
      "this machine lacks something: bubblewrap is not installed",
    );
    expect(byId.get("lifecycle/a/relies")).toMatchObject({
      blockedBy: "session/start-session/gets-ready",
      reason: "a session failed with INTERNAL: no room",
    });
    expect(byId.get("lifecycle/a/refused")?.differences[0]?.text).toMatch(
      /^PluginRuntimeProvider\/GetSession failed with NOT_FOUND: .*; it had to succeed$/,
    );
    expect(byId.get("workspace/a/skips")?.reason).toBe(
      "the provider says supports_prepare_workspace = false",
    );
  });

  it("blocks what depends on the profile when GetSupport does not answer", async () => {
    const { results, look } = await runWith(
      [check("session/a/b", () => Promise.resolve(), { requirements: ["SESS-1"] })],
      { args: ["--fault", "refuses-config"] },
    );
    expect(look.trouble).toContain("INVALID_ARGUMENT");
    expect(results).toMatchObject([{ verdict: "blocked", blockedBy: "support/get-support/answers" }]);
  });

  it.each([
    ["wrong-kind", "lifecycle/get-provider-identity/before-configuration"],
    ["version-left-out", "lifecycle/configure-provider/answers-version-3"],
    ["refuses-config", "lifecycle/handshake/completes"],
  ])("with %s names the check that asks for just that", async (fault, by) => {
    const own = check("lifecycle/a/own", async (t) => {
      await t.provider();
    });
    const shared = { ...own, id: "lifecycle/a/shared", instance: "shared" } as const;
    const { results } = await runWith([own, shared], { args: ["--fault", fault] });
    expect(results.map(({ verdict, blockedBy }) => [verdict, blockedBy])).toEqual([
      ["blocked", by],
      ["blocked", by],
    ]);
  });

  it("ends a check whose time is over, says what it was at, and undoes all the same, the newest first", async () => {
    const undone: string[] = [];
    let pid = 0;
    const { results } = await runWith(
      [
        check(
          "lifecycle/a/hangs",
          async (t) => {
            t.cleanUp("first", () => undone.push("first"));
            t.cleanUp("second", () => undone.push("second"));
            pid = (await t.provider()).instance.process.pid;
            t.cleanUp("third", () => Promise.reject(new Error("it can't")));
            t.doing = "waiting for a word";
            await new Promise(() => undefined);
          },
          { timeoutMs: 15_000 },
        ),
      ],
      {},
    );
    expect(results[0]?.differences).toEqual([
      { requirement: "LIFE-1", text: "it was not done within 15000 ms; it was waiting for a word" },
    ]);
    expect(undone).toEqual(["second", "first"]);
    expect(results[0]?.cleanUpFaults).toEqual(['clean-up "third": it can\'t']);
    expect(isProcessAlive(pid)).toBe(false);
  });

  it("tells a call that is not answered from one that is refused", async () => {
    const { results } = await runWith(
      [
        check(
          "session/a/slow",
          async (t) => {
            const provider = await t.provider();
            const session = await t.session(provider);
            await t.expect.answered(
              "StartPlugin",
              session.startPlugin({ ...t.subject.plugin([], ["no-listen"]), env: t.place.pluginEnv }),
            );
          },
          { requirements: ["PLUG-4"] },
        ),
      ],
      { times: { callMs: 5_000 } },
    );
    expect(results[0]?.differences.map(({ text }) => text)).toEqual([
      'StartPlugin failed with DEADLINE_EXCEEDED: "there was no answer within 5000 ms"; it had to succeed',
    ]);
  });

  it("removes what a check leaves behind, and tells it", async () => {
    let pid = 0;
    let directory = "/";
    const { results } = await runWith([
      check("plugin/a/leaves", async (t) => {
        const { spawn } = await import("node:child_process");
        const child = spawn("sleep", ["300"], { env: { ...t.place.pluginEnv, PATH: process.env.PATH } });
        pid = child.pid ?? 0;
        ({ directory } = t.place);
        await writeFile(join(directory, "left.txt"), "");
      }),
    ]);
    expect(results[0]).toMatchObject({ verdict: "passed", leftBehind: ["process sleep", "file left.txt"] });
    await expect.poll(() => isProcessAlive(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });

  it("PROC-8, SESS-8: what is left once all is over fails the last check, which names the checks it came after", async () => {
    const leaves = (name: string) => async (t: CheckContext) => {
      await t.provider();
      await writeFile(join(t.place.directory, name), "");
    };
    const { results } = await runWith([
      // The last one runs last, wherever it stands.
      ...allChecks.filter(({ last }) => last === true),
      check("plugin/a/runs-on", async (t) => {
        const { spawn } = await import("node:child_process");
        spawn("sleep", ["300"], { env: { ...t.place.pluginEnv, PATH: process.env.PATH } });
        await leaves("of-its-own")(t);
      }),
      check("plugin/a/shared", leaves("shared"), { instance: "shared" }),
      check("plugin/a/later", (t) => t.provider().then(() => undefined), { instance: "shared" }),
      // What it left may follow from what it has found already.
      check("plugin/a/fails", async (t) => {
        await leaves("of-one-that-failed")(t);
        t.expect.fail("wrong");
      }),
      // Nothing that was killed could clean up (REC-2).
      check("plugin/a/kills", async (t) => {
        const provider = await t.provider();
        await leaves("of-one-that-was-killed")(t);
        await provider.instance.kill();
      }),
    ]);
    const gone = "was left once the provider had ended, after";
    expect(results.at(0)).toMatchObject({
      verdict: "failed",
      differences: [
        { requirement: "PROC-8", text: `process sleep ${gone} plugin/a/runs-on` },
        { requirement: "SESS-8", text: `file of-its-own ${gone} plugin/a/runs-on` },
        { requirement: "SESS-8", text: `file shared ${gone} plugin/a/shared` },
      ],
      repeatWith: ["plugin/a/runs-on", "plugin/a/shared"],
    });
  });

  it("lets harmless checks share a provider until one does not pass", async () => {
    const pids: number[] = [];
    const note = async (t: CheckContext): Promise<void> => {
      pids.push((await t.provider()).instance.process.pid);
    };
    const shared = { instance: "shared" } as const;
    await runWith([
      check("support/a/one", note, shared),
      check("support/a/two", note, shared),
      check(
        "support/a/red",
        async (t) => {
          await note(t);
          t.expect(false, "wrong");
        },
        shared,
      ),
      check("support/a/three", note, shared),
      check("support/a/own", note),
    ]);
    const [one, two, red, three, own] = pids;
    expect([two, red]).toEqual([one, one]);
    expect(new Set([one, three, own]).size).toBe(3);
  });

  it("stops the sessions of a check before the next one comes", async () => {
    const listed: number[] = [];
    const begin = async (t: CheckContext): Promise<void> => {
      const provider = await t.provider();
      listed.push((await provider.runtime.listSessions()).sessions.length);
      await t.session(provider);
    };
    await runWith(["one", "two"].map((name) => check(`session/a/${name}`, begin, { instance: "shared" })));
    expect(listed).toEqual([0, 0]);
  });

  it("ends early: at the first that does not pass, or when it is interrupted", async () => {
    const fails = check("lifecycle/a/fails", (t) => t.expect.fail("no"));
    const passes = check("lifecycle/a/passes", () => Promise.resolve());
    const bailed = await runWith([fails, passes], { bail: true });
    expect(bailed.results.map(({ id }) => id)).toEqual(["lifecycle/a/fails"]);
    expect(bailed.interrupted).toBe(false);

    const interrupt = new AbortController();
    const interrupted = await runWith(
      [
        passes,
        check("lifecycle/a/waits", () => new Promise(() => interrupt.abort())),
        check("lifecycle/a/after", () => Promise.resolve()),
      ],
      { signal: interrupt.signal },
    );
    expect(interrupted.results.map(({ id }) => id)).toEqual(["lifecycle/a/passes"]);
    expect(interrupted.interrupted).toBe(true);
  });

  it("starts nothing more of a provider that does not start, and says why", async () => {
    const { results, look } = await runWith([check("lifecycle/a/b", () => Promise.resolve())], {
      args: ["--fault", "exits-early"],
    });
    expect(results).toEqual([]);
    expect(look.startFailure).toContain("exit code 7; the last of its stderr:\n  out of luck");
  });

  it("says that a provider is wrapped", async () => {
    const { mkdtemp, rm } = await import("node:fs/promises");
    const { referenceProvider } = await import("./subjects.js");
    const { Subject } = await import("../../src/conformance/subject/subject.js");
    const { suiteTimes } = await import("../../src/conformance/subject/limits.js");
    const { firstLook } = await import("../../src/conformance/runner/look.js");
    const folder = await mkdtemp("/tmp/gcw-");
    try {
      // A launcher of an unsuspicious name, whose child is the provider.
      const launcher = join(folder, "launch");
      const text = `#!/bin/sh\nGESTALT_PLUGIN_PARENT_PID=$$ "${referenceProvider}"\nexit $?\n`;
      await writeFile(launcher, text, { mode: 0o755 });
      const signal = AbortSignal.timeout(60_000);
      const looked = await firstLook(await Subject.open({ command: launcher }, suiteTimes), signal);
      expect(looked.notices).toEqual([
        expect.stringMatching(
          /^the provider's socket is held by a child \(.*\) of the process that the host starts/,
        ),
      ]);
      const named = await Subject.open({ command: "/bin/sh", args: [launcher] }, suiteTimes);
      expect((await firstLook(named, signal)).notices[0]).toMatch(/^the provider is started through sh\./);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
