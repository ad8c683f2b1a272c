import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CheckContext } from "../../check/context.js";

const run = promisify(execFile);

/** A git repository on this machine. */
export interface Repository {
  readonly url: string;
  readonly ref: string;
  /** A file in it. */
  readonly file: string;
  /** A link in it that leads to `outside`, which is in no workspace. */
  readonly link: string;
  readonly outside: string;
}

/** Makes one in the check's own directory, outside of all that a provider has. */
export async function makeRepository(t: CheckContext): Promise<Repository> {
  const folder = join(t.place.directory, `repository-${t.random.hex(6)}`);
  const outside = join(t.place.directory, `outside-${t.random.hex(6)}`);
  for (const path of [folder, outside]) await mkdir(t.place.ofSuite(path), { recursive: true });
  await writeFile(join(folder, "README.md"), "checked out\n");
  await symlink(outside, join(folder, "way-out"));
  const git = async (...args: string[]): Promise<void> => {
    const who = ["-c", "user.name=suite", "-c", "user.email=suite@example.com", "-c", "commit.gpgsign=false"];
    const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
    try {
      await run("git", [...who, ...args], { cwd: folder, env });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        t.missing("git is not installed: apt-get install git");
      throw error;
    }
  };
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--quiet", "--message=first");
  return { url: `file://${folder}`, ref: "main", file: "README.md", link: "way-out", outside };
}
