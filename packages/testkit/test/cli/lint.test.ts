import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { change, layOut } from "../lint/case.js";
import { nodeScript } from "../lint/programs.js";
import { goodManifest, goodPackage, goodRelease } from "../lint/table/good.js";

const command = fileURLToPath(new URL("../../bin/gestalt-runtime.mjs", import.meta.url));

function lint(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [command, "lint", ...args],
      { cwd, env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      },
    );
  });
}

const wrongManifest = change(goodManifest, "artifactPath: bin/example", "artifactPath: ./bin/example");
const wrongPackage = { ...goodPackage, "manifest.yaml": wrongManifest };

describe("gestalt-runtime lint", () => {
  it("ends with 0 where nothing is wrong, in this folder by default, in several files and folders", async () => {
    const folder = await layOut({
      files: {
        ...goodPackage,
        ...Object.fromEntries(
          Object.entries(goodRelease).map(([path, content]) => [`dist/${path}`, content]),
        ),
      },
    });
    expect(await lint(folder, [])).toEqual({ code: 0, stdout: "nothing found in 1 file\n", stderr: "" });
    expect(await lint(folder, [".", "dist", "config.schema.yaml"])).toEqual({
      code: 0,
      stdout: "nothing found in 3 files\n",
      stderr: "",
    });
  });

  it("ends with 1 for errors, named by the paths as they were given", async () => {
    const folder = await layOut({ files: wrongPackage });
    expect(await lint(folder, ["manifest.yaml"])).toEqual({
      code: 1,
      stdout: `manifest.yaml:9:17 error entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it
    write bin/example (manifest/path-normalized, --fix does it)
1 error, 0 warnings, 0 notes in 1 file; --fix puts 1 right
`,
      stderr: "",
    });
  });

  it("--strict: ends with 1 for warnings, and never for notes", async () => {
    const warned = await layOut({
      files: { ...goodPackage, "manifest.yaml": `${goodManifest}description:\n` },
    });
    expect((await lint(warned, [])).code).toBe(0);
    expect((await lint(warned, ["--strict"])).code).toBe(1);
    const noted = await layOut({ files: { ...goodPackage, "bin/example": nodeScript } });
    expect(await lint(noted, ["--strict"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("0 errors, 0 warnings, 1 note in 1 file\n") as string,
    });
  });

  it("--fix: puts the file right and ends with 0", async () => {
    const folder = await layOut({ files: wrongPackage });
    expect(await lint(folder, ["--fix"])).toEqual({
      code: 0,
      stdout: `manifest.yaml:9:17 fixed: entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it; write bin/example
1 fixed, nothing found in 1 file
`,
      stderr: "",
    });
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toBe(goodManifest);
  });

  it("--format: writes JSON or GitHub's workflow commands on stdout and nothing else", async () => {
    const folder = await layOut({ files: wrongPackage });
    const json = await lint(folder, ["--format", "json"]);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      files: ["manifest.yaml"],
      findings: [
        { file: "manifest.yaml", line: 9, column: 17, ruleId: "manifest/path-normalized", severity: "error" },
      ],
      fixed: [],
      summary: { errors: 1, warnings: 0, notes: 0, fixable: 1 },
    });
    expect(await lint(folder, ["--format", "github"])).toEqual({
      code: 1,
      stdout:
        '::error file=manifest.yaml,line=9,col=17,title=manifest/path-normalized::entrypoint.artifactPath "./bin/example" is not normalised: the host refuses it; write bin/example\n',
      stderr: "",
    });
  });

  it("--platform: says for which platform a script is put down", async () => {
    const manifest = goodManifest.replace(/artifacts:[^]*(?=entrypoint:)/, "");
    const folder = await layOut({
      files: { ...goodPackage, "manifest.yaml": manifest, "bin/example": nodeScript },
    });
    expect((await lint(folder, ["--fix", "--platform", "darwin/arm64"])).code).toBe(0);
    expect(await readFile(join(folder, "manifest.yaml"), "utf8")).toContain("os: darwin\n    arch: arm64\n");
  });

  it("colours on request only, where stdout is no terminal", async () => {
    const folder = await layOut({ files: wrongPackage });
    expect((await lint(folder, [])).stdout).not.toContain("\u001B");
    expect((await lint(folder, [], { FORCE_COLOR: "1" })).stdout).toContain("\u001B[31merror");
    expect((await lint(folder, [], { FORCE_COLOR: "1", NO_COLOR: "1" })).stdout).not.toContain("\u001B");
  });

  it.each([
    [
      ["nowhere"],
      "gestalt-runtime: nowhere can't be read: ENOENT: no such file or directory, stat 'nowhere'\n",
    ],
    [
      ["other.yaml"],
      "gestalt-runtime: other.yaml does not show what it is; say it with --kind manifest|schema|release|archive|config\n",
    ],
    [
      ["--kind", "plugin"],
      "error: option '--kind <kind>' argument 'plugin' is invalid. Allowed choices are manifest, schema, release, archive, config.",
    ],
    [
      ["--platform", "linux/x64"],
      "error: option '--platform <os/arch>' argument 'linux/x64' is invalid. Write os/arch in Go's names, such as linux/amd64.",
    ],
    [["--format", "xml"], "error: option '--format <format>' argument 'xml' is invalid."],
  ])("ends with 2 on %j", async (args, text) => {
    const folder = await layOut({ files: { "other.yaml": "a: 1\n" } });
    const { code, stdout, stderr } = await lint(folder, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(text);
  });

  it("takes a file for what one says it is", async () => {
    const folder = await layOut({ files: { "other.yaml": "a: 1\n" } });
    const { code, stdout } = await lint(folder, ["--kind", "manifest", "other.yaml"]);
    expect(code).toBe(1);
    expect(stdout).toContain("other.yaml:1:1 error a is no field of a manifest\n");
  });
});
