import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCommand } from "../cli/run-command.js";
import { TestDirectory } from "../host/fixtures.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly id?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly run?: string;
      readonly uses?: string;
    }[];
  };
}

const action = parse(await readFile(join(root, "action.yml"), "utf8")) as Action;
/** Inputs that are no option of the command. */
const own = ["target", "working-directory", "reports", "artifact"];
const flags = Object.keys(action.inputs).filter((name) => !own.includes(name));
const { stdout: help } = await runCommand(["--help"]);
const hasConformance = /^ {2}conformance /m.test(help);

describe("the GitHub action", () => {
  it("is a composite one whose inputs are described, have a default, and reach its script as variables", () => {
    expect(action.runs.using).toBe("composite");
    for (const [name, input] of Object.entries(action.inputs))
      expect({ name, ...input }).toEqual({
        name,
        description: expect.stringMatching(/\.$/) as string,
        default: expect.any(String) as string,
      });
    const env = action.runs.steps[0]?.env ?? {};
    for (const name of Object.keys(action.inputs).filter((one) => one !== "artifact"))
      expect(env).toHaveProperty(
        `INPUT_${name.toUpperCase().replaceAll("-", "_")}`,
        `\${{ inputs.${name} }}`,
      );
    // Nothing of an input is read as a script.
    for (const { run = "" } of action.runs.steps) expect(run).not.toContain("${{");
  });

  it.runIf(hasConformance)("has an input for options that the command has, and for no others", async () => {
    const { stdout } = await runCommand(["conformance", "--help"]);
    const options = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name = ""]) => name);
    expect(flags.filter((name) => !options.includes(name))).toEqual([]);
    expect(options).toContain("report");
    for (const format of ["json", "junit", "statement"]) expect(stdout).toContain(format);
    for (const name of flags) expect(action.inputs[name]?.description).toContain(`--${name}.`);
  });
});

describe("the action's script", () => {
  let directory: TestDirectory;

  beforeEach(async () => {
    directory = await TestDirectory.make();
    await mkdir(join(directory.path, "bin"));
    // In npx's place: it writes down what it is asked for, and ends as it is told.
    await writeFile(
      join(directory.path, "bin/npx"),
      '#!/bin/sh\nprintf "%s\\n" "$@" > asked\nexit "${ENDS_WITH:-0}"\n',
    );
    await chmod(join(directory.path, "bin/npx"), 0o755);
  });

  afterEach(() => directory[Symbol.asyncDispose]());

  async function script(inputs: Record<string, string>, endsWith = "0") {
    const env = Object.fromEntries(
      Object.entries({ ...defaults(), ...inputs }).map(([name, value]) => [
        `INPUT_${name.toUpperCase().replaceAll("-", "_")}`,
        value,
      ]),
    );
    const output = join(directory.path, "output");
    const code = await new Promise<number>((resolve) => {
      execFile(
        "bash",
        [join(root, "scripts/action/conformance.sh")],
        {
          cwd: directory.path,
          env: {
            ...env,
            PATH: [join(directory.path, "bin"), process.env.PATH].join(delimiter),
            GITHUB_OUTPUT: output,
            ENDS_WITH: endsWith,
          },
        },
        (error) => resolve(typeof error?.code === "number" ? error.code : 0),
      );
    });
    const read = (name: string): Promise<string> =>
      readFile(join(directory.path, name), "utf8").catch(() => "");
    return { code, asked: (await read("asked")).split("\n").slice(0, -1), outputs: await read("output") };
  }

  const defaults = (): Record<string, string> =>
    Object.fromEntries(Object.entries(action.inputs).map(([name, { default: value }]) => [name, value]));
  const reports = (folder: string): string[] => [
    ...["--report", `json=${folder}/report.json`, "--report", `junit=${folder}/junit.xml`],
    ...["--report", `html=${folder}/report.html`, "--report", `statement=${folder}/statement.md`],
  ];

  it("with its defaults checks the manifest", async () => {
    expect(await script({})).toEqual({
      code: 0,
      asked: [
        ...["--no-install", "--", "gestalt-runtime", "conformance"],
        ...reports("conformance-reports"),
        "manifest.yaml",
      ],
      outputs: "reports=./conformance-reports\nexit-code=0\n",
    });
  });

  it("passes every input on as it is, lists line by line, and nothing to a shell", async () => {
    const { asked, outputs } = await script({
      target: "--\n./dist/my runtime.mjs\n$(touch broken)\n",
      "working-directory": "packages/mine",
      check: "session/*\n",
      area: "  session\n\n  plugin  ",
      requirement: "SESS-8",
      config: "with space.yaml",
      strict: "true",
      seed: "random",
      timeout: "call=5s\nsuite=10m",
      reports: "out",
    });
    expect(asked.slice(4)).toEqual([
      ...["--config", "with space.yaml", "--check", "session/*", "--area", "session", "--area", "plugin"],
      ...["--requirement", "SESS-8", "--seed", "random", "--timeout", "call=5s", "--timeout", "suite=10m"],
      ...["--strict", ...reports("out"), "--", "./dist/my runtime.mjs", "$(touch broken)"],
    ]);
    expect(outputs).toContain("reports=packages/mine/out\n");
  });

  it("ends as the command does, and says so", async () => {
    expect(await script({}, "3")).toMatchObject({
      code: 3,
      outputs: expect.stringContaining("exit-code=3") as string,
    });
  });

  it("refuses a strict that is neither true nor false", async () => {
    expect(await script({ strict: "yes" })).toMatchObject({ code: 2, asked: [] });
  });
});

describe("docs/ci.md", () => {
  it("shows YAML that parses, with inputs that the action has, and commands that there are", async () => {
    const page = await readFile(join(root, "docs/ci.md"), "utf8");
    const examples = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(
      ([, text = ""]) => parse(text) as unknown,
    );
    expect(examples.length).toBeGreaterThan(3);
    const uses = examples
      .flatMap((example) => (Array.isArray(example) ? (example as { uses?: string; with?: object }[]) : []))
      .filter((step) => step.uses?.startsWith("gestalt-runtime/gestalt-runtime-ts@"));
    expect(uses.length).toBeGreaterThan(2);
    for (const step of uses)
      expect(Object.keys(step.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
    for (const name of Object.keys(action.inputs)) expect(page).toContain(`\`${name}\``);
    const known = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = ""]) => name);
    for (const [, name = ""] of page.matchAll(/gestalt-runtime ([a-z]+)\b/g))
      if (name !== "conformance" || hasConformance) expect(known).toContain(name);
  });
});
