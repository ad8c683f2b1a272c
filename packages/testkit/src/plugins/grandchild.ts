import { spawn } from "node:child_process";
import { writeSync, closeSync } from "node:fs";
import type { Readable } from "node:stream";
import { ownProgramArgs } from "./own-program.js";
import { ownFacts } from "./process-facts.js";
import type { ProcessFacts, SpawnParams } from "./operations.js";

/** The first argument of this same program when it is to be one of the processes that `spawn` starts. */
export const grandchildFlag = "--fixture-grandchild";

/** On this descriptor the new process tells its ids once it is up. */
const reportFd = 3;
const defaultLifetimeMs = 300_000;

interface Role extends SpawnParams {
  /** Set for the one in the middle of a double fork: it starts the daemon and ends. */
  readonly middle?: boolean;
  /** Set for a daemon: it is one when this is its parent no more. */
  readonly formerParent?: number;
}

export async function spawnGrandchild(params: SpawnParams): Promise<ProcessFacts> {
  const { kind = "plain", output = "inherit", emptyEnvironment = false } = params;
  const role: Role = kind === "daemon" ? { ...params, middle: true } : params;
  const child = spawn(process.execPath, programArgs(role), {
    detached: kind !== "plain",
    stdio: ["ignore", output, output, "pipe"],
    env: emptyEnvironment ? { PATH: process.env.PATH } : process.env,
  });
  const report = child.stdio[reportFd] as Readable;
  const chunks: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      report.on("error", reject);
      report.on("data", (chunk: Buffer) => chunks.push(chunk));
      report.on("end", resolve);
    });
  } finally {
    report.destroy();
  }
  child.unref();
  const text = Buffer.concat(chunks).toString();
  if (text === "") throw new Error(`the ${kind} process ended before it was up`);
  return JSON.parse(text) as ProcessFacts;
}

/** The whole life of such a process. */
export function runGrandchild(roleText: string): void {
  const role = JSON.parse(roleText) as Role;
  if (role.middle === true) {
    const daemonRole: Role = { ...role, middle: false, formerParent: process.pid };
    const daemon = spawn(process.execPath, programArgs(daemonRole), {
      stdio: ["ignore", "inherit", "inherit", reportFd],
    });
    daemon.on("spawn", () => process.exit(0));
    return;
  }
  if (role.ignoreSigterm === true) process.on("SIGTERM", () => undefined);
  const orphaned = setInterval(() => {
    if (process.ppid === role.formerParent) return;
    clearInterval(orphaned);
    writeSync(reportFd, JSON.stringify(ownFacts()));
    closeSync(reportFd);
    setTimeout(() => process.exit(0), role.lifetimeMs ?? defaultLifetimeMs);
  }, 5);
}

function programArgs(role: Role): string[] {
  return ownProgramArgs(grandchildFlag, JSON.stringify(role));
}
