import { execFile, type ExecFileException } from "node:child_process";
import { impossible } from "./refuse.js";

export interface ToolOptions {
  readonly cwd?: string;
  /** Default 5 minutes: what is worked on is large. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program that packaging needs, without the caller's settings of Node.js, which would change what it makes.
 *
 * @returns what it printed
 * @throws RuntimeProviderError FAILED_PRECONDITION with its output
 */
export function runTool(
  program: string,
  args: readonly string[],
  { cwd, timeoutMs = 300_000 }: ToolOptions = {},
): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NODE_")));
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { cwd, env, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        process.off("exit", end);
        if (error === null) resolve(stdout);
        else
          reject(
            impossible(`${[program, ...args].join(" ")} ${endOf(error)}${indented(stdout + stderr)}`, error),
          );
      },
    );
    const end = (): void => void child.kill("SIGKILL");
    process.on("exit", end);
  });
}

function endOf({ code, signal, killed, message }: ExecFileException): string {
  if (killed === true) return "did not end in time";
  if (typeof signal === "string") return `was ended by ${signal}`;
  return typeof code === "number" ? `ended with ${code}` : `could not be started: ${message}`;
}

/** A program's output below a sentence. */
export function indented(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" ? "" : `:\n${trimmed.replace(/^/gm, "  ")}`;
}
