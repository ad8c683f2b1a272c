import { open, stat } from "node:fs/promises";
import { delimiter } from "node:path";
import type { StringMap } from "@gestalt-runtime/sdk";
import { SpawnError } from "@gestalt-runtime/sdk/processes";
import { resolveInRoot } from "./rooted-path.js";

/** What the kernel reads of a script to find its interpreter. */
const firstLineBytes = 256;

/**
 * Looks for a program in a guest's own root, so that what is missing there is refused by name before anything is
 * started (PLUG-6). What a binary needs besides, its loader says.
 *
 * @throws SpawnError
 */
export async function checkRootProgram(root: string, command: string, cwd: string): Promise<void> {
  const folder = await resolveInRoot(root, cwd);
  if (!folder.exists || !(await stat(folder.onHost)).isDirectory())
    throw new SpawnError(
      "cwd-missing",
      cwd,
      `the working directory ${cwd} is no directory of the guest's root (${root})`,
    );
  const file = await checkFile(root, command, `${command} does not exist in the guest's root (${root})`);
  await checkRunnable(file, command);
  const interpreter = await interpreterOf(file);
  if (interpreter === undefined) return;
  const found = await checkFile(
    root,
    interpreter,
    `${command} asks for the interpreter ${JSON.stringify(interpreter)}, which the guest's root (${root}) has not`,
    "missing-interpreter",
  );
  await checkRunnable(found, interpreter);
}

/**
 * Looks for a program that a mount brings into a guest.
 *
 * @param onHost where it lies on this machine
 * @throws SpawnError
 */
export async function checkMountedProgram(onHost: string, command: string): Promise<void> {
  if ((await stat(onHost).catch(() => undefined)) === undefined)
    throw new SpawnError(
      "missing",
      command,
      `${command} does not exist in the template's overlay (${onHost}): put it there, or name another program`,
    );
  await checkRunnable(onHost, command);
}

async function checkFile(
  root: string,
  path: string,
  missing: string,
  reason: "missing" | "missing-interpreter" = "missing",
): Promise<string> {
  const { onHost, exists } = await resolveInRoot(root, path);
  if (!exists) throw new SpawnError(reason, path, `${missing}: put it there, or name another program`);
  return onHost;
}

async function checkRunnable(onHost: string, path: string): Promise<void> {
  const found = await stat(onHost);
  if (found.isDirectory())
    throw new SpawnError("directory", path, `${path} is a directory: name the program inside it`);
  if (!found.isFile())
    throw new SpawnError("not-a-file", path, `${path} is not a regular file: name a program's file`);
  if ((found.mode & 0o111) === 0)
    throw new SpawnError("not-executable", path, `${path} is not executable: run chmod +x on it`);
}

async function interpreterOf(path: string): Promise<string | undefined> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
    const line = buffer.toString("latin1", 0, bytesRead).split("\n", 1)[0] ?? "";
    return /^#![ \t]*([^ \t]+)/.exec(line)?.[1];
  } finally {
    await file.close();
  }
}

/**
 * Takes the provider's own certificates out of a plugin's variables where its root has no such files: they are this
 * machine's, and programs that are told of them look nowhere else.
 */
export async function environmentInRoot(root: string, env: StringMap): Promise<StringMap> {
  const kept = Object.entries(env).map(async ([name, value]) => {
    const isHosts = (name === "SSL_CERT_FILE" || name === "SSL_CERT_DIR") && value === process.env[name];
    if (!isHosts) return [[name, value]];
    const there = await Promise.all(value.split(delimiter).map((path) => resolveInRoot(root, path)));
    return there.every(({ exists }) => exists) ? [[name, value]] : [];
  });
  return Object.fromEntries((await Promise.all(kept)).flat()) as StringMap;
}
