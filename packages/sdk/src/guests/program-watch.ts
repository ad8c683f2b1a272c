import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Ended } from "../sessions/guest.js";
import type { GuestExec } from "./exec.js";
import { endText, runHelper } from "./helper-run.js";
import { watchScript } from "./shell-scripts.js";

export interface ProgramWatchOptions {
  readonly directory: string;
  readonly shell: string;
  /** How long one run waits for the end. */
  readonly followMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Failures in a row that are taken for a passing trouble of the exec. */
const patience = 5;

/**
 * Resolves when a launched program has ended. Rejects when the guest can't be asked any more, which says nothing
 * about the program.
 */
export async function watchProgram(exec: GuestExec, options: ProgramWatchOptions): Promise<Ended> {
  const { directory, shell, followMs, timeoutMs, signal } = options;
  const argv = [shell, "-c", watchScript, "sh", directory, String(Math.round(followMs / 100))];
  const what = "watch the program";
  for (let failures = 0; ;) {
    try {
      const { ended, stdout, stderr } = await runHelper(exec, {
        what,
        argv,
        timeoutMs: timeoutMs + followMs,
        signal,
      });
      const answer = stdout.trim();
      if (answer === "running") {
        failures = 0;
        continue;
      }
      if (answer === "vanished")
        return { how: "vanished", detail: "its supervisor is gone from the guest and has not noted an end" };
      const code = /^status (\d+)$/.exec(answer)?.[1];
      if (code !== undefined) return endedWith(Number(code));
      throw new RuntimeProviderError(
        "UNAVAILABLE",
        `${what}: ${endText(ended)}, ${JSON.stringify(answer)} ${stderr.trim()}`,
      );
    } catch (error) {
      failures += 1;
      if (signal.aborted || failures >= patience) throw error;
      await delay(100 * 2 ** failures, undefined, { signal });
    }
  }
}

/** A shell gives 128 and the number for a signal; a program that exits with such a code looks the same. */
function endedWith(code: number): Ended {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return signal === undefined ? { how: "exit", code } : { how: "signal", signal: signal[0] };
}
