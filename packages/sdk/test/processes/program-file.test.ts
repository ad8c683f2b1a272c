import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openProcessTree, SpawnError, type ProgramSpec } from "../../src/processes/index.js";
import { describeKinds, textOf } from "./support.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "program-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

/** A real binary with one field changed. */
function binary(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(readFileSync("/bin/cat"));
  change(bytes);
  return bytes;
}

describeKinds("SpawnError", (kind) => {
  async function refusal(spec: Partial<ProgramSpec>): Promise<SpawnError> {
    await using tree = await openProcessTree({ kind });
    const error: unknown = await tree.spawn({ command: "/bin/true", env: {}, ...spec }).then(
      () => "it ran",
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof SpawnError)) throw new Error(`not a SpawnError: ${String(error)}`);
    return error;
  }

  it("PLUG-6 missing: nothing is there", async () => {
    const error = await refusal({ command: "bin/none", cwd: folder });
    expect(error).toMatchObject({ reason: "missing", path: join(folder, "bin/none") });
    expect(error.message).toBe(
      `${folder}/bin/none does not exist: a command is an absolute path, or one relative to the working directory ` +
        "(PATH is not searched)",
    );
    expect(await refusal({ command: "/bin/true/true" })).toMatchObject({ reason: "missing" });
    await symlink("/nowhere/at/all", join(folder, `dangling-${kind}`));
    expect(await refusal({ command: join(folder, `dangling-${kind}`) })).toMatchObject({ reason: "missing" });
  });

  it("PLUG-6 directory, not-a-file: something else is there", async () => {
    const inner = join(folder, `inner-${kind}`);
    await mkdir(inner);
    const error = await refusal({ command: inner });
    expect(error).toMatchObject({ reason: "directory", path: inner });
    expect(error.message).toBe(`${inner} is a directory: name the program inside it`);
    const device = await refusal({ command: "/dev/null" });
    expect(device).toMatchObject({ reason: "not-a-file", path: "/dev/null" });
    expect(device.message).toBe("/dev/null is not a regular file: name a program's file");
  });

  it("PLUG-6 not-executable: no run bit, for root as well", async () => {
    const command = await file("no-run-bit", "#!/bin/sh\nexit 0\n", 0o644);
    const error = await refusal({ command });
    expect(error).toMatchObject({ reason: "not-executable", path: command });
    expect(error.message).toBe(
      `${command} is not executable: run chmod +x on it, and look whether its file system is mounted noexec`,
    );
  });

  it("PLUG-1, PLUG-6 bad-format: what is no program is never handed to a shell", async () => {
    const command = await file("no-first-line", "echo a shell ran this\n");
    const error = await refusal({ command });
    expect(error).toMatchObject({ reason: "bad-format", path: command });
    expect(error.message).toContain("put its interpreter in the first line (#!/bin/sh)");
    expect(await refusal({ command: await file("empty", "") })).toMatchObject({ reason: "bad-format" });
    expect(await refusal({ command: await file("no-interpreter", "#! \n") })).toMatchObject({
      reason: "bad-format",
    });
  });

  it("PLUG-6 bad-format: a binary that is cut short, no program, or for another processor", async () => {
    const short = await file("cut-short", readFileSync("/bin/cat").subarray(0, 100));
    const object = await file(
      "object",
      binary((bytes) => bytes.writeUInt16LE(1, 16)),
    );
    for (const command of [short, object]) {
      const error = await refusal({ command });
      expect(error).toMatchObject({ reason: "bad-format", path: command });
      expect(error.message).toContain("without a whole header of a program");
    }
    const foreign = process.arch === "x64" ? 183 : 62;
    const command = await file(
      "foreign",
      binary((bytes) => bytes.writeUInt16LE(foreign, 18)),
    );
    const error = await refusal({ command });
    expect(error).toMatchObject({ reason: "bad-format", path: command });
    expect(error.message).toContain(`use a build for ${process.arch}`);
  });

  it("PLUG-6 missing-interpreter: of a script, of its interpreter, and of a binary", async () => {
    const script = await file("script", "#!/opt/none/interpreter -x\n");
    const error = await refusal({ command: script });
    expect(error).toMatchObject({ reason: "missing-interpreter", path: "/opt/none/interpreter" });
    expect(error.message).toBe(
      `${script} asks for the interpreter "/opt/none/interpreter", which can't be used (missing): ` +
        "install it, or name another in the script's first line",
    );
    const windows = await refusal({ command: await file("windows", "#!/bin/sh\r\nexit 0\r\n") });
    expect(windows).toMatchObject({ reason: "missing-interpreter", path: "/bin/sh\r" });
    expect(windows.message).toContain("save the script with LF line ends");
    const outer = await refusal({ command: await file("outer", `#!${script}\n`) });
    expect(outer).toMatchObject({ reason: "missing-interpreter", path: "/opt/none/interpreter" });
    const loader = binary((bytes) => bytes.write("/lib/ld-none", bytes.indexOf("/lib"), "latin1"));
    const foreign = await refusal({ command: await file("other-library", loader) });
    expect(foreign.reason).toBe("missing-interpreter");
    expect(foreign.path).toMatch(/^\/lib\/ld-none/);
    expect(foreign.message).toContain("built for another C library");
  });

  it("PLUG-6 cwd-missing: no working directory, or no directory", async () => {
    const error = await refusal({ cwd: "/nowhere" });
    expect(error).toMatchObject({ reason: "cwd-missing", path: "/nowhere" });
    expect(error.message).toContain("the working directory /nowhere can't be used: ENOENT");
    expect(await refusal({ cwd: "/bin/true" })).toMatchObject({ reason: "cwd-missing", path: "/bin/true" });
  });

  it("PLUG-6 too-big: one string, and all of them together", async () => {
    const one = await refusal({ env: { SMALL: "", LARGE: "x".repeat(200_000) } });
    expect(one).toMatchObject({ reason: "too-big", path: "/bin/true" });
    expect(one.message).toContain("the largest is env.LARGE with 200006");
    const all = await refusal({ args: Array<string>(100).fill("x".repeat(100_000)) });
    expect(all).toMatchObject({ reason: "too-big" });
    expect(all.message).toContain("the largest is args[0] with 100000");
  });

  it.each([
    [{ command: "" }, "command is empty: name the program to run"],
    [
      { command: "/bin/t\0rue" },
      "command holds a NUL byte, which ends a string for every program: remove it",
    ],
    [{ args: ["ok", "a\0b"] }, "args[1] holds a NUL byte, which ends a string for every program: remove it"],
    [{ cwd: "/\0" }, "cwd holds a NUL byte, which ends a string for every program: remove it"],
    [{ env: { "": "x" } }, "env has an empty name: remove that entry"],
    [{ env: { "A=B": "x" } }, 'env has the name "A=B": a variable\'s name can\'t hold "="'],
    [{ env: { A: "x\0" } }, "env.A holds a NUL byte, which ends a string for every program: remove it"],
    [{ env: { A: "\ud83d" } }, "env.A holds half a surrogate pair, which has no UTF-8 form"],
  ] satisfies [Partial<ProgramSpec>, string][])("PLUG-1, PLUG-6 invalid: %j", async (spec, message) => {
    expect(await refusal(spec)).toMatchObject({ reason: "invalid", message });
  });

  it("runs a script, and a script whose interpreter is a script", async () => {
    const script = await file(`inner-script-${kind}`, '#!/bin/sh\necho "$0 $*"\n');
    const outer = await file(`outer-script-${kind}`, `#!${script} one argument\n`);
    await using tree = await openProcessTree({ kind });
    const program = await tree.spawn({ command: outer, args: [""], env: {} });
    expect(await textOf(program.stdout)).toBe(`${script} one argument ${outer} \n`);
  });

  it("PLUG-6 too-big, missing: leaves no process and the tree usable", async () => {
    await using tree = await openProcessTree({ kind });
    await expect(tree.spawn({ command: "/bin/none", env: {} })).rejects.toMatchObject({ reason: "missing" });
    await expect(tree.spawn({ command: "/bin/true", env: { A: "x".repeat(200_000) } })).rejects.toMatchObject(
      {
        reason: "too-big",
      },
    );
    const program = await tree.spawn({ command: "/bin/true", env: {} });
    expect(await program.ended).toEqual({ how: "exit", code: 0 });
    expect(await tree.stop({ graceMs: 1_000 })).toEqual({ rung: "idle", left: [] });
  });
});
