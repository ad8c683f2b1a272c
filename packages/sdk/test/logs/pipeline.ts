import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { LogForwarderOptions } from "../../src/logs/options.js";
import { PluginRuntimeProvider, ProviderLifecycle, protocolVersion } from "../../src/protocol/index.js";
import type { HostAnswer, HostMessage } from "../fixtures/checking-log-host.js";
import { fixture, open, temporaryFolder, until } from "../serve/provider-process.js";
import type { LineVerdict } from "./line-checker.js";

export interface Progress {
  readonly written: number;
  readonly delivered: number;
  readonly dropped: number;
}

export interface PipelineResult {
  readonly verdict: LineVerdict;
  readonly progress: Progress;
  /** From the log host's first call to its last. */
  readonly linesPerSecond: number;
  /** The provider's peak of resident memory, and its time on all CPUs. */
  readonly peakMB: number;
  readonly cpuSeconds: number;
  /** What GetSession took while the lines went through, in milliseconds, the shortest first. */
  readonly getSessionMs: readonly number[];
}

export interface Pipeline {
  /** Resolves when so many lines have arrived at the log host. */
  arrived(lines: number): Promise<void>;
  /** Stops the log host's process as a whole, or lets it go on. */
  signalHost(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Asks the provider, by GetSession, until `fact` holds. */
  watch(fact: (progress: Progress, hasEnded: boolean) => boolean): Promise<Progress>;
  /** Waits until the plugin has ended and all its lines are settled, and looks at what came of it. */
  finish(): Promise<PipelineResult>;
}

/**
 * A plugin that writes so many numbered lines to its stdout, the provider process that forwards them, and the
 * process of a log host that checks them: three programs, as in production, and all gone after the test.
 */
export async function startPipeline(lines: number, options: LogForwarderOptions = {}): Promise<Pipeline> {
  const folder = temporaryFolder();
  const logSocket = join(folder, "log.sock");
  const host = spawnProgram("checking-log-host", [logSocket], {}, true);
  await answerOf(host, "ready");

  const socket = join(folder, "p.sock");
  const provider = spawnProgram("flood-provider", [], {
    GESTALT_PLUGIN_SOCKET: socket,
    GESTALT_PLUGIN_PARENT_PID: String(process.pid),
    GESTALT_RUNTIME_LOG_SOCKET: logSocket,
    LOG_OPTIONS: JSON.stringify(options),
  });
  await until(() => existsSync(socket), "the provider's socket");
  const channel = open(socket);
  const runtime = channel.client(PluginRuntimeProvider);
  await channel.client(ProviderLifecycle).configureProvider({ name: "flood", protocolVersion });
  await runtime.startSession({ pluginName: "flood" });
  await runtime.startPlugin({ sessionId: "s", pluginName: "flood", command: "flood", args: [String(lines)] });

  const getSessionMs: number[] = [];
  const watch: Pipeline["watch"] = async (fact) => {
    for (;;) {
      const from = performance.now();
      const { state, metadata } = await runtime.getSession({ sessionId: "s" });
      getSessionMs.push(performance.now() - from);
      const progress = JSON.parse(metadata.progress ?? "") as Progress;
      if (fact(progress, state === "stopped")) return progress;
      await delay(10);
    }
  };

  return {
    watch,
    arrived: async (count) => {
      const reached = answerOf(host, "reached");
      tell(host, { type: "tell-at", lines: count });
      await reached;
    },
    signalHost: (signal) => void host.kill(signal),
    async finish() {
      const progress = await watch(
        ({ written, delivered, dropped }, hasEnded) => hasEnded && written === delivered + dropped,
      );
      const answer = answerOf(host, "verdict");
      tell(host, { type: "verdict", written: lines });
      const { verdict, elapsedMs } = (await answer) as HostAnswer & { type: "verdict" };
      const usage = { peakMB: peakMB(provider), cpuSeconds: cpuSeconds(provider) };
      await runtime.stopSession({ sessionId: "s" });
      provider.kill("SIGTERM");
      await once(provider, "exit");
      return {
        ...usage,
        verdict,
        progress,
        linesPerSecond: (verdict.received / elapsedMs) * 1000,
        getSessionMs: getSessionMs.sort((a, b) => a - b),
      };
    },
  };
}

function spawnProgram(
  name: string,
  args: string[],
  env: Record<string, string>,
  talks = false,
): ChildProcess {
  const stdio = ["ignore", "inherit", "inherit", ...(talks ? ["ipc" as const] : [])] as const;
  const child = spawn(process.execPath, [fixture(name), ...args], { env, stdio: [...stdio] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Ends a stopped process too.
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return child;
}

async function answerOf(host: ChildProcess, type: HostAnswer["type"]): Promise<HostAnswer> {
  const [answer] = (await once(host, "message")) as [HostAnswer];
  if (answer.type !== type) throw new Error(`the log host said ${answer.type} instead of ${type}`);
  return answer;
}

function tell(host: ChildProcess, message: HostMessage): void {
  host.send(message);
}

function peakMB({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1.024e-3;
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
