import { execFile } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { TestDirectory } from "../host/fixtures.js";

const run = promisify(execFile);
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Here and not in `npm test`: Jest has some 250 packages to install. */
it("PLUG-4: hosts a plugin in a test of Jest's, which ends by itself", { timeout: 900_000 }, async () => {
  await using directory = await TestDirectory.make();
  const folder = join(directory.path, "project");
  await cp(at("runners"), folder, { recursive: true });
  const own = { private: true, type: "module", devDependencies: { jest: "^30.0.0" } };
  await writeFile(join(folder, "package.json"), JSON.stringify(own));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, CI: "true", TMPDIR: directory.path };
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder, env });
  await mkdir(join(folder, "node_modules/@gestalt-runtime"));
  for (const name of ["sdk", "testkit"])
    await symlink(at(`../../../${name}`), join(folder, "node_modules/@gestalt-runtime", name));
  const provider = at("../../../../examples/minimal-runtime/dist/minimal-runtime.mjs");
  // Jest says so, and waits, where a test leaves a handle open: the limit is for that.
  const { stderr } = await run("npx", ["jest", "--testMatch", "**/by-jest.mjs"], {
    cwd: folder,
    env: { ...env, PROVIDER: provider, NODE_OPTIONS: "--experimental-vm-modules" },
    timeout: 300_000,
  });
  expect(stderr).toMatch(/^Tests: +1 passed, 1 total$/m);
  expect(stderr).not.toContain("did not exit");
});
