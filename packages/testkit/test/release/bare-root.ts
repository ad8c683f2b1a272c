import { execFile } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Makes a root directory of a machine that has nothing but what a program of the C and C++ languages is linked with:
 * no Node.js, no shell, no /proc, no /dev. The program is `/program` in it, by itself.
 */
export async function makeBareRoot(folder: string, program: string): Promise<void> {
  const { stdout } = await run("ldd", [program]);
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  for (const library of libraries) {
    await mkdir(join(folder, dirname(library)), { recursive: true });
    await copyFile(library, join(folder, library));
  }
  await copyFile(program, join(folder, "program"));
  await mkdir(join(folder, "run"));
}

/** Why a program can't be started in another root directory here; undefined where it can. */
export function whyNoBareRoot(): string | undefined {
  if (process.platform !== "linux") return "only Linux has it";
  return process.getuid?.() === 0 ? undefined : "only root may change the root directory";
}
