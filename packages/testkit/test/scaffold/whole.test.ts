import { execFile } from "node:child_process";
import { cp, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startGestaltd } from "../../src/host/index.js";
import { fixturePlugin } from "../../src/plugins/launch.js";
import { runCommand } from "../cli/run-command.js";
import { TestDirectory } from "../host/fixtures.js";

const minimalRuntime = fileURLToPath(
  new URL("../../../../examples/minimal-runtime/dist/minimal-runtime.mjs", import.meta.url),
);
const runners = fileURLToPath(new URL("runners", import.meta.url));
const packages = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);

/** As pnpm publishes it: only there do the workspace's own ranges become versions. */
async function pack(name: string, destination: string): Promise<void> {
  const root = await readFile(join(packages, "../package.json"), "utf8");
  const { packageManager } = JSON.parse(root) as { packageManager: string };
  await run("npx", ["--yes", packageManager, "pack", "--pack-destination", destination], {
    cwd: join(packages, name),
  });
}

describe("a new package, from the packed packages alone", () => {
  it(
    "PLUG-4, SESS-8: installs, passes its own tests at both levels and its conformance script, hosts by node:test, and makes a release that a host installs",
    { timeout: 900_000 },
    async () => {
      await using directory = await TestDirectory.make();
      const path = (name: string): string => join(directory.path, name);
      for (const name of ["sdk", "testkit"]) await pack(name, directory.path);
      const archives = await readdir(directory.path);
      const archive = (name: string): string => {
        const found = archives.find((file) => file.startsWith(`gestalt-runtime-${name}-`));
        return `file:${path(found ?? "missing.tgz")}`;
      };
      const make = async (name: string, level: "1" | "2"): Promise<void> => {
        const flags = ["--level", level, "--sdk", archive("sdk"), "--testkit", archive("testkit")];
        expect(await runCommand(["new", path(name), ...flags])).toMatchObject({ code: 0, stderr: "" });
      };
      const npm = (folder: string, ...args: string[]): Promise<string> =>
        run("npm", args, {
          cwd: path(folder),
          // As an author's shell has it: not what this test's own npm and vitest have set.
          env: { PATH: process.env.PATH, HOME: process.env.HOME, CI: "true", TMPDIR: directory.path },
          maxBuffer: 16 << 20,
        }).then(
          ({ stdout }) => stdout,
          (error: unknown) => {
            const { stdout, stderr } = error as { stdout: string; stderr: string };
            throw new Error(`npm ${args.join(" ")} in ${folder} failed:\n${stdout}\n${stderr}`, {
              cause: error,
            });
          },
        );

      await make("two", "2");
      await npm("two", "install", "--no-audit", "--no-fund", "--prefer-offline");
      expect(await npm("two", "test")).toMatch(/Tests .*7 passed/);
      // The script asks itself of the package; a part of the suite is enough to show that it can.
      expect(await npm("two", "run", "conformance", "--", "--area", "lifecycle")).toMatch(
        /^What was checked conforms: \d+ passed/m,
      );
      // An author's own tests, by the runner that comes with Node.js: they have to end by themselves.
      await cp(runners, path("two/runners"), { recursive: true });
      const byNode = ["--test", "--test-reporter=tap", "runners/by-node.mjs"];
      const { stdout } = await run(process.execPath, byNode, {
        cwd: path("two"),
        env: { PATH: process.env.PATH, TMPDIR: directory.path, PROVIDER: minimalRuntime },
        timeout: 120_000,
      });
      expect(stdout).toMatch(/^# pass 1$/m);
      expect(await npm("two", "run", "package")).toContain(
        "release/provider-release.yaml is what the host installs",
      );
      await using gestaltd = await startGestaltd({
        tmpDir: directory.path,
        runtimeProviders: { two: { source: path("two/release/provider-release.yaml") } },
        plugins: { example: fixturePlugin() },
      });
      expect(await gestaltd.execute("example", "echo", { a: 1 })).toMatchObject({
        status: 200,
        body: '{"a":1}',
      });

      await make("one", "1");
      // The same packages: what differs is the sources.
      await symlink(path("two/node_modules"), path("one/node_modules"));
      expect(await npm("one", "test")).toMatch(/Tests .*7 passed/);
    },
  );
});
