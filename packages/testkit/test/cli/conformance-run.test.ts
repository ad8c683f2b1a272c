import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { isProcessAlive } from "@gestalt-runtime/sdk/processes";
import { describe, expect, it } from "vitest";
import type { ConformanceReport } from "../../src/conformance/reports/report.js";
import { ConsoleProcess } from "../console/console-process.js";
import { referenceProvider } from "../conformance/subjects.js";
import { TestDirectory, processesWith } from "../host/fixtures.js";
import { runCommand, type Run } from "./run-command.js";

const version = "lifecycle/configure-provider/answers-version-3";
const answers = "support/get-support/answers";
const run = (...args: string[]): Promise<Run> => runCommand(["conformance", ...args], { cwd: "/tmp" });

describe("gestalt-runtime conformance at a terminal", { timeout: 300_000 }, () => {
  it("holds what a failed check has started until Enter is pressed, then leaves nothing", async () => {
    await using at = await ConsoleProcess.inTerminal(
      `conformance --hold --check ${version} --check ${answers} -- ${referenceProvider} --fault version-left-out`,
    );
    await at.shows(`held: ${version}`);
    await at.shows("press Enter to go on");
    const text = stripVTControlCharacters(at.stdout);
    expect(text).toContain("the protocol version in ConfigureProvider's answer is 0; expected 3");
    const pid = Number(/provider process (\d+), socket \/\S+/.exec(text)?.[1]);
    const folder = /its temporary folder (\/tmp\/gcf-\w+)/.exec(text)?.[1] ?? "none";
    expect(isProcessAlive(pid)).toBe(true);
    expect(await processesWith(folder)).toContain(pid);
    at.type("\r");
    expect(await at.ends()).toBe(1);
    expect(isProcessAlive(pid)).toBe(false);
    expect(await processesWith(folder)).toEqual([]);
    // The rest went on.
    expect(stripVTControlCharacters(at.stdout)).toMatch(/Not conformant: 1 passed, 1 failed|first mend /);
  });

  it("holds until it is interrupted, too", async () => {
    await using at = await ConsoleProcess.inTerminal(
      `conformance --hold --check ${version} -- ${referenceProvider} --fault version-left-out`,
    );
    await at.shows("press Enter to go on");
    at.type("\u0003");
    expect(await at.ends()).toBe(130);
    expect(stripVTControlCharacters(at.stdout)).toContain("Interrupted: ");
  });

  it("fills up a row for each area in place, and leaves it with the verdicts above the report", async () => {
    await using at = await ConsoleProcess.inTerminal(
      `conformance --check ${answers} --check ${version} -- ${referenceProvider} --fault version-left-out`,
    );
    expect(await at.ends()).toBe(1);
    const rows = screenOf(at.stdout).split("\n");
    const shown = rows.filter((row) => /^(lifecycle|support) /.test(row));
    expect(shown).toEqual([
      expect.stringMatching(/^lifecycle {3}✗ 1\/1$/) as string,
      expect.stringMatching(/^support {5}[●◌] 1\/1$/) as string,
    ]);
    expect(rows.indexOf(shown[1] ?? "")).toBeLessThan(
      rows.findIndex((row) => row.startsWith(`failed ${version}`)),
    );
    // What ran at the moment was there, and is not there any more.
    expect(stripVTControlCharacters(at.stdout)).toMatch(new RegExp(`(${answers}|${version}) \\d+ s`));
    expect(rows.join("\n")).not.toMatch(/ \d+ s$/m);
    expect(at.stdout).toContain("\u001b[31m✗\u001b[39m");
  });

  it("writes no colours where NO_COLOR asks for none", async () => {
    await using at = await ConsoleProcess.inTerminal(
      `conformance --check ${answers} -- ${referenceProvider}`,
      {
        NO_COLOR: "1",
      },
    );
    expect(await at.ends()).toBe(0);
    // eslint-disable-next-line no-control-regex
    expect(at.stdout).not.toMatch(/\u001b\[\d+m/);
    expect(screenOf(at.stdout)).toContain("support     ● 1/1");
  });
});

describe("gestalt-runtime conformance", { timeout: 300_000 }, () => {
  it("--repeat counts the worst verdict, and says how often each came", async () => {
    await using folder = await TestDirectory.make();
    // The first start is for a look, the second is the check's first round: that one is broken.
    const launcher = join(folder.path, "launch");
    const count = join(folder.path, "count");
    await writeFile(
      launcher,
      `#!/bin/sh\necho >> ${count}\nif [ "$(wc -l < ${count})" = 2 ]; then set -- --fault version-left-out; fi\nexec ${referenceProvider} "$@"\n`,
      { mode: 0o755 },
    );
    const report = join(folder.path, "report.json");
    const { code, stdout } = await run(
      "--repeat",
      "3",
      "--check",
      version,
      `--report=json=${report}`,
      "--",
      launcher,
    );
    expect(code).toBe(1);
    expect(stdout).toContain("  not always: failed 1×, passed 2×\n");
    const { checks, run: how } = JSON.parse(await readFile(report, "utf8")) as ConformanceReport;
    expect(checks).toMatchObject([{ id: version, verdict: "failed", unsteady: { failed: 1, passed: 2 } }]);
    expect(how.repeat).toBe(3);
  });

  it("--repeat with --bail ends after the round that was not passed", async () => {
    await using folder = await TestDirectory.make();
    const report = join(folder.path, "report.json");
    const given = ["--repeat", "3", "--bail", "--check", version, `--report=json=${report}`];
    const { code } = await run(...given, "--", referenceProvider, "--fault", "version-left-out");
    expect(code).toBe(1);
    expect((JSON.parse(await readFile(report, "utf8")) as ConformanceReport).run.repeat).toBe(1);
  });

  // A disk that is full, as the command sees it: the first so many temporary folders can be made, and no more.
  const fullDisk = (folders: number): string =>
    `data:text/javascript,${encodeURIComponent(
      `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
       const { mkdtemp } = fs.promises; let left = ${folders};
       fs.promises.mkdtemp = async (prefix, options) => {
         if (prefix !== "/tmp/gcf-" || left-- > 0) return mkdtemp(prefix, options);
         throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
       };
       syncBuiltinESMExports();`,
    )}`;

  it.each([
    [0, "stderr", /the suite failed: Error: ENOSPC: no space left on device\n +at /],
    [
      1,
      "stdout",
      /^error +lifecycle\/configure-provider\/answers-version-3[^]*ENOSPC[^]*1 met a fault of the suite/m,
    ],
  ] as const)(
    "ends with 4 for a fault that is not the provider's: no space after %i folders",
    async (folders, stream, text) => {
      const found = await runCommand(["conformance", "--check", version, "--", referenceProvider], {
        cwd: "/tmp",
        nodeArgs: ["--import", fullDisk(folders)],
      });
      expect({ code: found.code, text: found[stream] }).toEqual({
        code: 4,
        text: expect.stringMatching(text) as string,
      });
    },
  );

  it("takes seed, strict, parallel and bail from its config, and the command line's word before that", async () => {
    await using folder = await TestDirectory.make();
    const config = join(folder.path, "conformance.yaml");
    const report = join(folder.path, "report.json");
    await writeFile(
      config,
      `provider: {command: ${referenceProvider}, args: [--fault, version-left-out]}\nseed: 7\nstrict: true\nparallel: 1\nbail: true\n`,
    );
    const read = async (...more: string[]): Promise<ConformanceReport> => {
      await run("--config", config, "--area", "lifecycle", `--report=json=${report}`, ...more);
      return JSON.parse(await readFile(report, "utf8")) as ConformanceReport;
    };
    const given = await read();
    expect(given.run).toMatchObject({ seed: 7, strict: true });
    const red = given.checks.filter(({ verdict }) => verdict === "failed" || verdict === "blocked");
    expect(red).toEqual(given.checks.slice(-1));
    expect((await read("--seed", "8")).run).toMatchObject({ seed: 8, strict: true });
  });

  it("refuses a config with every offending place by its name", async () => {
    await using folder = await TestDirectory.make();
    const config = join(folder.path, "conformance.yaml");
    await writeFile(config, "sede: 7\nseed: -1\nstrict: sometimes\nparallel: 0\nbail: 1\n");
    const { code, stderr } = await run("--config", config, "--", referenceProvider);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`${config} breaks the suite's schema in 5 places`) as string,
    });
    for (const name of ["sede", "seed", "strict", "parallel", "bail"])
      expect(stderr).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it.each([
    ["json=/nonexistent/report.json", "there is no folder /nonexistent; make it first"],
    ["html=/tmp", "that is a folder; write a file's path"],
  ])("refuses --report %s before anything is started", async (report, text) => {
    const { code, stdout, stderr } = await run(
      "--report",
      report,
      "--check",
      version,
      "--",
      referenceProvider,
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining(`--report ${report}: ${text}`) as string,
    });
  });
});

/** What a terminal shows in the end, of the few things that are written: text, and rows that are written anew. */
function screenOf(output: string): string {
  const lines = [""];
  let row = 0;
  const escape = "\u241b";
  const pieces = output
    .replaceAll("\u001b", escape)
    .replaceAll(/\u241b\[\d*m/g, "")
    .matchAll(/\u241b\[(\d+)A|\u241b\[0?(J)|\u241b\[\d+G|(\r?\n)|([^\u241b\r\n]+)|[^]/g);
  for (const [, up, clear, end, text] of pieces) {
    if (up !== undefined) row = Math.max(0, row - Number(up));
    else if (clear !== undefined) lines.splice(row, Infinity, "");
    else if (end !== undefined) lines[(row += 1)] ??= "";
    else lines[row] = (lines[row] ?? "") + (text ?? "");
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
