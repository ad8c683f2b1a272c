import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { TestDirectory, fixture } from "../host/fixtures.js";
import { ConsoleProcess } from "./console-process.js";

/** The last thing on the screen. */
const atEnd = (text: string): RegExp => new RegExp(`${text}$`);

const commandLine = `host -- ${fixture("hosting-provider")}`;

describe("gestalt-runtime host, at a terminal", { timeout: 120_000 }, () => {
  const start = async (env: Record<string, string> = {}): Promise<ConsoleProcess> => {
    const run = await ConsoleProcess.inTerminal(commandLine, env);
    await run.shows(atEnd("example> "));
    return run;
  };

  /** The tab by itself: one among other characters is taken as pasted. */
  const completed = async (run: ConsoleProcess, typed: string, shown: string): Promise<void> => {
    run.type(typed);
    await run.shows(atEnd(typed));
    run.type("\t");
    // Readline writes the end of the word, or the line anew.
    await run.shows(atEnd(shown));
  };

  it("takes commands at a prompt, completes them, and ends at Ctrl-D", async () => {
    await using run = await start();
    await completed(run, "hel", "help ");
    run.type("\r");
    await run.shows("call an operation of the current plugin");
    await completed(run, "call ec", "call echo ");
    run.type("a=1\r");
    await run.shows(/"a": 1/);
    await completed(run, "call cac", "call cache ");
    await completed(run, "ke", "call cache key=");
    run.type("k\r");
    await run.shows(/"found": /);
    run.type("host two\r");
    await run.shows("two is hosted in session");
    await run.shows("two> ");
    run.type("\u0004");
    expect(await run.ends()).toBe(0);
    expect(run.stdout).toContain("runtime has ended");
    expect(await readFile(run.path(".local/state/gestalt-runtime/host-history"), "utf8")).toBe(
      "host two\ncall cache key=k\ncall echo a=1\nhelp \n",
    );
  });

  it("Ctrl-C gives up a call, then what is typed, then stops everything", async () => {
    await using run = await start();
    // Typed in one go, the second is under way once the first is answered.
    run.type("call echo a=9\rcall sleep ms=600000\r");
    await run.shows(/"a": 9/);
    run.type("\u0003");
    await run.shows("error: sleep was given up");
    run.type("call ech");
    await run.shows(atEnd("call ech"));
    run.type("\u0003");
    run.type("plugins\r");
    await run.shows("* example");
    run.type("\u0003");
    expect(await run.ends()).toBe(130);
    expect(run.stdout).toContain("runtime has ended");
  });

  it("PROC-8, REC-2: a provider that dies is told, and started again", async () => {
    await using run = await start();
    run.type("kill\r");
    await run.shows("runtime ended by itself with SIGKILL; restart starts it again");
    run.type("restart\r");
    await run.shows(/is hosted in session[^]*is hosted in session/);
    run.type("call echo a=2\rexit\r");
    await run.shows(/"a": 2/);
    expect(await run.ends({ killed: true })).toBe(0);
  });

  it("remembers what was typed in an earlier run", async () => {
    await using state = await TestDirectory.make();
    const env = { XDG_STATE_HOME: state.path };
    await using first = await start(env);
    first.type("call echo word=remembered\rexit\r");
    expect(await first.ends()).toBe(0);
    await using second = await start(env);
    // Up twice: exit, and what was before it.
    second.type("\u001b[A\u001b[A\r");
    await second.shows(/"word": "remembered"/);
    second.type("exit\r");
    expect(await second.ends()).toBe(0);
  });
});
