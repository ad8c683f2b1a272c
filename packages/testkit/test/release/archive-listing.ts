import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the system's own tar says of an archive: `<mode> <owner>/<group> <path>` of each entry. */
export async function listArchive(archive: string): Promise<string[]> {
  const args = [
    "--list",
    "--verbose",
    "--numeric-owner",
    "--full-time",
    "--utc",
    "--gzip",
    "--file",
    archive,
  ];
  const { stdout } = await run("tar", args);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [mode = "", owner = "", , date = "", time = "", ...name] = line.split(/\s+/);
      return [mode, owner, date, time, ...name].join(" ");
    });
}

/** A file of an archive, read by the system's own tar. */
export async function readFromArchive(archive: string, path: string): Promise<string> {
  const args = ["--extract", "--to-stdout", "--gzip", "--file", archive, path];
  return (await run("tar", args, { maxBuffer: 512 * 1024 * 1024 })).stdout;
}

export async function unpackArchive(archive: string, folder: string): Promise<void> {
  await run("tar", ["--extract", "--gzip", "--file", archive, "--directory", folder]);
}
