import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePackage, own, ownName, stub, temporaryFolder } from "../release/package-fixture.js";
import { command, runCommand } from "./run-command.js";

const file = `gestalt-plugin-tiny_v2.0.0_${own.os}_${own.arch}.tar.gz`;

describe("gestalt-runtime package", { timeout: 90_000 }, () => {
  it("makes a release of the folder that it stands in, and says what and where", async () => {
    const folder = await makePackage();
    const { code, stdout, stderr } = await runCommand(
      ["package", "--artifact", "script", "--version", "2.0.0", "--output", "out", "--source-map"],
      { cwd: folder },
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        new RegExp(
          `^github\\.com/example/runtimes/tiny 2\\.0\\.0\\n  ${ownName}: ${file.replaceAll(".", "\\.")}, 0\\.0 MB, script, starts bin/tiny\\.mjs\\n    sha256 [0-9a-f]{64}\\nout/provider-release\\.yaml is what the host installs\\n$`,
        ),
      ) as string,
    });
    expect(stderr).toMatch(
      new RegExp(`^bundling src/main.ts\npacking ${file}\nwarning: a script can't start`),
    );
    expect((await readdir(join(folder, "out"))).sort()).toEqual(
      ["checksums.txt", file, `${file}.map`, "provider-release.yaml"].sort(),
    );
  });

  it("ends with 1 where the package is at fault, and says why", async () => {
    const folder = await makePackage({ "src/main.ts": `${stub}console.log(__dirname);` });
    const { code, stdout, stderr } = await runCommand(["package", folder]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^bundling src\/main\.ts\ngestalt-runtime: the program src\/main\.ts can't work as one file:\n {2}src\/main\.ts:2 /,
    );
  });

  it.each(["SIGTERM", "SIGINT"] as const)("removes what is half done at %s", async (signal) => {
    const [folder, temporary] = [await makePackage(), await temporaryFolder()];
    const before = await readdir(folder);
    const child = spawn(process.execPath, [command, "package", folder, "--platform", ownName], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(child, "exit");
    let stderr = "";
    for await (const text of child.stderr.setEncoding("utf8")) {
      stderr += text as string;
      if (stderr.includes("packing") && !child.killed) {
        // Not before there is something to remove.
        while (!(await readdir(temporary)).some((name) => name.startsWith("gestalt-executable-")))
          await new Promise(setImmediate);
        child.kill(signal);
      }
    }
    const [code] = (await ended) as [number];
    expect(code).toBe(signal === "SIGTERM" ? 143 : 130);
    expect(await readdir(temporary)).toEqual([]);
    expect(await readdir(folder)).toEqual(before);
  });

  it.each([
    [
      ["--artifact", "image"],
      "error: option '--artifact <kind>' argument 'image' is invalid. Allowed choices are executable, script.",
    ],
    [
      ["--platform", "linux/amd64,darwin-x64"],
      "error: option '--platform <os/arch,...>' argument 'linux/amd64,darwin-x64' is invalid. darwin-x64 is no platform; write darwin/amd64",
    ],
    [
      ["--platform", "linux/amd64,"],
      "error: option '--platform <os/arch,...>' argument 'linux/amd64,' is invalid. It has an empty part; write names with commas between them",
    ],
    [
      ["--version", "v1.0.0"],
      "error: option '--version <version>' argument 'v1.0.0' is invalid. It is no semantic version; write 1.0.0",
    ],
    [
      ["--node", "linux/riscv64=/x/node"],
      "error: option '--node <[os/arch=]binary>' argument 'linux/riscv64=/x/node' is invalid. linux/riscv64 is no platform; write os/arch by Go's names, such as linux/amd64",
    ],
    [
      ["--node", "linux/arm64="],
      "error: option '--node <[os/arch=]binary>' argument 'linux/arm64=' is invalid. It names no file; write the path of a Node.js binary, or os/arch=path",
    ],
    [
      ["--node", "/a=b/node", "--node", "/c/node"],
      `error: option '--node <[os/arch=]binary>' argument '/c/node' is invalid. ${ownName} has /a=b/node already; give each platform one`,
    ],
    [
      ["--artifact", "script", "--node", "/x/node"],
      "gestalt-runtime: --node: a script holds no Node.js; leave it out, or take --artifact executable",
    ],
    [["--nod", "x"], "error: unknown option '--nod'\n(Did you mean --node?)"],
    [["--output"], "error: option '--output <folder>' argument missing"],
    [["a", "b"], "error: too many arguments for 'package'. Expected 1 argument but got 2."],
  ])("ends with 2 on %j, with what to write instead", async (args, text) => {
    const { code, stdout, stderr } = await runCommand(["package", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.slice(0, text.length + 1)).toBe(`${text}\n`);
  });

  it("lists its options", async () => {
    const { code, stdout } = await runCommand(["package", "--help"]);
    expect(code).toBe(0);
    for (const flag of ["--artifact", "--platform", "--version", "--output", "--entry", "--node", "--allow"])
      expect(stdout).toContain(`  ${flag} `);
  });
});
