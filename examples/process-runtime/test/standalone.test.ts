import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { startPlugin, startRuntime, testDirectory } from "./support.js";

const here = fileURLToPath(new URL("..", import.meta.url));
const monorepo = join(here, "../..");
const run = promisify(execFile);
/** What is made from the sources, and the tests, which belong to the monorepo. */
const leftOut = new Set(["node_modules", "dist", "release", "test"]);

interface PackageJson {
  readonly packageManager: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

const readPackage = async (folder: string): Promise<PackageJson> =>
  JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as PackageJson;

/** As an author's shell has it: not what this test's own npm and vitest have set. */
async function npm(folder: string, ...args: string[]): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, CI: "true" };
  await run("npm", args, { cwd: folder, env, maxBuffer: 16 << 20 }).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm ${args.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  });
}

/** Packs a package as pnpm publishes it; gives what a package.json names it by. */
async function packed(name: string, folder: string): Promise<string> {
  const { packageManager } = await readPackage(monorepo);
  const args = ["--yes", packageManager, "pack", "--pack-destination", folder];
  await run("npx", args, { cwd: join(monorepo, "packages", name) });
  const archive = (await readdir(folder)).find((file) => file.startsWith(`gestalt-runtime-${name}-`));
  return `file:${join(folder, archive ?? "missing.tgz")}`;
}

describe("the process runtime outside of the monorepo", () => {
  it(
    "PROC-1, PLUG-4, SESS-8: is built by itself against the published packages, and what was built hosts a plugin",
    { timeout: 600_000 },
    async () => {
      const outside = await mkdtemp("/tmp/gprs-");
      onTestFinished(() => rm(outside, { recursive: true }));
      const folder = join(outside, "process-runtime");
      await mkdir(folder);
      await cp(here, folder, { recursive: true, filter: (from) => !leftOut.has(basename(from)) });
      const [sdk, testkit] = [await packed("sdk", outside), await packed("testkit", outside)];
      const { dependencies, devDependencies, ...rest } = await readPackage(folder);
      const own = {
        ...rest,
        dependencies: { ...dependencies, "@gestalt-runtime/sdk": sdk },
        devDependencies: { ...devDependencies, "@gestalt-runtime/testkit": testkit },
        // The testkit asks the registry for the SDK of its own version.
        overrides: { "@gestalt-runtime/sdk": "$@gestalt-runtime/sdk" },
      };
      expect(JSON.stringify(own)).not.toContain("workspace:");
      await writeFile(join(folder, "package.json"), JSON.stringify(own));
      await npm(folder, "install", "--no-audit", "--no-fund", "--prefer-offline");
      await npm(folder, "run", "types");
      await npm(folder, "run", "build");

      const command = join(folder, "dist/process-runtime.mjs");
      const provider = await startRuntime(await testDirectory(), undefined, { command });
      expect(provider.process.pid).toBeGreaterThan(0);
      const { execute } = await startPlugin(provider);
      expect(await execute("echo", { built: "outside" })).toEqual({ built: "outside" });
    },
  );
});
