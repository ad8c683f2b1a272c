import { spawn } from "node:child_process";

/** A command that builds the provider. */
export interface BuildCommand {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
}

/** How a build ended. */
export type BuildEnd = { readonly ok: true } | { readonly ok: false; readonly code: number | string };

/**
 * Runs a build, in a process group of its own so that all of it can be ended, and tells its output line by line.
 * Aborting the signal ends it.
 */
export function runBuild(
  { command, cwd }: BuildCommand,
  onLine: (line: string, stream: "stdout" | "stderr") => void,
  signal: AbortSignal,
): Promise<BuildEnd> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      } catch {
        // All of it has ended already.
      }
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    for (const stream of ["stdout", "stderr"] as const) {
      const lines = new Lines((line) => onLine(line, stream));
      child[stream].on("data", (chunk: Buffer) => lines.push(chunk));
      child[stream].on("end", () => lines.end());
    }
    const over = (result: BuildEnd): void => {
      signal.removeEventListener("abort", end);
      resolve(result);
    };
    child.once("error", (error) => over({ ok: false, code: error.message }));
    child.once("close", (code, endedBy) =>
      over(code === 0 ? { ok: true } : { ok: false, code: endedBy ?? code ?? 1 }),
    );
  });
}

/** Cuts a stream of bytes into lines; what stands after the last newline comes at the end. */
export class Lines {
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(private readonly onLine: (line: string) => void) {}

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(line.replace(/\r$/, ""));
  }

  end(): void {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    if (rest !== "") this.onLine(rest);
  }
}
