import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { checkProgramFile } from "./program-file.js";
import { messageOf, SpawnError, systemCode } from "./spawn-error.js";

/** A program to run, exactly as given (PLUG-1): no shell, no splitting, no trimming, empty strings kept. */
export interface ProgramSpec {
  /** An absolute path, or one relative to `cwd`. PATH is not searched. */
  readonly command: string;
  /** Its arguments without the program's own name. Default none. */
  readonly args?: readonly string[];
  /** The whole environment: nothing of this process's own is added (PLUG-2). */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory. Default: this process's. */
  readonly cwd?: string;
  /** How many pipes it gets besides the standard streams, as descriptors 3 and up: `TreeProcess.pipes`. Default 0. */
  readonly pipes?: number;
}

/** A program that has passed every check that can be made before it runs. */
export interface CheckedProgram {
  /** Absolute. */
  readonly command: string;
  /** As they were given. */
  readonly args: readonly string[];
  /** As it was given; without a prototype. */
  readonly env: Readonly<Record<string, string>>;
  /** A directory that is there. */
  readonly cwd: string;
  /** As in `ProgramSpec`. */
  readonly pipes: number;
}

/**
 * Resolves and checks a program before anything is started, so that what can't run is refused by name (PLUG-6).
 * `ProcessTree.spawn` does it by itself; it is for programs that are started by another one.
 *
 * @throws SpawnError
 */
export async function checkProgram(spec: ProgramSpec): Promise<CheckedProgram> {
  const { command, args = [], cwd = process.cwd(), pipes = 0 } = spec;
  // Without a prototype, a variable named __proto__ is a variable like any other.
  const env = Object.assign(Object.create(null) as Record<string, string>, spec.env);
  const refuse = (message: string): never => {
    throw new SpawnError("invalid", command, message);
  };
  if (command === "") refuse("command is empty: name the program to run");
  checkText(command, "command", refuse);
  checkText(cwd, "cwd", refuse);
  args.forEach((arg, index) => checkText(arg, `args[${index}]`, refuse));
  for (const [name, value] of Object.entries(env)) {
    if (name === "") refuse("env has an empty name: remove that entry");
    if (name.includes("="))
      refuse(`env has the name ${JSON.stringify(name)}: a variable's name can't hold "="`);
    checkText(name, `env's name ${JSON.stringify(name)}`, refuse);
    checkText(value, `env.${name}`, refuse);
  }
  await checkWorkingDirectory(cwd);
  const resolved = resolve(cwd, command);
  await checkProgramFile(resolved, cwd);
  return { command: resolved, args, env, cwd, pipes };
}

/** Turns what spawning itself failed with into a `SpawnError` that says which part was at fault. */
export async function spawnErrorFrom(thrown: unknown, program: CheckedProgram): Promise<SpawnError> {
  if (thrown instanceof SpawnError) return thrown;
  const { command } = program;
  const cause = { cause: thrown };
  const code = systemCode(thrown);
  if (code === "E2BIG") return new SpawnError("too-big", command, tooBig(program), cause);
  try {
    // A file or folder that went away since the first look is named as what it is now.
    await checkWorkingDirectory(program.cwd);
    await checkProgramFile(command, program.cwd);
  } catch (error) {
    if (error instanceof SpawnError) return error;
  }
  return new SpawnError("failed", command, `${command} could not be started: ${messageOf(thrown)}`, cause);
}

function checkText(text: string, where: string, refuse: (message: string) => never): void {
  if (typeof text !== "string") refuse(`${where} is not a string`);
  if (text.includes("\0"))
    refuse(`${where} holds a NUL byte, which ends a string for every program: remove it`);
  if (/\p{Surrogate}/u.test(text)) refuse(`${where} holds half a surrogate pair, which has no UTF-8 form`);
}

async function checkWorkingDirectory(cwd: string): Promise<void> {
  const found = await stat(cwd).catch((error: unknown) => {
    throw new SpawnError(
      "cwd-missing",
      cwd,
      `the working directory ${cwd} can't be used: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  });
  if (!found.isDirectory())
    throw new SpawnError("cwd-missing", cwd, `the working directory ${cwd} is not a directory`);
}

function tooBig(program: CheckedProgram): string {
  let largest = { name: "", bytes: 0 };
  let total = 0;
  const weigh = (name: string, bytes: number): void => {
    total += bytes + 1;
    if (bytes > largest.bytes) largest = { name, bytes };
  };
  program.args.forEach((arg, index) => weigh(`args[${index}]`, Buffer.byteLength(arg)));
  for (const [name, value] of Object.entries(program.env))
    weigh(`env.${name}`, Buffer.byteLength(name) + 1 + Buffer.byteLength(value));
  return (
    `${program.command} could not be started: its arguments and environment are too big for the kernel ` +
    `(${total} bytes in all, the largest is ${largest.name} with ${largest.bytes}). ` +
    "Linux takes 131,071 bytes in one string and about 2 MiB in all: pass large values in a file"
  );
}
