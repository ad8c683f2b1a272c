import { constants, type Stats } from "node:fs";
import { access, open, readdir, stat, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { isElf, readElfHeader } from "./elf.js";
import { messageOf, SpawnError, systemCode } from "./spawn-error.js";

/** What the kernel reads of a script to find its interpreter. */
const firstLineBytes = 256;
/** An interpreter may be a script itself, this deep. */
const maxInterpreters = 4;

const machineNames = new Map([
  [3, "x86"],
  [40, "arm"],
  [62, "x86-64"],
  [183, "arm64"],
  [243, "riscv64"],
]);
/** The processors whose binaries a kernel for Node's own processor may run. */
const runnable: Partial<Record<NodeJS.Architecture, readonly number[]>> = {
  x64: [62, 3],
  arm64: [183, 40],
  ia32: [3, 62],
  arm: [40, 183],
  riscv64: [243],
};
const machOMagics = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe]);

/**
 * Checks that a file can be run as it is, so that what cannot is refused by name (PLUG-6) before any process
 * exists. What is no program the C library would hand to a shell, which PLUG-1 forbids.
 *
 * @throws SpawnError
 */
export async function checkProgramFile(path: string, cwd: string): Promise<void> {
  await checkFile(path, path, cwd, 0);
}

async function checkFile(path: string, program: string, cwd: string, depth: number): Promise<void> {
  const found = await statOf(path);
  if (found.isDirectory())
    throw new SpawnError("directory", path, `${path} is a directory: name the program inside it`);
  if (!found.isFile())
    throw new SpawnError("not-a-file", path, `${path} is not a regular file: name a program's file`);
  // Root passes every access check but that of the run bits themselves.
  if ((found.mode & 0o111) === 0 || !(await mayRun(path)))
    throw new SpawnError(
      "not-executable",
      path,
      `${path} is not executable: run chmod +x on it, and look whether its file system is mounted noexec`,
    );
  const file = await openIfReadable(path);
  if (file === undefined) return;
  try {
    await checkFormat(file, path, program, cwd, depth);
  } finally {
    await file.close();
  }
}

async function checkFormat(
  file: FileHandle,
  path: string,
  program: string,
  cwd: string,
  depth: number,
): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
  const start = buffer.subarray(0, bytesRead);
  if (start[0] === 0x23 && start[1] === 0x21) return checkInterpreter(start, path, program, cwd, depth);
  if (process.platform === "darwin") {
    if (start.length >= 4 && machOMagics.has(start.readUInt32BE(0))) return;
  } else if (isElf(start)) {
    return checkElf(file, path);
  }
  throw new SpawnError(
    "bad-format",
    path,
    `${path} is neither a binary of this system nor a script that begins with #!: ` +
      "if it is a script, put its interpreter in the first line (#!/bin/sh)",
  );
}

async function checkInterpreter(
  start: Buffer,
  path: string,
  program: string,
  cwd: string,
  depth: number,
): Promise<void> {
  const line = start.toString("latin1", 2).split("\n", 1)[0] ?? "";
  const interpreter = /^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? "";
  if (interpreter === "")
    throw new SpawnError("bad-format", path, `${path} begins with #! and names no interpreter after it`);
  if (depth === maxInterpreters)
    throw new SpawnError(
      "bad-format",
      path,
      `${program} needs more than ${maxInterpreters} interpreters in a row`,
    );
  const where = resolve(cwd, interpreter);
  try {
    await checkFile(where, program, cwd, depth + 1);
  } catch (error) {
    if (!(error instanceof SpawnError) || error.reason === "missing-interpreter") throw error;
    const mend = interpreter.endsWith("\r")
      ? "the line ends in CR LF: save the script with LF line ends"
      : "install it, or name another in the script's first line";
    throw new SpawnError(
      "missing-interpreter",
      where,
      `${path} asks for the interpreter ${JSON.stringify(interpreter)}, which can't be used (${error.reason}): ${mend}`,
      { cause: error },
    );
  }
}

async function checkElf(file: FileHandle, path: string): Promise<void> {
  const header = await readElfHeader(file);
  if (header === undefined)
    throw new SpawnError(
      "bad-format",
      path,
      `${path} is a binary without a whole header of a program: it may be cut short, or not be a program`,
    );
  const able = runnable[process.arch];
  if (able !== undefined && !able.includes(header.machine) && !(await hasEmulators())) {
    const name = machineNames.get(header.machine) ?? `machine ${header.machine}`;
    throw new SpawnError(
      "bad-format",
      path,
      `${path} is built for ${name} and this machine is ${process.arch}: use a build for ${process.arch}`,
    );
  }
  if (header.loader === undefined || !able?.includes(header.machine)) return;
  try {
    await stat(header.loader);
  } catch (error) {
    throw new SpawnError(
      "missing-interpreter",
      header.loader,
      `${path} needs the loader ${header.loader}, which is not there: it is built for another C library; ` +
        "use a static build or one for this system",
      { cause: error },
    );
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new SpawnError(
        "missing",
        path,
        `${path} does not exist: a command is an absolute path, or one relative to the working directory ` +
          "(PATH is not searched)",
        { cause: error },
      );
    throw new SpawnError("failed", path, `${path} can't be looked at: ${messageOf(error)}`, { cause: error });
  }
}

async function mayRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function openIfReadable(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    // A binary may be run by who may not read it; the kernel has the last word then.
    if (systemCode(error) === "EACCES") return undefined;
    throw new SpawnError("failed", path, `${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether the kernel has been told how to run the binaries of other processors. */
async function hasEmulators(): Promise<boolean> {
  const known = await readdir("/proc/sys/fs/binfmt_misc").catch(() => []);
  return known.some((name) => name !== "register" && name !== "status");
}
