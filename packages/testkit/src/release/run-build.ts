import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ReleaseBuild } from "../lint/manifest/types.js";
import { impossible, messageOf } from "./refuse.js";

/** Runs the manifest's `release.build` as the host's command line does, its output on stderr. */
export async function runBuild(folder: string, { command, workdir = "." }: ReleaseBuild): Promise<void> {
  const [program = "", ...args] = command;
  const shown = `release.build (${command.join(" ")})`;
  const child = spawn(program, args, { cwd: join(folder, workdir), stdio: ["ignore", 2, 2] });
  let end;
  try {
    end = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw impossible(`${shown} could not be started: ${messageOf(error)}`, error);
  }
  const [code, signal] = end;
  if (code !== 0) throw impossible(`${shown} ended with ${signal ?? code ?? "nothing"}; its output is above`);
}
