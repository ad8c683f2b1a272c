import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fixturePlugin, type AtStart } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { hostLog, leftovers, refusal, startRuntime, startSession, testDirectory } from "./support.js";

/** What can't be started, by the text that says why. */
const programs: [string, (directory: string) => Promise<string>, RegExp][] = [
  [
    "a missing file",
    (directory) => Promise.resolve(join(directory, "none")),
    /\/none .*(not exist|no such|missing|not there)/i,
  ],
  ["a directory", (directory) => mkdir(join(directory, "d")).then(() => join(directory, "d")), /directory/],
  [
    "a script without run bit",
    (directory) => script(directory, "#!/bin/sh\nexit 0\n", 0o644),
    /run bit|executable|chmod/i,
  ],
  ["a text without #!", (directory) => script(directory, "exit 0\n", 0o755), /#!|format/],
  ["a missing interpreter", (directory) => script(directory, "#!/no/such/sh\n", 0o755), /\/no\/such\/sh/],
];

async function script(directory: string, text: string, mode: number): Promise<string> {
  const path = join(directory, "script");
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe("StartPlugin fails", () => {
  it.each(programs)("PLUG-6: with %s it says which, and the session is failed", async (_, make, text) => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const sessionId = await startSession(provider);
    const command = await make(directory);
    const { code, message } = await refusal(
      provider.runtime.startPlugin({ sessionId, pluginName: "example", command }),
    );
    expect({ code, message }).toEqual({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(text) as string,
    });
    expect(message).toContain(command);
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({
      state: "failed",
      stateReason: "start",
    });
    // LOGS-3: what state_message says is in the host's log the moment that the error is there.
    expect(hostLog(provider, sessionId).join("\n")).toContain(command);
    await rm(command, { recursive: true, force: true });
  });

  const behaviours: [string, AtStart[], string, RegExp][] = [
    [
      "exits at once",
      ["stderr:no licence", "exit:7"],
      "FAILED_PRECONDITION",
      /exited with code 7 before it accepted[^]*no licence/,
    ],
    ["exits at once with 0", ["exit:0"], "FAILED_PRECONDITION", /exited with code 0 before it accepted/],
    ["crashes", ["crash:SIGSEGV"], "FAILED_PRECONDITION", /signal SIGSEGV before it accepted/],
    [
      "never listens",
      ["stderr:still waiting", "no-listen"],
      "DEADLINE_EXCEEDED",
      /never listened on .* within 700 ms[^]*still waiting/,
    ],
    [
      "is silent",
      ["silent"],
      "DEADLINE_EXCEEDED",
      /accepted a connection but did not answer within 700 ms|never listened/,
    ],
    ["speaks no HTTP/2", ["no-http2"], "DEADLINE_EXCEEDED", /does not speak HTTP\/2/],
    [
      "forks, then exits",
      ["fork:daemon,ignore-sigterm", "fork:session", "exit:3"],
      "FAILED_PRECONDITION",
      /exited with code 3/,
    ],
  ];
  it.each(behaviours)(
    "PLUG-6, PLUG-4, LOGS-3: a plugin that %s: the cause, its last words, nothing left",
    async (name, atStart, code, text) => {
      const directory = await testDirectory();
      // Long enough for Node.js to start, where what it does is the point.
      const readyTimeoutMs = /never|silent/.test(name) ? 700 : 5_000;
      const provider = await startRuntime(
        directory,
        name.includes("HTTP/2") ? { readyTimeoutMs: 1_500 } : { readyTimeoutMs },
      );
      const before = leftovers(directory);
      const sessionId = await startSession(provider);
      const found = await refusal(
        provider.runtime.startPlugin({ sessionId, pluginName: "example", ...fixturePlugin({ atStart }) }),
      );
      expect({ code: found.code, message: found.message }).toEqual({
        code,
        message: expect.stringMatching(text) as string,
      });
      expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "failed" });
      // Before StopSession: a failed start leaves no process and no directory by itself.
      await expect.poll(() => leftovers(directory)).toEqual(before);
      for (const line of atStart.filter((what) => what.startsWith("stderr:")))
        expect(hostLog(provider, sessionId)).toContain(line.replace(":", " "));
    },
  );

  it.each([
    ["cancelled", "CANCELLED"],
    ["late", "DEADLINE_EXCEEDED"],
  ])("PLUG-7: when the call is %s it leaves no process, and the session is failed", async (how, code) => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = leftovers(directory);
    const sessionId = await startSession(provider);
    const cancel = new AbortController();
    const request = {
      sessionId,
      pluginName: "example",
      ...fixturePlugin({ atStart: ["stdout:up", "no-listen"] }),
    };
    const starting = refusal(
      provider.runtime.startPlugin(request, how === "late" ? { timeoutMs: 900 } : { signal: cancel.signal }),
    );
    if (how !== "late") {
      await expect.poll(() => hostLog(provider, sessionId), { timeout: 10_000 }).toContain("stdout up");
      cancel.abort();
    }
    expect(await starting).toMatchObject({ code });
    await expect.poll(async () => (await provider.runtime.getSession({ sessionId })).state).toBe("failed");
    await expect.poll(() => leftovers(directory)).toEqual(before);
  });
});
