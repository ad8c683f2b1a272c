import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ReleaseBuild } from "../lint/manifest/types.js";
import { impossible, invalid, messageOf } from "./refuse.js";

/** Set while a build runs, so that a build which packages does not run itself again and again. */
const buildingVariable = "GESTALT_RUNTIME_BUILDING";

/** Runs the manifest's `release.build` as the host's command line does, its output on stderr. */
export async function runBuild(folder: string, { command, workdir = "." }: ReleaseBuild): Promise<void> {
  const [program = "", ...args] = command;
  const shown = `release.build (${command.join(" ")})`;
  if (process.env[buildingVariable] !== undefined)
    throw invalid(
      `${shown} packages, and packaging runs it; write the command that builds the program, or take it out`,
    );
  const child = spawn(program, args, {
    cwd: join(folder, workdir),
    env: { ...process.env, [buildingVariable]: "1" },
    stdio: ["ignore", 2, 2],
  });
  const stop = (): void => void child.kill("SIGTERM");
  process.on("exit", stop);
  let end;
  try {
    end = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw impossible(`${shown} could not be started: ${messageOf(error)}`, error);
  } finally {
    process.off("exit", stop);
  }
  const [code, signal] = end;
  if (code !== 0) throw impossible(`${shown} ended with ${signal ?? code ?? "nothing"}; its output is above`);
}
