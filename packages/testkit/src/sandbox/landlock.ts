import { spawn, spawnSync } from "node:child_process";
import { getSystemErrorName } from "node:util";
import { launcherProgram } from "./landlock-program.js";
import { signalGroup, type Launcher, type ProgramLaunch } from "./launch.js";
import { unexecutableHint } from "./program-hint.js";
import type { PathRule, SandboxRules } from "./rules.js";
import { findTool } from "@gestalt-runtime/sdk/processes";

/** Landlock's version that knows every right which the host's rules name (Linux 6.10). */
export const neededLandlockAbi = 5;

// linux/landlock.h
const fs = {
  execute: 1n << 0n,
  writeFile: 1n << 1n,
  readFile: 1n << 2n,
  readDir: 1n << 3n,
  removeDir: 1n << 4n,
  removeFile: 1n << 5n,
  makeChar: 1n << 6n,
  makeDir: 1n << 7n,
  makeReg: 1n << 8n,
  makeSock: 1n << 9n,
  makeFifo: 1n << 10n,
  makeBlock: 1n << 11n,
  makeSym: 1n << 12n,
  truncate: 1n << 14n,
} as const;
/** All rights of ABI 5: the above, moving between folders (1 << 13) and device control (1 << 15). */
const handledFs = (1n << 16n) - 1n;
const net = { bindTcp: 1n << 0n, connectTcp: 1n << 1n } as const;

const readRights = fs.execute | fs.readFile | fs.readDir;
const writeRights = Object.values(fs).reduce((all, right) => all | right, 0n);
const rightsOfFiles = fs.execute | fs.readFile | fs.writeFile | fs.truncate;

/** The number of prctl, which differs between machines, unlike those of Landlock. */
const prctlNumbers: Partial<Record<string, number>> = { x64: 157, arm64: 167 };

/** Whether rules can be enforced with Landlock here, and if not, why. */
export type LandlockSupport =
  | { readonly available: true; readonly abi: number; readonly perl: string; readonly prctl: number }
  | { readonly available: false; readonly reason: string };

/** Asks the kernel; about 5 ms. */
export function landlockSupport(): LandlockSupport {
  if (process.platform !== "linux") return missing(`Landlock is Linux's, and this is ${process.platform}`);
  const prctl = prctlNumbers[process.arch];
  if (prctl === undefined) return missing(`the launcher knows no ${process.arch} machine`);
  const perl = findTool("perl");
  if (perl === undefined) return missing("perl, which applies the rules, is not installed");
  const asked = spawnSync(perl, ["-e", "print syscall(444, 0, 0, 1), ' ', $! + 0"], {
    encoding: "utf8",
    env: {},
  });
  const [abi = NaN, errno = 0] = asked.stdout.split(" ").map(Number);
  if (abi >= neededLandlockAbi) return { available: true, abi, perl, prctl };
  if (abi > 0)
    return missing(
      `the kernel has Landlock ABI ${abi}; the host's rules need ${neededLandlockAbi} (Linux 6.10)`,
    );
  if (errno > 0) return missing(`the kernel has no Landlock (${getSystemErrorName(-errno)})`);
  return missing(`${perl} could not ask the kernel: ${asked.error?.message ?? asked.stderr.trim()}`);
}

function missing(reason: string): LandlockSupport {
  return { available: false, reason };
}

/**
 * Starts programs under Landlock rules: a few lines of Perl restrict themselves and become the program, so it is
 * this process's own child, with the host as its parent (PROC-7) and a process group of its own.
 *
 * Rules, environment and command go through a pipe: no secret stands in a command line, and no variable of the
 * provider's changes what the Perl does.
 */
export function landlockLauncher(
  rules: SandboxRules,
  support: Extract<LandlockSupport, { available: true }>,
): Launcher {
  return (launch) => {
    const child = spawn(support.perl, ["-e", launcherProgram], {
      cwd: launch.cwd,
      env: {},
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const plan = child.stdio[3];
    // A launcher that ended early says why on stderr; what it did not read is of no use to anybody.
    plan?.on("error", () => undefined);
    if (plan != null && "end" in plan) plan.end(encodePlan(rules, launch, support.prctl));
    return { child, signal: (signal) => signalGroup(child.pid, signal) };
  };
}

/** The launcher's input: strings that each end with a zero byte, lists with their length before them. */
function encodePlan(rules: SandboxRules, launch: ProgramLaunch, prctl: number): Buffer {
  const handledNet = net.connectTcp | (rules.tcpListen === "refused" ? net.bindTcp : 0n);
  const fields = [
    prctl,
    handledFs,
    handledNet,
    ...list(rules.paths.map((rule) => [rightsOf(rule), rule.path])),
    ...list([[net.connectTcp, rules.connectTcpPort]]),
    ...list(Object.entries(launch.environment)),
    unexecutableHint(launch.command, rules),
    ...list([launch.command, ...launch.args].map((word) => [word])),
  ].map(String);
  const broken = fields.find((field) => field.includes("\0"));
  if (broken !== undefined)
    throw new TypeError(`${JSON.stringify(broken)} holds a zero byte, which no argument or variable can`);
  return Buffer.from(fields.map((field) => `${field}\0`).join(""));
}

function list<T>(items: readonly (readonly T[])[]): readonly (T | number)[] {
  return [items.length, ...items.flat()];
}

function rightsOf({ access, type }: PathRule): bigint {
  const rights = access === "read" ? readRights : writeRights;
  return type === "folder" ? rights : rights & rightsOfFiles;
}
