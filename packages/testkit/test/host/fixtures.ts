import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../.fixtures", import.meta.url));

/** The bundled program of `test/fixtures/<name>.ts`. */
export function fixture(name: string): string {
  const path = join(folder, `${name}.mjs`);
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing; run node scripts/build-fixtures.mjs testkit`);
}

/** A directory of the test's own for everything that a host makes; it must be empty again when the test is over. */
export class TestDirectory implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<TestDirectory> {
    return new TestDirectory(await mkdtemp(join(tmpdir(), "t-")));
  }

  /** What is left in it, or in a folder of it. */
  async left(folder = ""): Promise<readonly string[]> {
    return readdir(join(this.path, folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The ids of all living processes whose command line or environment holds a text. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const parts = await Promise.all(
        ["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8")),
      );
      if (parts.some((part) => part.includes(text))) found.push(pid);
    } catch {
      // It has ended, or is somebody else's.
    }
  }
  return found;
}
