import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { StringMap } from "../provider/types.js";
import type { Ended, PullOutput } from "../sessions/guest.js";
import { envOverStdin } from "./env-over-stdin.js";
import type { GuestExec } from "./exec.js";
import { endText, runHelper, type HelperOutcome } from "./helper-run.js";
import { programOutput } from "./program-output.js";
import { watchProgram } from "./program-watch.js";
import { launchScript, stopScript, superviseScript } from "./shell-scripts.js";

/** What {@link shellLauncher} works with. */
export interface ShellLauncherOptions {
  /** Runs programs in the guest. */
  readonly exec: GuestExec;
  /**
   * An absolute path in the guest for what belongs to the program: its process id, output and status. One for each
   * program, made by the launcher with mode 0700. Holds nothing of the environment.
   */
  readonly directory: string;
  /** A POSIX shell in the guest; bash only under the name of `sh`. Default `/bin/sh`. */
  readonly shell?: string;
  /**
   * How long one exec may wait in the guest for output or the end, instead of one exec after the other. Default
   * 10,000; 0 for an exec that brings its output only when the helper has ended.
   */
  readonly followMs?: number;
  /** How long a helper may take beyond what it waits. Default 30,000. */
  readonly timeoutMs?: number;
}

/** What is to be started. */
export interface ShellProgram {
  /** As the host gave it (PLUG-1). */
  readonly command: string;
  /** In this order, empty ones too (PLUG-1). */
  readonly args: readonly string[];
  /** Complete and final (PLUG-2). It travels over stdin and is never written down. */
  readonly env: StringMap;
  /** Absolute. Default: the directory that the exec starts in. */
  readonly cwd?: string;
}

/** Starts a program that outlives the exec that started it, in a guest that has a shell and nothing else. */
export interface ShellLauncher {
  /**
   * Starts the program, or finds it running where an earlier call's answer was lost. A cancelled launch leaves
   * nothing running, as far as the guest still answers.
   */
  launch(program: ShellProgram, signal?: AbortSignal): Promise<LaunchedProgram>;
  /** The program that was launched here before, also by another process; undefined where none was. */
  find(signal?: AbortSignal): Promise<LaunchedProgram | undefined>;
}

/** A program in a guest. With a `reach` it is a `RunningPlugin`. */
export interface LaunchedProgram {
  /** In the guest. It leads a session and a process group of its own. */
  readonly pid: number;
  /**
   * Settles when the program has ended and its output is there; watched from the first use on. A shell tells exit
   * codes above 128 from signals only by their number. A rejection says nothing about the program: ask again with
   * `find`.
   */
  readonly ended: Promise<Ended>;
  /**
   * Its output, for `PluginIo.pull`: the last 64 MiB of each stream at most; what was overwritten before it was
   * fetched is said in the stream. How the two streams interleaved is not known.
   */
  readonly read: PullOutput;
  /**
   * Ends the program and what it has started: SIGTERM for its process group, then after `graceMs` (default 2,000; 0:
   * at once) SIGKILL for all of its session. Fine for one that has ended.
   *
   * @throws {@link RuntimeProviderError} UNAVAILABLE where something is left
   */
  stop(options?: { readonly graceMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Removes its directory, when it has ended. */
  remove(signal?: AbortSignal): Promise<void>;
  /** Stops watching, and leaves the program alone. */
  detach(): void;
}

/** How long a launch that failed looks after what it may have started. */
const cleanUpMs = 10_000;

/**
 * A launcher for guests that offer `exec` and hold a POSIX shell with the usual small tools (busybox has them all).
 * Arguments and environment arrive exactly as given (PLUG-1, PLUG-2), the environment in no command line.
 */
export function shellLauncher(options: ShellLauncherOptions): ShellLauncher {
  const { exec, directory, shell = "/bin/sh", followMs = 10_000, timeoutMs = 30_000 } = options;
  if (!directory.startsWith("/") || directory.endsWith("/"))
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `the launcher's directory ${JSON.stringify(directory)} must be absolute, without a slash at its end`,
    );
  const where = { directory, shell, followMs, timeoutMs };

  const script = (what: string, text: string, words: readonly string[], signal?: AbortSignal, extraMs = 0) =>
    runHelper(exec, {
      what,
      argv: [shell, "-c", text, "sh", directory, ...words],
      timeoutMs: timeoutMs + extraMs,
      signal,
    });

  async function stop(graceMs: number, signal?: AbortSignal, claim = ""): Promise<void> {
    const words = [String(Math.ceil(graceMs / 100)), claim];
    const outcome = await script("stop the program", stopScript, words, signal, graceMs);
    const answer = outcome.stdout.trim();
    if (answer === "gone") return;
    throw failure(
      "stop the program",
      outcome,
      answer.startsWith("left") ? `processes are ${answer}` : answer,
    );
  }

  function launched(pid: number): LaunchedProgram {
    const watching = new AbortController();
    let ended: Promise<Ended> | undefined;
    return {
      pid,
      get ended() {
        if (ended === undefined) {
          ended = watchProgram(exec, { ...where, signal: watching.signal });
          // Whoever wants to know asks; a watch that broke off must not end the provider.
          ended.catch(() => undefined);
        }
        return ended;
      },
      read: programOutput(exec, where),
      stop: ({ graceMs = 2_000, signal } = {}) => stop(graceMs, signal),
      remove: async (signal) => {
        await script("remove the program's directory", 'rm -rf "$1"', [], signal);
      },
      detach: () => watching.abort(new Error("the program is no longer watched")),
    };
  }

  return {
    async launch({ command, args, env, cwd }, signal) {
      const start = envOverStdin(env, [command, ...args], { shell, ...(cwd !== undefined && { cwd }) });
      try {
        const outcome = await runHelper(exec, {
          what: "launch the program",
          argv: [shell, "-c", launchScript, "sh", directory, superviseScript, ...start.argv],
          stdin: start.stdin,
          timeoutMs,
          signal,
        });
        const pid = pidOf(outcome.stdout);
        if (pid === undefined) throw failure("launch the program", outcome);
        return launched(pid);
      } catch (error) {
        // It may run all the same: the answer was lost, or nobody wants it any more (PLUG-7).
        await stop(0, AbortSignal.timeout(cleanUpMs), "claim").catch(() => undefined);
        throw error;
      }
    },
    async find(signal) {
      const { stdout } = await script("find the program", 'cat "$1/pid" 2>/dev/null; :', [], signal);
      const pid = pidOf(stdout);
      return pid === undefined ? undefined : launched(pid);
    },
  };
}

/** From the pid file. */
function pidOf(text: string): number | undefined {
  const pid = /^(\d+) \d+ \d+ \d+$/m.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function failure(what: string, { ended, stderr }: HelperOutcome, answer = ""): RuntimeProviderError {
  const said = [answer, stderr.trim()].filter((text) => text !== "").join(": ");
  return new RuntimeProviderError(
    "UNAVAILABLE",
    `${what} in the guest: ${said === "" ? endText(ended) : said}`,
  );
}
