import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { lintFiles } from "../../src/lint/index.js";
import { newProvider, type NewProviderOptions } from "../../src/scaffold/new-provider.js";
import { runCommand } from "../cli/run-command.js";
import { ConsoleProcess } from "../console/console-process.js";
import { TestDirectory } from "../host/fixtures.js";

const common = [
  ...[".github/workflows/ci.yml", ".gitignore", "README.md", "build.mjs", "config.schema.json"],
  ...["manifest.yaml", "package.json"],
];
const tests = [
  "test/config.test.ts",
  "test/host.ts",
  "test/hosting.test.ts",
  "tsconfig.json",
  "vitest.config.ts",
];
const sources = {
  1: ["src/config.ts", "src/main.ts", "src/process-runtime.ts", "src/process-session.ts"],
  2: ["src/backend.ts", "src/config.ts", "src/main.ts"],
} as const;

describe("gestalt-runtime new", { timeout: 120_000 }, () => {
  let parent: TestDirectory;
  let folder: string;

  beforeEach(async () => {
    parent = await TestDirectory.make();
    folder = join(parent.path, "Acme Runtime");
  });

  afterEach(() => parent[Symbol.asyncDispose]());

  const options = (more: Partial<NewProviderOptions> = {}): NewProviderOptions => ({
    folder,
    name: "acme-runtime",
    source: "github.com/acme/runtimes/acme-runtime",
    level: 2,
    conformance: true,
    dependencies: { sdk: "^1.0.0", testkit: "^1.0.0" },
    ...more,
  });

  const read = (path: string): Promise<string> => readFile(join(folder, path), "utf8");

  it.each([1, 2] as const)("writes a package of level %d, without a mark left open", async (level) => {
    expect(await newProvider(options({ level }))).toEqual([...common, ...sources[level], ...tests]);
    for (const path of [...common, ...sources[level], ...tests])
      expect(await read(path)).not.toMatch(/__[A-Z]/);
    expect(JSON.parse(await read("package.json"))).toMatchObject({
      name: "acme-runtime",
      bin: { "acme-runtime": "dist/acme-runtime.mjs" },
      dependencies: { "@gestalt-runtime/sdk": "^1.0.0" },
      devDependencies: { "@gestalt-runtime/testkit": "^1.0.0" },
    });
    // All that lint has to say before a build is that there is none.
    const { findings } = await lintFiles([folder]);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(["manifest/artifact-file"]);
  });

  it("runs the conformance suite in CI where the command has one, and does not where it has not", async () => {
    await newProvider(options());
    const steps = async () => {
      const { jobs } = parse(await read(".github/workflows/ci.yml")) as {
        jobs: { ci: { steps: { run?: string }[] } };
      };
      return jobs.ci.steps.flatMap(({ run }) => run ?? []);
    };
    const scripts = async () =>
      (JSON.parse(await read("package.json")) as { scripts: Record<string, string> }).scripts;
    expect(await steps()).toContain("npm run conformance");
    expect(await scripts()).toHaveProperty("conformance");
    folder = join(parent.path, "without");
    await newProvider(options({ conformance: false }));
    expect(await steps()).toEqual(["npm install", "npm test", "npm run package"]);
    expect(Object.keys(await scripts())).toEqual(["build", "dev", "lint", "types", "test", "package"]);
    expect(await read("README.md")).not.toContain("conformance");
  });

  it("takes an archive of the SDK for the testkit too", async () => {
    await newProvider(options({ dependencies: { sdk: "file:/x/sdk.tgz", testkit: "file:/x/testkit.tgz" } }));
    expect(JSON.parse(await read("package.json"))).toMatchObject({
      dependencies: { "@gestalt-runtime/sdk": "file:/x/sdk.tgz" },
      overrides: { "@gestalt-runtime/sdk": "$@gestalt-runtime/sdk" },
    });
  });

  it("asks nothing where there is no terminal: the folder gives the name", async () => {
    const { code, stdout, stderr } = await runCommand(["new", "Acme Runtime"], { cwd: parent.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^acme-runtime, level 2, in Acme Runtime:\n {2}\.github\/workflows\/ci\.yml\n/);
    expect(stdout).toContain("  cd 'Acme Runtime'\n  npm install\n");
    expect(await read("manifest.yaml")).toContain("source: github.com/your-org/your-repo/acme-runtime\n");
    expect(await read("package.json")).toContain('"@gestalt-runtime/sdk": "^0.1.0"');
  });

  it("on a terminal asks for what is not given, and again after an answer that can't be", async () => {
    await using run = await ConsoleProcess.inTerminal(`new '${folder}' --level 1`);
    await run.shows(/Name\? \(acme-runtime\) /);
    run.type("Acme Cloud\r");
    await run.shows("with dashes between; write acme-cloud");
    run.type("acme-cloud\r");
    await run.shows(/Source\? \(github\.com\/your-org\/your-repo\/acme-cloud\) /);
    run.type("github.com/acme\r");
    await run.shows("it is not the name of a package: it lacks a path after the repository");
    run.type("\r");
    expect(await run.ends()).toBe(0);
    expect(await read("package.json")).toContain('"name": "acme-cloud"');
    expect(await readdir(join(folder, "src"))).toContain("process-runtime.ts");
  });

  it("Ctrl-C at a question ends it, and nothing is written", async () => {
    await using run = await ConsoleProcess.inTerminal(`new '${folder}'`);
    await run.shows(/Name\? /);
    run.type("\u0003");
    expect(await run.ends()).toBe(130);
    expect(await readdir(parent.path)).toEqual([]);
  });

  it("leaves a folder alone that is not empty, and takes one with a fresh repository in it", async () => {
    await mkdir(join(folder, ".git"), { recursive: true });
    for (const name of ["a", "b", "c", "d"]) await writeFile(join(folder, name), "");
    const refused = await runCommand(["new", folder]);
    expect(refused).toEqual({
      code: 2,
      stdout: "",
      stderr: `gestalt-runtime: ${folder} is not empty (a, b, c, ...); name a folder that is not there yet, or an empty one\n`,
    });
    expect((await readdir(folder)).sort()).toEqual([".git", "a", "b", "c", "d"]);
    const fresh = join(parent.path, "fresh");
    await mkdir(join(fresh, ".git"), { recursive: true });
    expect((await runCommand(["new", fresh])).code).toBe(0);
  });

  it("removes what is half written when it can't go on", async () => {
    // So long that a folder in it still has a path, and the file in that has none.
    const longest = 4_095 - "/.github/workflows".length;
    folder = parent.path;
    while (longest - folder.length > 202) folder = join(folder, "x".repeat(100));
    folder = join(folder, "x".repeat(longest - folder.length - 1));
    await mkdir(folder, { recursive: true });
    await expect(newProvider(options())).rejects.toMatchObject({ code: "ENAMETOOLONG" });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [
      ["x", "--name", "My Runtime"],
      "error: option '--name <name>' argument 'My Runtime' is invalid. It must be lower-case letters and digits, with dashes between; write my-runtime.",
    ],
    [
      ["x", "--source", "https://github.com/Acme/Runtimes/mine"],
      "is invalid. It is not the name of a package; write github.com/acme/runtimes/mine.",
    ],
    [
      ["x", "--level", "3"],
      "error: option '--level <level>' argument '3' is invalid. Allowed choices are 1, 2.",
    ],
    [[], "error: missing required argument 'folder'"],
    [
      ["/dev/null"],
      "gestalt-runtime: /dev/null is a file; name a folder that is not there yet, or an empty one",
    ],
  ])("ends with 2 on %j, with what to write instead", async (args, text) => {
    const { code, stdout, stderr } = await runCommand(["new", ...args], { cwd: parent.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(text);
    expect(await readdir(parent.path)).toEqual([]);
  });
});
