import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openProcessTree } from "../../src/processes/index.js";
import { describeKinds, fixture, startFixture, textOf } from "./support.js";

const sh = "/bin/sh";

interface Given {
  readonly args: string[];
  readonly env: string[];
  readonly cwd: string;
}

function decoded(json: string): Given {
  const given = JSON.parse(json) as Given;
  const text = (base64: string): string => Buffer.from(base64, "base64").toString();
  return { ...given, args: given.args.map(text), env: given.env.map(text) };
}

describeKinds("openProcessTree", (kind) => {
  it.each([
    ["exit 0", { how: "exit", code: 0 }],
    ["exit 7", { how: "exit", code: 7 }],
    ["exit 126", { how: "exit", code: 126 }],
    ["exit 137", { how: "exit", code: 137 }],
    ["kill -s KILL $$", { how: "signal", signal: "SIGKILL" }],
    ["kill -s SEGV $$", { how: "signal", signal: "SIGSEGV" }],
    ["kill -s TERM $$", { how: "signal", signal: "SIGTERM" }],
  ])("SESS-10: tells how a program ended: %s", async (script, ended) => {
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({ command: sh, args: ["-c", script], env: {} });
    expect(await program.ended).toEqual(ended);
    expect(await tree.stop({ graceMs: 1_000 })).toEqual({ rung: "idle", left: [] });
  });

  it("PLUG-1, PLUG-2: passes arguments and environment byte for byte, and nothing else", async () => {
    const args = [
      "",
      " a  b ",
      "'\"`",
      "$HOME $(id) *",
      "line\nbreak\r\n\t",
      "-c",
      "--",
      "ünïcødé 漢字 🚀",
      "",
      "x".repeat(100_000),
    ];
    const env: Record<string, string> = {
      EMPTY: "",
      "lower.case-name": "kept",
      SPACES: "  a  b  ",
      QUOTES: `'"\``,
      SHELL_WORDS: "$HOME;$(id)",
      LINES: "a\nb\n",
      NON_ASCII: "ünïcødé 漢字 🚀",
      LARGE: "y".repeat(100_000),
      PATH: "/nowhere",
      ["__proto__"]: "a variable like any other",
    };
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({
      command: process.execPath,
      args: [fixture("tree-echo"), ...args],
      env,
      cwd: "/usr",
    });
    const given = decoded(await textOf(program.stdout));
    expect(given.args).toEqual([process.execPath, fixture("tree-echo"), ...args]);
    const wanted = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    if (tree.marker !== undefined) wanted.push(`GESTALT_RUNTIME_TREE=${tree.marker}`);
    expect(given.env).toEqual(wanted);
    expect(given.cwd).toBe("/usr");
  });

  it("PLUG-2: nothing of the provider's own environment arrives, Node's coverage folder included", async () => {
    const coverage = await mkdtemp(join(tmpdir(), "tree-coverage-"));
    onTestFinished(() => rm(coverage, { recursive: true }));
    const wish = {
      kind,
      command: process.execPath,
      args: [fixture("tree-echo")],
      env: { A: "b" },
      output: true,
    };
    const owner = startFixture("tree-owner", [JSON.stringify(wish)], { NODE_V8_COVERAGE: coverage });
    const { output, marker } = JSON.parse(await textOf(owner.stdout)) as { output: string; marker?: string };
    const wanted = marker === undefined ? ["A=b"] : ["A=b", `GESTALT_RUNTIME_TREE=${marker}`];
    expect(decoded(output).env).toEqual(wanted);
  });

  it("PLUG-1: takes a relative command from the working directory", async () => {
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({ command: "bin/sh", args: ["-c", "pwd"], env: {}, cwd: "/usr" });
    expect(await textOf(program.stdout)).toBe("/usr\n");
  });

  it("PLUG-6: keeps the last words of a program that ends before anybody reads", async () => {
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({
      command: sh,
      args: ["-c", "echo out; echo why >&2; exit 3"],
      env: {},
    });
    await program.ended;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await Promise.all([textOf(program.stdout), textOf(program.stderr)])).toEqual(["out\n", "why\n"]);
    await program.drained;
  });

  it("closes the output a bounded time after the end when a descendant holds it open", async () => {
    await using tree = await openProcessTree({ kind, drainMs: 100 });
    const program = await tree.spawn({
      command: sh,
      args: ["-c", "echo out; sleep 1000 & exit 0"],
      env: { PATH: "/bin" },
    });
    program.stderr.resume();
    const read: string[] = [];
    program.stdout.on("data", (chunk: Buffer) => read.push(chunk.toString()));
    await program.drained;
    expect(await program.ended).toEqual({ how: "exit", code: 0 });
    expect(read.join("")).toBe("out\n");
    expect(program.stdout.destroyed && program.stderr.destroyed).toBe(true);
  });

  it("runs several programs in one tree, each followed by itself", async () => {
    await using tree = await openProcessTree({ kind });
    const run = (script: string) => tree.spawn({ command: sh, args: ["-c", script], env: { PATH: "/bin" } });
    const [first, second, third] = await Promise.all([run("exit 1"), run("exit 2"), run("sleep 1000")]);
    expect([await first.ended, await second.ended]).toEqual([
      { how: "exit", code: 1 },
      { how: "exit", code: 2 },
    ]);
    expect(await tree.stop({ graceMs: 5_000 })).toEqual({ rung: "terminated", left: [] });
    expect(await third.ended).toEqual({ how: "signal", signal: "SIGTERM" });
  });

  it("gives the program an empty standard input and no other open file", async () => {
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({
      command: sh,
      args: ["-c", "wc -c; ls /proc/self/fd"],
      env: { PATH: "/bin" },
    });
    // 3 is the folder that ls itself reads; what this very process inherited is not the room's.
    const [count, ...files] = (await textOf(program.stdout)).trim().split("\n");
    expect(count).toBe("0");
    expect(files.filter((file) => Number(file) < 20)).toEqual(["0", "1", "2", "3"]);
  });

  it("gives it the pipes that it asks for, both ways, and closes them when it has ended", async () => {
    await using tree = await openProcessTree({ kind });
    const script = "cat <&3; echo answered >&4";
    const program = await tree.spawn({ command: sh, args: ["-c", script], env: { PATH: "/bin" }, pipes: 2 });
    const [ask, answer] = program.pipes;
    ask?.end("asked");
    const answers: string[] = [];
    answer?.on("data", (chunk: Buffer) => answers.push(chunk.toString()));
    expect(await textOf(program.stdout)).toBe("asked");
    program.stderr.resume();
    await program.drained;
    expect(answers).toEqual(["answered\n"]);
    expect(program.pipes.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it("refuses bad times by name", async () => {
    await expect(openProcessTree({ kind, drainMs: -1 })).rejects.toThrow(
      "drainMs is -1: give a number of milliseconds",
    );
    await using tree = await openProcessTree({ kind });
    expect(() => tree.stop({ graceMs: Number.NaN })).toThrow("graceMs is NaN");
  });
});
