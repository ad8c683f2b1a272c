import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError, probeHttp2 } from "@gestalt-runtime/sdk";
import {
  openProcessTree,
  type ContainmentKind,
  type Ended,
  type ProcessTree,
  type TreeProcess,
} from "@gestalt-runtime/sdk/processes";
import { readLines } from "./lines.js";

export interface PluginStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Record<string, string>;
  readonly socketPath: string;
  /** Aborted when the call is cancelled. */
  readonly signal: AbortSignal;
  /** Called before it serves, so that a stop meanwhile finds it. */
  readonly onStarted: (plugin: PluginProcess) => void;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
  readonly onEnd: (end: Ended) => void;
  /** What holds its processes together. Default: the better kind that works here. */
  readonly containment?: ContainmentKind;
  /** Opens what holds its processes together, in place of `containment`. */
  readonly openTree?: () => ProcessTree;
  /** Whether it can be dialled. Default: an HTTP/2 server answers on the socket. */
  readonly serves?: () => Promise<boolean>;
  /** Gives each line of an output. Default: {@link readLines}. */
  readonly readLines?: typeof readLines;
  /** Whether its output is read before it serves. Default true. */
  readonly readsAtOnce?: boolean;
}

/** One plugin and all that it starts, as a process tree of this machine. */
export class PluginProcess {
  constructor(
    readonly tree: ProcessTree,
    readonly child: TreeProcess,
  ) {}

  static async start(start: PluginStart): Promise<PluginProcess> {
    const { containment: kind, openTree } = start;
    const tree = openTree?.() ?? (await openProcessTree(kind === undefined ? {} : { kind }));
    try {
      return await PluginProcess.#startIn(tree, start);
    } catch (error) {
      await tree.stop({ graceMs: 0 });
      throw error;
    }
  }

  static async #startIn(tree: ProcessTree, start: PluginStart): Promise<PluginProcess> {
    const { command, args, cwd, environment: env, signal } = start;
    const child = await tree.spawn({ command, args: [...args], env, cwd }).catch((cause: unknown) => {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new RuntimeProviderError("FAILED_PRECONDITION", `the plugin can't be started: ${text}`, {
        cause,
      });
    });
    const plugin = new PluginProcess(tree, child);
    start.onStarted(plugin);
    const lastLines: string[] = [];
    const read = (): void => {
      for (const stream of ["stdout", "stderr"] as const)
        (start.readLines ?? readLines)(child[stream], (line) => {
          if (stream === "stderr") lastLines.splice(0, Math.max(0, lastLines.push(line) - 10));
          start.onLine(stream, line);
        });
    };
    const { readsAtOnce = true, serves = () => answersHttp2(start.socketPath) } = start;
    if (readsAtOnce) read();
    let ended: string | undefined;
    void child.ended.then((end) => {
      ended = end.how === "exit" ? `exit code ${end.code}` : `signal ${end.signal}`;
      start.onEnd(end);
    });
    const deadline = performance.now() + 30_000;
    for (;;) {
      if (signal.aborted) throw new RuntimeProviderError("CANCELLED", "StartPlugin was cancelled");
      if (ended !== undefined) {
        if (!readsAtOnce) read();
        // Its last lines may still be on their way.
        await child.drained;
        throw new RuntimeProviderError(
          "FAILED_PRECONDITION",
          `the plugin ended before it served, with ${ended}: ${lastLines.join(" | ")}`,
        );
      }
      if (await serves()) {
        if (!readsAtOnce) read();
        return plugin;
      }
      if (performance.now() > deadline)
        throw new RuntimeProviderError("DEADLINE_EXCEEDED", "the plugin did not listen within 30 s");
      await delay(10);
    }
  }

  /** Ends all of it: SIGTERM, a short grace, SIGKILL. What it wrote has been read then. */
  async stop(): Promise<void> {
    await this.tree.stop({ graceMs: 300 });
    await this.child.drained;
  }
}

async function answersHttp2(path: string): Promise<boolean> {
  return (await probeHttp2({ type: "unix", path }, 500)) === "http2";
}
