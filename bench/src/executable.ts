import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { here } from "./programs.js";
import { rowOf, type Effort, type Row } from "./row.js";
import { startSubject, type Program } from "./subject.js";

const run = promisify(execFile);

/** Turns that each takes; no fewer, since the limit is about their median. */
const rounds = 21;

/**
 * What an executable gains at the start over the script that Node.js runs: the process runtime, packaged both ways
 * by `gestalt-runtime package`, from the spawn to the first answered call.
 */
export async function measureExecutable({ isQuick }: Effort): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "gst-b-"));
  try {
    const script: Program = { name: "script", file: await packaged("script", folder) };
    const executable: Program = {
      name: "executable",
      file: await packaged("executable", folder),
      isExecutable: true,
    };
    const times = new Map<Program, number[]>([
      [script, []],
      [executable, []],
    ]);
    for (let round = -1; round < (isQuick ? 5 : rounds); round += 1) {
      for (const [program, own] of times) {
        const subject = await startSubject(program);
        // The first round warms the file cache.
        if (round >= 0) own.push(subject.startUpMs);
        await subject.stop();
      }
    }
    const [floor, own] = [times.get(script) ?? [], times.get(executable) ?? []];
    return [rowOf({ figure: "start-up, executable to script", unit: "ms", own, floor, limit: 0.95 })];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Packages the process runtime, and unpacks what the host would start. */
async function packaged(artifact: "script" | "executable", folder: string): Promise<string> {
  const [release, unpacked] = [join(folder, artifact, "release"), join(folder, artifact, "unpacked")];
  const platform = `${process.platform}/${process.arch.replace("x64", "amd64")}`;
  await run(process.execPath, [
    here("../../packages/testkit/bin/gestalt-runtime.mjs"),
    ...["package", here("../../examples/process-runtime"), "--artifact", artifact],
    ...["--platform", platform, "--output", release],
  ]);
  const archive = (await readdir(release)).find((name) => name.endsWith(".tar.gz")) ?? "";
  await mkdir(unpacked);
  await run("tar", ["--extract", "--gzip", "--file", join(release, archive), "--directory", unpacked]);
  const end = artifact === "script" ? ".mjs" : "";
  return join(unpacked, `dist/process-runtime${end}`);
}
