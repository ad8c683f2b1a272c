import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { command, runCommand } from "./run-command.js";

describe("gestalt-runtime", () => {
  it("prints its version and its help with exit code 0", async () => {
    expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    const help = await runCommand(["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("package [options] [folder]");
  });

  it("ends with 2 and help on stderr when no command is given", async () => {
    const { code, stdout, stderr } = await runCommand([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: gestalt-runtime <command> [options]");
  });

  it.each([
    [["pakage"], `error: unknown command 'pakage'\n(Did you mean package?)`],
    [["--vresion"], `error: unknown option '--vresion'\n(Did you mean --version?)`],
  ])("ends with 2 on %j and says what was meant", async (args, text) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      `${text}\n"gestalt-runtime --help" lists the commands; each has a --help of its own\n`,
    );
  });

  it("says to build first where there is no build", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gst-cli-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(command, join(folder, "bin/gestalt-runtime.mjs"));
    expect(await runCommand(["--version"], { file: join(folder, "bin/gestalt-runtime.mjs") })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "gestalt-runtime: @gestalt-runtime/testkit is not built: build first (in its repository: npm run build)\n",
    });
  });
});
